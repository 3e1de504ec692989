"""Turns NetworkPolicies, namespaces and pods into one nftables table; pure.

What Kubernetes says, and what this keeps to: a pod that no policy selects for a direction is open
in that direction; a selected one allows the union of what its policies' rules allow; answers to an
allowed connection are allowed. Denied packets are dropped.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.world.netpol import table
from tests.world.netpol.endpoints import Endpoint, Json, Neighbour, endpoints
from tests.world.netpol.selectors import matches

_ANY = "any"


@dataclass(frozen=True, order=True)
class _Port:
    """A protocol and a range of ports, such as `tcp` and `8080` or `8000-8100` or all."""

    protocol: str
    ports: str

    @property
    def match(self) -> str:
        """The condition on a packet's destination."""
        if self.protocol == _ANY:
            return ""
        if self.ports == _ANY:
            return f"meta l4proto {self.protocol}"
        return f"{self.protocol} dport {self.ports}"

    def narrowed(self, only: int) -> Iterator[_Port]:
        """What is left of it at an endpoint that has one port alone."""
        if self.ports != _ANY:
            low, _, high = self.ports.partition("-")
            if not int(low) <= only <= int(high or low):
                return
        for protocol in ("tcp", "udp") if self.protocol == _ANY else (self.protocol,):
            yield _Port(protocol, str(only))


_EVERY_PORT = _Port(_ANY, _ANY)


def _numbered(port: Json, owner: Endpoint | None) -> _Port | None:
    protocol = port.get("protocol", "TCP")
    number = port.get("port")
    if number is None:
        return _Port(protocol.lower(), _ANY)
    if isinstance(number, str):
        # A pod without a port of this name has none to allow.
        number = owner.named_ports.get((protocol, number)) if owner is not None else None
        if number is None:
            return None
    last = port.get("endPort", number)
    return _Port(protocol.lower(), f"{number}-{last}" if last != number else str(number))


def _ports(rule: Json, owner: Endpoint | None) -> Iterator[_Port]:
    """What a rule allows of an endpoint, whose named ports they are."""
    listed = rule.get("ports")
    if not listed:
        yield _EVERY_PORT
        return
    for port in listed:
        numbered = _numbered(port, owner)
        if numbered is not None:
            yield numbered


def _is_peer(peer: Json, candidate: Endpoint, namespace: str) -> bool:
    in_namespaces, of_pods = peer.get("namespaceSelector"), peer.get("podSelector")
    if in_namespaces is None:
        if candidate.namespace != namespace:
            return False
    elif not matches(in_namespaces, candidate.namespace_labels):
        return False
    return of_pods is None or matches(of_pods, candidate.labels)


def _blocks(peers: Iterable[Json], side: str) -> Iterator[str]:
    """The conditions of networks; one of IPv6 has nobody in it here."""
    for peer in peers:
        block = peer.get("ipBlock")
        if block is None:
            continue
        network = ipaddress.ip_network(block["cidr"], strict=False)
        if isinstance(network, ipaddress.IPv6Network):
            continue
        excepted = ipaddress.collapse_addresses(
            ipaddress.IPv4Network(cidr, strict=False) for cidr in block.get("except") or []
        )
        less = ", ".join(map(str, excepted))
        yield f"ip {side} {network}" + (f" ip {side} != {{ {less} }}" if less else "")


def _addresses(side: str, addresses: Iterable[str]) -> str:
    return f"ip {side} {{ {', '.join(sorted(addresses))} }}"


@dataclass(frozen=True)
class _Everyone:
    """All endpoints, and those of each namespace."""

    all: Sequence[Endpoint]
    by_namespace: Mapping[str, Sequence[Endpoint]]

    def selected(self, policy: Json) -> list[Endpoint]:
        """The pods that a policy is about."""
        selector = policy["spec"].get("podSelector") or {}
        own = self.by_namespace.get(policy["metadata"]["namespace"], ())
        return [each for each in own if each.port is None and matches(selector, each.labels)]

    def peers(self, listed: Sequence[Json], namespace: str) -> list[Endpoint]:
        """Those that any of a rule's selectors takes."""
        selectors = [peer for peer in listed if "ipBlock" not in peer]
        wide = any("namespaceSelector" in peer for peer in selectors)
        candidates = self.all if wide else self.by_namespace.get(namespace, ())
        return [e for e in candidates if any(_is_peer(peer, e, namespace) for peer in selectors)]


def _inward(
    rule: Json, selected: Sequence[Endpoint], everyone: _Everyone, namespace: str
) -> Iterator[str]:
    """What an ingress rule allows: one line for each port and source."""
    listed = rule.get("from") or []
    sources = list(_blocks(listed, "saddr")) if listed else [""]
    found = everyone.peers(listed, namespace)
    if found:
        sources.append(_addresses("saddr", {each.address for each in found}))
    # Named ports are the selected pods' and differ from one to another.
    owners: dict[_Port, set[str]] = defaultdict(set)
    for pod in selected:
        for port in _ports(rule, pod):
            owners[port].add(pod.address)
    for port, addresses in owners.items():
        for source in sources:
            yield f"{_addresses('daddr', addresses)} {source} {port.match}"


def _outward(
    rule: Json, selected: Sequence[Endpoint], everyone: _Everyone, namespace: str
) -> Iterator[str]:
    """What an egress rule allows: one line for each port and destination."""
    mine = _addresses("saddr", {pod.address for pod in selected})
    listed = rule.get("to") or []
    for target in _blocks(listed, "daddr") if listed else [""]:
        for port in _ports(rule, None):
            yield f"{mine} {target} {port.match}"
    # Named ports are the reached pods'.
    reached: dict[_Port, set[str]] = defaultdict(set)
    for endpoint in everyone.peers(listed, namespace):
        for port in _ports(rule, endpoint):
            for narrowed in [port] if endpoint.port is None else port.narrowed(endpoint.port):
                reached[narrowed].add(endpoint.address)
    for port, addresses in reached.items():
        yield f"{mine} {_addresses('daddr', addresses)} {port.match}"


_LINES = {"Ingress": _inward, "Egress": _outward}


def _directions(spec: Json) -> set[str]:
    given = spec.get("policyTypes")
    if given:
        return set(given)
    return {"Ingress", "Egress"} if spec.get("egress") else {"Ingress"}


def compile_rules(
    policies: Iterable[Json],
    namespaces: Iterable[Json],
    pods: Iterable[Json],
    neighbours: Iterable[Neighbour] = (),
) -> str:
    """The whole ruleset as `nft -f` takes it: it replaces the table of before in one step.

    Equal input gives equal text, in whatever order it comes.
    """
    found = endpoints(pods, namespaces, neighbours)
    by_namespace: dict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in found:
        by_namespace[endpoint.namespace].append(endpoint)
    everyone = _Everyone(found, by_namespace)
    closed: dict[str, set[str]] = {"Ingress": set(), "Egress": set()}
    allowed: dict[str, set[str]] = {"Ingress": set(), "Egress": set()}
    for policy in policies:
        namespace, spec = policy["metadata"]["namespace"], policy["spec"]
        selected = everyone.selected(policy)
        if not selected:
            continue
        for direction in _directions(spec):
            closed[direction] |= {pod.address for pod in selected}
            for rule in spec.get(direction.lower()) or []:
                allowed[direction] |= set(_LINES[direction](rule, selected, everyone, namespace))
    return table.render(closed["Ingress"], closed["Egress"], allowed["Ingress"], allowed["Egress"])
