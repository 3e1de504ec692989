"""A real Kubernetes on one machine, in a network namespace of its own, without Docker.

`with Cluster() as cluster:` gives etcd, the control plane, a kubelet on containerd, kube-proxy,
CoreDNS and Traefik; leaving the block leaves nothing behind. Several can run side by side.
"""

from tests.world.cluster.cluster import NODE, Cluster

__all__ = ["NODE", "Cluster"]
