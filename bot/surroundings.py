"""What environments are made in, and so has to be looked through for what is left of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot import aws_api, clearing, clock, inventory, kube_api, model, ports, proof
from bot.inventory import Known
from infra import contract
from infra.readiness.connection import Connection


class Surroundings:
    """The cluster and the AWS account of one platform."""

    def __init__(
        self, connection: Connection, platform: contract.Platform, time: clock.Clock
    ) -> None:
        self._connection = connection
        self._clock = time
        self._primary_id = platform.primary_distribution_id
        self._ec2 = aws_api.ec2(platform.aws_region, platform.aws_endpoint)
        self._cloudfront = aws_api.cloudfront(platform.aws_region, platform.aws_endpoint)

    def prover(self) -> ports.Prover:
        """Lists everything that has to be empty before a lane counts as gone."""
        found: dict[model.Lane, Sequence[proof.Source]] = {
            model.Lane.CLUSTER: [
                kube_api.ClusterListing(self._connection),
                aws_api.InstanceListing(self._ec2),
            ]
        }
        if self._primary_id is not None:
            found[model.Lane.EDGE] = [aws_api.EdgeListing(self._cloudfront, self._primary_id)]
        return proof.Prover(found, self._clock)

    def edge(self) -> ports.Edge:
        """Reads how CloudFront stands."""
        return aws_api.CloudEdge(self._cloudfront)

    def drain(self) -> ports.Drain:
        """Takes an edge out of use."""
        return clearing.EdgeDrain(self._cloudfront, self._primary_id or "")

    def clearers(self) -> Mapping[model.Lane, ports.Clearer]:
        """Help what is left of a lane to go."""
        return {
            model.Lane.CLUSTER: clearing.Clearing(
                [
                    clearing.ClusterClearer(self._connection, self._clock),
                    clearing.InstanceClearer(aws_api.InstanceListing(self._ec2)),
                ]
            ),
            model.Lane.EDGE: clearing.EdgeClearer(self._cloudfront, self._primary_id or ""),
        }

    def inventory(self, known: Callable[[], Known]) -> ports.Inventory:
        """Lists everything of any environment; `known` helps to tell whose."""
        sources: list[inventory.Source] = [
            inventory.ClusterTraces(self._connection),
            inventory.InstanceTraces(self._ec2),
        ]
        if self._primary_id is not None:
            sources.append(inventory.EdgeTraces(self._cloudfront))
        return inventory.CloudInventory(sources, known)
