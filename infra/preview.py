"""One environment, whole: everything that a pull request gets, and the order in which it comes.

Three independent chains are made and taken away side by side: nodes, cluster and edge; freeing
nodes never waits for CloudFront.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from infra.cloudfront.attachment import UnderstudyProvider
from infra.cloudfront.edge import Edge, EdgeArgs
from infra.contract import ConfigError, PreviewInputs, outputs
from infra.karpenter import node_pool
from infra.kubernetes.entrance import Entrance, EntranceArgs
from infra.kubernetes.network import Network, NetworkArgs
from infra.kubernetes.space import Space, SpaceArgs
from infra.kubernetes.workloads import Workloads, WorkloadsArgs
from infra.naming import edge_header
from infra.telemetry import instrumentation


class PreviewEnvironment(pulumi.ComponentResource):
    """The environment of one pull request."""

    def __init__(self, inputs: PreviewInputs) -> None:
        cluster = kubernetes.Provider(
            "cluster", kubeconfig=inputs.platform.kubeconfig, context=inputs.platform.context
        )
        super().__init__(
            "understudy:index:PreviewEnvironment",
            inputs.name,
            {},
            pulumi.ResourceOptions(providers=[cluster]),
        )
        child = pulumi.ResourceOptions(parent=self)
        space = Space(
            SpaceArgs(inputs.name, inputs.labels, inputs.stage, inputs.platform.pod_security),
            child,
        )
        pool = node_pool.NodePool(
            node_pool.NodePoolArgs(
                inputs.name, inputs.labels, inputs.stage, inputs.platform.node_class
            ),
            child,
        )
        inside = pulumi.ResourceOptions(parent=self, depends_on=[space.namespace])
        network = Network(
            NetworkArgs(inputs.name, inputs.labels, inputs.stage, inputs.platform), inside
        )
        # The operator looks only at pods that are made after the Instrumentation.
        before_pods: list[pulumi.Resource] = [*space.bounds, *network.policies, pool.pool]
        telemetry = instrumentation.InstrumentationArgs(
            inputs.name,
            inputs.labels,
            inputs.repository,
            inputs.pull_request,
            inputs.commit,
            inputs.stage,
            inputs.platform,
        )
        annotations = instrumentation.annotations(telemetry)
        if annotations:
            before_pods.append(instrumentation.Instrumentation(telemetry, inside).resource)
        Workloads(
            WorkloadsArgs(
                inputs.name,
                inputs.labels,
                inputs.commit,
                inputs.stage,
                node_pool.node_selector(inputs.name),
                (node_pool.toleration(inputs.name),),
                annotations,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=[space.namespace, *before_pods]),
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
        self.outputs: dict[str, pulumi.Input[str]] = {
            outputs.NAMESPACE: inputs.name,
            outputs.URL: inputs.url,
            outputs.HOST: inputs.host,
        }
        if inputs.with_edge:
            self._edge(inputs)
        self.register_outputs(self.outputs)

    def _edge(self, inputs: PreviewInputs) -> None:
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
                inputs.host,
                inputs.edge_value.get_secret_value(),
                platform,
            ),
            pulumi.ResourceOptions(parent=self, providers=[amazon, own]),
        )
        self.outputs |= {
            outputs.EDGE_HEADER: edge_header(inputs.name),
            outputs.EDGE_HOST: edge.host,
            outputs.STAGING_DISTRIBUTION_ID: edge.distribution.id,
        }


def program() -> None:
    """The Pulumi program of stacks/preview, and of the bot. Raises ConfigError."""
    config = pulumi.Config()
    try:
        inputs = PreviewInputs.from_config(config.get)
    except ConfigError as error:
        # A RunError is shown without a trace: the sentence is all that a person needs.
        raise pulumi.RunError(str(error)) from error
    for name, value in PreviewEnvironment(inputs).outputs.items():
        pulumi.export(name, value)
