"""One environment, whole: everything that a pull request gets, and the order in which it comes.

Three independent chains are made and taken away side by side: nodes, cluster and edge; freeing
nodes never waits for CloudFront. Run by hand, the program ends with the gate (infra.readiness).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from infra.cloudfront.attachment import UnderstudyProvider
from infra.cloudfront.edge import Edge, EdgeArgs, Primary, read_primary
from infra.cloudfront.mirror import MirrorError
from infra.contract import ConfigError, PreviewInputs, outputs
from infra.karpenter import node_pool
from infra.kubernetes.entrance import Entrance, EntranceArgs
from infra.kubernetes.network import Network, NetworkArgs
from infra.kubernetes.space import Space, SpaceArgs
from infra.kubernetes.workloads import Workloads, WorkloadsArgs
from infra.naming import edge_header
from infra.telemetry import instrumentation


class PreviewEnvironment(pulumi.ComponentResource):
    """The environment of one pull request, or of one branch."""

    def __init__(self, inputs: PreviewInputs) -> None:
        # Read before the first resource is registered: if it fails, nothing is to be made.
        primary = read_primary(inputs.platform, inputs.host) if inputs.with_edge else None
        # The state says from here on whose it is, also where no update ever ends.
        origin = outputs.origin(inputs.key, inputs.driver)
        super().__init__(outputs.COMPONENT, inputs.name, origin)
        self.outputs: dict[str, pulumi.Input[str]] = {**origin}
        if "cluster" in inputs.parts:
            self._cluster(inputs)
        if primary is not None:
            self._edge(inputs, primary)
        self.register_outputs(self.outputs)

    def _cluster(self, inputs: PreviewInputs) -> None:
        cluster = kubernetes.Provider(
            "cluster", kubeconfig=inputs.platform.kubeconfig, context=inputs.platform.context
        )
        child = pulumi.ResourceOptions(parent=self, providers=[cluster])
        space = Space(
            SpaceArgs(
                inputs.name,
                inputs.labels,
                inputs.owner,
                inputs.stage,
                inputs.platform.pod_security,
            ),
            child,
        )
        inside = pulumi.ResourceOptions(
            parent=self, providers=[cluster], depends_on=[space.namespace]
        )
        network = Network(
            NetworkArgs(inputs.name, inputs.labels, inputs.stage, inputs.platform), inside
        )
        # The operator looks only at pods that are made after the Instrumentation.
        before_pods: list[pulumi.Resource] = [*space.bounds, *network.policies]
        node_class = inputs.platform.node_class
        if node_class is not None:
            pool = node_pool.NodePoolArgs(
                inputs.name, inputs.labels, inputs.owner, inputs.stage, node_class
            )
            before_pods.append(node_pool.NodePool(pool, child).pool)
        telemetry = instrumentation.InstrumentationArgs(
            inputs.name,
            inputs.labels,
            inputs.key,
            inputs.commit,
            inputs.stage,
            inputs.platform,
        )
        annotations = instrumentation.pod_annotations(telemetry)
        if annotations:
            before_pods.append(instrumentation.Instrumentation(telemetry, inside).resource)
        workloads = Workloads(
            WorkloadsArgs(
                inputs.name,
                inputs.labels,
                inputs.commit,
                inputs.stage,
                {} if node_class is None else node_pool.node_selector(inputs.name),
                () if node_class is None else (node_pool.toleration(inputs.name),),
                annotations,
                inputs.platform.pod_security,
                inputs.scaled,
            ),
            pulumi.ResourceOptions(
                parent=self, providers=[cluster], depends_on=[space.namespace, *before_pods]
            ),
        )
        Entrance(
            EntranceArgs(
                inputs.name,
                inputs.labels,
                inputs.host,
                inputs.platform.ingress_class,
                inputs.stage,
            ),
            inside,
        )
        self.outputs |= {
            outputs.NAMESPACE: inputs.name,
            outputs.URL: inputs.url,
            outputs.HOST: inputs.host,
            outputs.CPU: f"{inputs.stage.cores:g}",
            outputs.MEMORY: f"{inputs.stage.gib:g}",
        }
        if inputs.gate and not pulumi.runtime.is_dry_run():
            _gate(inputs, workloads.deployments)

    def _edge(self, inputs: PreviewInputs, primary: Primary) -> None:
        platform = inputs.platform
        local = platform.aws_endpoint
        amazon = aws.Provider(
            "aws",
            region=platform.aws_region,
            endpoints=[{"cloudfront": local, "sts": local}] if local else None,
            skip_credentials_validation=local is not None,
            skip_requesting_account_id=local is not None,
            skip_metadata_api_check=local is not None,
        )
        own = UnderstudyProvider("understudy", region=platform.aws_region, endpoint=local)
        edge = Edge(
            EdgeArgs(
                inputs.name,
                inputs.tags,
                inputs.edge_value.get_secret_value(),
                platform.primary_distribution_id or "",
                primary,
            ),
            pulumi.ResourceOptions(parent=self, providers=[amazon, own]),
        )
        self.outputs |= {
            outputs.EDGE_HEADER: edge_header(inputs.name),
            outputs.EDGE_HOST: primary.host,
            outputs.STAGING_DISTRIBUTION_ID: edge.distribution.id,
        }


def _gate(
    inputs: PreviewInputs, workloads: Sequence[pulumi.CustomResource]
) -> pulumi.Output[list[str]]:
    """Keep the program from ending before the workloads serve; no resource is made for it."""
    # The bot, which runs this module in every child, has no use for the gate's client.
    from infra.readiness import gate  # noqa: PLC0415

    def hold() -> None:
        platform = inputs.platform
        try:
            gate.hold(
                platform.kubeconfig, platform.context, inputs.name, inputs.commit, pulumi.log.info
            )
        except gate.NotReadyError as error:
            raise pulumi.RunError(str(error)) from error

    async def wait(ids: list[str]) -> list[str]:
        await asyncio.to_thread(hold)
        return ids

    made: pulumi.Output[list[str]] = pulumi.Output.all(*[workload.id for workload in workloads])
    return made.apply(wait)


def program() -> None:
    """The Pulumi program of stacks/preview, and of the bot. Raises RunError."""
    config = pulumi.Config()
    try:
        environment = PreviewEnvironment(PreviewInputs.from_config(config.get))
    except (ConfigError, MirrorError) as error:
        # A RunError is shown without a trace: the sentence is all that a person needs.
        raise pulumi.RunError(str(error)) from error
    for name, value in environment.outputs.items():
        pulumi.export(name, value)
