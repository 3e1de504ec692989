"""What every cluster has beside its control plane: services, DNS and an ingress controller.

They run as processes of the world, on the bridge's address; policies see their requests as coming
from the node.
"""

from __future__ import annotations

from tests.world.cluster import netns
from tests.world.cluster.api import NETWORKING, Api
from tests.world.cluster.control_plane import ControlPlane
from tests.world.cluster.spawn import Spawner
from tests.world.tools import tool

INGRESS_CLASS = "traefik"
INGRESS_PORT = 8000
INGRESS_ADDRESS = netns.ADDRESS

_COREFILE = """.:53 {{
    bind {address}
    errors
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {kubeconfig}
        ttl 5
    }}
    {hosts}
    cache 5
}}
"""

_PROXY = """apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
bindAddress: 0.0.0.0
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
hostnameOverride: {node}
clientConnection:
  kubeconfig: {kubeconfig}
mode: iptables
clusterCIDR: {pods}
conntrack:
  maxPerCore: 0
iptables:
  minSyncPeriod: 100ms
  syncPeriod: 30s
"""


def start_proxy(spawner: Spawner, plane: ControlPlane, node: str) -> None:
    """kube-proxy: one for the whole namespace, whose nodes share its packet filter."""
    path = plane.folder / "kube-proxy.yaml"
    kubeconfig = plane.user("kube-proxy", "system:kube-proxy")
    path.write_text(_PROXY.format(node=node, kubeconfig=kubeconfig, pods=netns.POD_NETWORK))
    spawner.start("kube-proxy", [tool("kube-proxy"), f"--config={path}"])


def start_dns(spawner: Spawner, plane: ControlPlane) -> None:
    """CoreDNS, where the kubelets tell pods to ask."""
    path = plane.folder / "Corefile"
    path.write_text(_COREFILE.format(address=netns.ADDRESS, kubeconfig=plane.kubeconfig, hosts=""))
    spawner.start("coredns", [tool("coredns"), "-conf", path])


def start_ingress(spawner: Spawner, plane: ControlPlane, api: Api) -> None:
    """Traefik as the ingress controller of class `traefik`."""
    create_ingress_class(api)
    spawner.start(
        "traefik",
        [tool("traefik"), *ingress_options(INGRESS_ADDRESS, INGRESS_ADDRESS)],
        env={"KUBECONFIG": str(plane.kubeconfig)},
    )


def create_ingress_class(api: Api) -> None:
    """Make the class `traefik`."""
    api.create(
        f"{NETWORKING}/ingressclasses",
        {
            "metadata": {"name": INGRESS_CLASS},
            "spec": {"controller": "traefik.io/ingress-controller"},
        },
    )


def ingress_options(listen: str, told: str) -> list[str]:
    """Traefik's options: it listens at one address and tells one in each Ingress's status, which is
    what Pulumi's own await waits for."""
    return [
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
        f"--entrypoints.web.address={listen}:{INGRESS_PORT}",
        f"--entrypoints.traefik.address={listen}:8081",
        "--ping=true",
        "--providers.kubernetesingress=true",
        f"--providers.kubernetesingress.ingressclass={INGRESS_CLASS}",
        "--providers.kubernetesingress.allowemptyservices=true",
        f"--providers.kubernetesingress.ingressendpoint.ip={told}",
        "--providers.kubernetesingress.throttleduration=200ms",
        "--providers.providersthrottleduration=200ms",
        "--log.level=INFO",
    ]
