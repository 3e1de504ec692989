"""The namespace of an environment, and the bounds of what may happen inside."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as kubernetes

from infra.contract import StageFile
from infra.kubernetes.objects import metadata

POD_SECURITY = "pod-security.kubernetes.io/{mode}"
PODS_PER_REPLICA = 2
"""A rolling update runs the old and the new pod side by side."""
SPARE_PODS = 5
"""Room for jobs, and for what a person starts by hand."""


@dataclasses.dataclass(frozen=True)
class SpaceArgs:
    """What a Space is made from."""

    name: str
    labels: Mapping[str, str]
    owner: Mapping[str, str]
    """The annotations that say whose environment it is."""
    stage: StageFile
    pod_security: str


class Space(pulumi.ComponentResource):
    """Namespace, quota and limits."""

    namespace: kubernetes.core.v1.Namespace
    bounds: list[pulumi.Resource]

    def __init__(self, args: SpaceArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("understudy:kubernetes:Space", args.name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        security = {
            POD_SECURITY.format(mode=mode): args.pod_security for mode in ("enforce", "warn")
        }
        self.namespace = kubernetes.core.v1.Namespace(
            args.name,
            metadata=metadata(
                args.name,
                {**args.labels, **security},
                annotations=args.owner,
            ),
            opts=child,
        )
        inside = pulumi.ResourceOptions(parent=self, depends_on=[self.namespace])
        capacity = args.stage.capacity
        replicas = sum(service.replicas for service in args.stage.services.values())
        pods = replicas * PODS_PER_REPLICA + len(args.stage.jobs) + SPARE_PODS
        self.bounds = [
            kubernetes.core.v1.ResourceQuota(
                f"{args.name}-bounds",
                metadata=metadata("bounds", args.labels, args.name),
                spec={
                    "hard": {
                        "pods": str(pods),
                        "requests.cpu": str(capacity.cpu),
                        "requests.memory": capacity.memory,
                        "services.loadbalancers": "0",
                        "services.nodeports": "0",
                    }
                },
                opts=inside,
            ),
            kubernetes.core.v1.LimitRange(
                f"{args.name}-bounds",
                metadata=metadata("bounds", args.labels, args.name),
                spec={
                    "limits": [
                        {
                            "type": "Container",
                            # Injected init containers carry no requests of their own, and the
                            # quota would refuse a pod without them.
                            "default_request": {"cpu": "50m", "memory": "64Mi"},
                            "default": {"memory": "256Mi"},
                        }
                    ]
                },
                opts=inside,
            ),
        ]
        self.register_outputs({"namespace": args.name})
