"""The nodes of an environment: a NodePool that nothing else may use.

`spec.weight` is left out: it belongs to the FinOps controller (docs design decision: two programs
never write one field). The EC2NodeClass is shared and belongs to the platform.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kubernetes as kubernetes

from infra import naming
from infra.contract import StageFile
from infra.kubernetes.objects import metadata

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import TolerationArgsDict

TERMINATION_GRACE = "2m"
"""After so long a draining node goes, whatever PodDisruptionBudgets say: without it a blocking
budget keeps it for ever (Karpenter, disruption, terminationGracePeriod)."""

CONSOLIDATE_AFTER = "30s"
MIN_INSTANCE_GENERATION = "2"
"""Older instance generations cost more for less."""


@dataclasses.dataclass(frozen=True)
class NodePoolArgs:
    """What the NodePool is made from."""

    name: str
    labels: Mapping[str, str]
    owner: Mapping[str, str]
    """The annotations that say whose environment it is."""
    stage: StageFile
    node_class: str


def node_selector(name: str) -> dict[str, str]:
    """What pods select to run on the environment's nodes."""
    return {naming.LABEL_ENVIRONMENT: name}


def toleration(name: str) -> TolerationArgsDict:
    """What pods tolerate to run on the environment's nodes."""
    return {
        "key": naming.LABEL_ENVIRONMENT,
        "operator": "Equal",
        "value": name,
        "effect": "NoSchedule",
    }


def node_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels that nodes carry: our own only.

    A kubelet does not start with labels of kubernetes.io that it doesn't know (`--node-labels`).
    """
    return {key: value for key, value in labels.items() if key.startswith(naming.LABEL_PREFIX)}


def specification(args: NodePoolArgs) -> dict[str, Any]:
    """The NodePool's specification (karpenter.sh/v1)."""
    capacity = args.stage.capacity
    types = [
        name
        for name, allowed in (("spot", capacity.spot), ("on-demand", capacity.on_demand))
        if allowed
    ]
    return {
        "template": {
            "metadata": {"labels": node_labels(args.labels)},
            "spec": {
                "nodeClassRef": {
                    "group": "karpenter.k8s.aws",
                    "kind": "EC2NodeClass",
                    "name": args.node_class,
                },
                "taints": [
                    {
                        "key": naming.LABEL_ENVIRONMENT,
                        "value": args.name,
                        "effect": "NoSchedule",
                    }
                ],
                "requirements": [
                    {"key": "karpenter.sh/capacity-type", "operator": "In", "values": types},
                    {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
                    {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]},
                    {
                        "key": "karpenter.k8s.aws/instance-generation",
                        "operator": "Gt",
                        "values": [MIN_INSTANCE_GENERATION],
                    },
                ],
                "expireAfter": capacity.lifetime,
                "terminationGracePeriod": TERMINATION_GRACE,
            },
        },
        "limits": {"cpu": str(capacity.cpu), "memory": capacity.memory},
        "disruption": {
            "consolidationPolicy": "WhenEmptyOrUnderutilized",
            "consolidateAfter": CONSOLIDATE_AFTER,
            "budgets": [{"nodes": "100%"}],
        },
    }


class NodePool(pulumi.ComponentResource):
    """One Karpenter NodePool with the environment's own label and taint."""

    pool: kubernetes.apiextensions.CustomResource

    def __init__(self, args: NodePoolArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("understudy:karpenter:NodePool", args.name, {}, opts)
        self.pool = kubernetes.apiextensions.CustomResource(
            args.name,
            api_version="karpenter.sh/v1",
            kind="NodePool",
            metadata=metadata(args.name, args.labels, annotations=args.owner),
            spec=specification(args),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
