"""kwok: nodes and pods that need not be real, for tests and benchmarks about numbers.

It manages only nodes that carry its annotation, so the real kubelet's node stays real.
"""

from __future__ import annotations

from tests.world.cluster import Cluster
from tests.world.tools import crds, tool

ANNOTATION = "kwok.x-k8s.io/node"


def start(cluster: Cluster) -> None:
    """Start the controller with its stock stages."""
    stages = "---\n".join(path.read_text() for path in sorted(crds("kwok").glob("*.yaml")))
    config = cluster.folder / "kwok.yaml"
    config.write_text(stages)
    cluster.spawner.start(
        "kwok",
        [
            tool("kwok"),
            f"--kubeconfig={cluster.plane.kubeconfig}",
            f"--config={config}",
            "--manage-all-nodes=false",
            f"--manage-nodes-with-annotation-selector={ANNOTATION}=fake",
            "--cidr=10.245.0.0/16",
            "--node-ip=10.244.0.1",
            "--server-address=127.0.0.1:10247",
        ],
    )
