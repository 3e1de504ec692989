"""What Karpenter needs of EC2 and moto leaves out.

- CreateFleet takes the cheapest override, or the one of best priority where the strategy says so;
  moto takes the first.
- Instances get the launch template's security groups, without which Karpenter sees drift and
  replaces every node, and spot instances name their request, by which it knows them as spot.
- Spot prices follow an instance's size.
- There are no placement groups and no capacity reservations, and EC2 says so.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2 import urls
from moto.ec2.models import fleets
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.spot_requests import SpotFleetLaunchSpec
from moto.ec2.responses import EC2Response

from tests.world.aws import memory, offers, prices

_LINUX = "Linux/UNIX (Amazon VPC)"
_REQUEST_ID = "spot_instance_request_id"


class PricedFleet(fleets.Fleet):
    """A fleet that buys where it is cheapest."""

    spot = False
    """Whether spot capacity is being bought right now."""

    def create_spot_requests(self, weight_to_add: float) -> list[Any]:
        """Buy spot instances, each with the id of its request."""
        self.spot = True
        requests = super().create_spot_requests(weight_to_add)
        for request in requests:
            # DescribeInstances answers with whatever the instance has of the model's names.
            setattr(request.instance, _REQUEST_ID, request.id)
        return requests

    def create_on_demand_requests(self, weight_to_add: float) -> None:
        """Buy on-demand instances."""
        self.spot = False
        super().create_on_demand_requests(weight_to_add)

    def get_launch_spec_counts(
        self, weight_to_add: float
    ) -> tuple[dict[SpotFleetLaunchSpec, int], float]:
        """Choose what to buy: one specification for all instances."""
        best = min(self.launch_specs, key=self._rank)
        best.group_set = best.group_set or self._groups(best)
        count = max(1, round(weight_to_add / best.weighted_capacity))
        return {best: count}, count * best.weighted_capacity

    def _rank(self, spec: SpotFleetLaunchSpec) -> float:
        options = self.spot_options if self.spot else self.on_demand_options
        overrides = spec.overrides or {}
        if "prioritized" in (options or {}).get("AllocationStrategy", ""):
            return float(overrides.get("Priority", "inf"))
        if spec.instance_type not in INSTANCE_TYPES:
            return float("inf")
        if self.spot:
            return prices.spot(spec.instance_type, overrides.get("AvailabilityZone", ""))
        return prices.on_demand(spec.instance_type)

    def _groups(self, spec: SpotFleetLaunchSpec) -> list[str]:
        named = spec.launch_template_spec or {}
        template = self.ec2_backend.get_launch_template(template_id=named["LaunchTemplateId"])
        version = named.get("Version", template.default_version_number)
        data = template.get_version(version).data
        interfaces = data.get("NetworkInterfaces") or [{}]
        return list(data.get("SecurityGroupIds") or interfaces[0].get("Groups") or [])


class _NotToKeepError(Exception):
    """The answer is an error."""


class ComputeResponse(EC2Response):
    """EC2's API with the few answers that are missing."""

    def call_action(self) -> Any:
        """Answer; what never changes is not written down twice."""
        if self._get_action() not in memory.ACTIONS or "InstanceType.1" in self.querystring:
            return super().call_action()
        answer: list[Any] = []

        def make() -> str:
            answer[:] = super(ComputeResponse, self).call_action()
            if answer[0] != 200:
                raise _NotToKeepError
            return str(answer[2])

        try:
            body = memory.kept(self.region, self.querystring, make)
        except _NotToKeepError:
            return tuple(answer)
        return 200, {**self.response_headers, "Content-Type": "text/xml"}, body

    def describe_spot_price_history(self) -> ActionResult:
        """A price for each type and zone that is offered."""
        offers = self.ec2_backend.describe_spot_price_history(
            self._get_param("InstanceTypes", []), self._filters_from_querystring()
        )
        history = [
            {
                "InstanceType": offer["InstanceType"],
                "ProductDescription": _LINUX,
                "SpotPrice": f"{prices.spot(offer['InstanceType'], offer['Location']):.6f}",
                "AvailabilityZone": offer["Location"],
                "Timestamp": "2026-01-01T00:00:00Z",
            }
            for offer in offers
            if offer["InstanceType"] in INSTANCE_TYPES
        ]
        return ActionResult({"SpotPriceHistory": history})

    def describe_placement_groups(self) -> ActionResult:
        """There are none."""
        return ActionResult({"PlacementGroups": []})

    def describe_capacity_reservations(self) -> ActionResult:
        """There are none."""
        return ActionResult({"CapacityReservations": []})


def install(*, every_type: bool) -> None:
    """Put these where moto looks for its own; `every_type`: also those that few people use."""
    if not every_type:
        offers.limit()
    fleets.Fleet = PricedFleet  # type: ignore[misc]
    for path in urls.url_paths:
        urls.url_paths[path] = ComputeResponse.dispatch
