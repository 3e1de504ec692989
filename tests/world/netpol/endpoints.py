"""What policies select and name: pods with an address, and programs that count as pods; pure.

The pod network is IPv4 only, so an object without such an address can neither be met nor closed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

Json = Mapping[str, Any]
NAMESPACE_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class Neighbour:
    """A program of the world that runs beside the cluster but that policies see as a pod.

    DNS is one: policies allow it by the labels of the pods it has in other clusters.
    """

    address: str
    port: int
    labels: Mapping[str, str]
    namespace: str
    namespace_labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `ADDRESS:PORT=NAMESPACE/KEY=VALUE,…`. Raises ValueError with one sentence."""
        where, _, who = text.partition("=")
        address, _, port = where.rpartition(":")
        namespace, _, pairs = who.partition("/")
        labels = dict(pair.partition("=")[::2] for pair in pairs.split(",") if "=" in pair)
        if not (_is_ipv4(address) and port.isdecimal() and namespace and labels):
            raise ValueError(
                f"{text!r} is no neighbour: write ADDRESS:PORT=NAMESPACE/KEY=VALUE,…, such as"
                " 10.244.0.1:53=kube-system/k8s-app=kube-dns"
            )
        return cls(address, int(port), labels, namespace)


@dataclass(frozen=True)
class Endpoint:
    """An address that selectors can find; `port` narrows it to one port."""

    address: str
    namespace: str
    labels: Mapping[str, str]
    namespace_labels: Mapping[str, str]
    named_ports: Mapping[tuple[str, str], int]
    port: int | None = None


def endpoints(
    pods: Iterable[Json], namespaces: Iterable[Json], neighbours: Iterable[Neighbour]
) -> list[Endpoint]:
    """Everything that has an address of its own, pods of the node's network left out."""
    labels_of = {
        item["metadata"]["name"]: item["metadata"].get("labels") or {} for item in namespaces
    }
    found = []
    for pod in pods:
        address = _address(pod.get("status") or {})
        if address is not None and not pod["spec"].get("hostNetwork"):
            meta = pod["metadata"]
            named = {
                (port.get("protocol", "TCP"), port["name"]): port["containerPort"]
                for container in _serving(pod["spec"])
                for port in container.get("ports") or []
                if "name" in port
            }
            labels = meta.get("labels") or {}
            of_namespace = labels_of.get(meta["namespace"], {})
            found.append(Endpoint(address, meta["namespace"], labels, of_namespace, named))
    for near in neighbours:
        known = labels_of.get(near.namespace, {})
        given = {NAMESPACE_LABEL: near.namespace, **known, **near.namespace_labels}
        found.append(Endpoint(near.address, near.namespace, near.labels, given, {}, near.port))
    return found


def _address(status: Json) -> str | None:
    """A running pod's address. An ended pod's may be another pod's by now."""
    if status.get("phase") in {"Succeeded", "Failed"}:
        return None
    listed = [status.get("podIP"), *(each.get("ip") for each in status.get("podIPs") or [])]
    return next((text for text in listed if text and _is_ipv4(text)), None)


def _serving(spec: Json) -> Iterator[Json]:
    """The containers that run as long as the pod does."""
    yield from spec.get("containers") or []
    for container in spec.get("initContainers") or []:
        if container.get("restartPolicy") == "Always":
            yield container


def _is_ipv4(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 4
    except ValueError:
        return False
