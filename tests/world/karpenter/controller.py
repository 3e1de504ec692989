"""Starts the real AWS Karpenter controller, and the EC2NodeClass that every NodePool refers to."""

from __future__ import annotations

from tests.world.aws.seed import REGION, Seeded
from tests.world.cluster import Cluster
from tests.world.cluster.api import condition
from tests.world.cluster.control_plane import SERVER
from tests.world.cluster.waiting import until
from tests.world.tools import tool

CLUSTER = "world"
CLASSES = "/apis/karpenter.k8s.aws/v1/ec2nodeclasses"
NODE_CLASS = "default"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "world", "AWS_SECRET_ACCESS_KEY": "world"}
"""The simulation takes any."""


def start(cluster: Cluster, aws: str, seeded: Seeded) -> None:
    """Start the controller; its CRDs are made first. `aws` is the address inside the world."""
    cluster.apply_crds("karpenter")
    cluster.spawner.start(
        "karpenter",
        [tool("karpenter")],
        env={
            **CREDENTIALS,
            "KUBECONFIG": str(cluster.plane.kubeconfig),
            "AWS_ENDPOINT_URL": aws,
            "AWS_REGION": REGION,
            "CLUSTER_NAME": CLUSTER,
            "CLUSTER_ENDPOINT": SERVER,
            "CLUSTER_CA_BUNDLE": "Y2E=",
            "INTERRUPTION_QUEUE": seeded.queue_name,
            "ISOLATED_VPC": "true",
            "DISABLE_LEADER_ELECTION": "true",
            "DISABLE_DRY_RUN": "true",
            "FEATURE_GATES": "NodeOverlay=true",
            "SYSTEM_NAMESPACE": "kube-system",
            "METRICS_PORT": "8082",
            "HEALTH_PROBE_PORT": "8083",
            "LOG_LEVEL": "info",
            # The world's nodes are Ready in seconds: nothing is gained by collecting pods longer.
            "BATCH_IDLE_DURATION": "200ms",
            "BATCH_MAX_DURATION": "2s",
            "VM_MEMORY_OVERHEAD_PERCENT": "0.075",
        },
    )
    body = {
        "apiVersion": "karpenter.k8s.aws/v1",
        "kind": "EC2NodeClass",
        "metadata": {"name": NODE_CLASS},
        "spec": {
            "role": seeded.node_role_name,
            "amiFamily": "AL2023",
            "amiSelectorTerms": [{"id": seeded.ami_id}],
            "subnetSelectorTerms": [{"tags": {"karpenter.sh/discovery": CLUSTER}}],
            "securityGroupSelectorTerms": [{"tags": {"karpenter.sh/discovery": CLUSTER}}],
        },
    }
    cluster.api.create(CLASSES, body)


def wait(cluster: Cluster) -> None:
    """Wait until nodes could be launched. Raises ToolError."""
    last = ""

    def ready() -> bool:
        nonlocal last
        found = cluster.api.get(f"{CLASSES}/{NODE_CLASS}")
        conditions = found.get("status", {}).get("conditions", [])
        last = "; ".join(f"{c['type']} {c['status']}: {c.get('message')}" for c in conditions)
        return condition(found, "Ready")

    log = cluster.spawner.log("karpenter")
    until("the EC2NodeClass's readiness", ready, 60, 0.2, lambda: f" ({last}; see {log})")
