"""Turns NetworkPolicies, namespaces and pods into one nftables table; pure.

What Kubernetes says, and what this keeps to: a pod that no policy selects for a direction is open
in that direction; a selected one allows the union of what its policies' rules allow; answers to an
allowed connection are allowed. A node may always reach the pods on it, so what the world's own
programs send (probes, the ingress controller) passes. Denied packets are dropped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.world.netpol.selectors import matches

TABLE = "understudy_policies"
Json = Mapping[str, Any]
_ANY = "any"


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


@dataclass(frozen=True)
class _Endpoint:
    """An address that selectors can find; `port` narrows it to one port."""

    address: str
    namespace: str
    labels: Mapping[str, str]
    namespace_labels: Mapping[str, str]
    named_ports: Mapping[tuple[str, str], int]
    port: int | None = None


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


_EVERY_PORT = _Port(_ANY, _ANY)


def _endpoints(
    pods: Iterable[Json], namespaces: Iterable[Json], neighbours: Iterable[Neighbour]
) -> list[_Endpoint]:
    labels_of = {
        item["metadata"]["name"]: item["metadata"].get("labels") or {} for item in namespaces
    }
    found = [
        _Endpoint(
            address=pod["status"]["podIP"],
            namespace=pod["metadata"]["namespace"],
            labels=pod["metadata"].get("labels") or {},
            namespace_labels=labels_of.get(pod["metadata"]["namespace"], {}),
            named_ports={
                (port.get("protocol", "TCP"), port["name"]): port["containerPort"]
                for container in pod["spec"].get("containers", [])
                for port in container.get("ports") or []
                if "name" in port
            },
        )
        for pod in pods
        if (pod.get("status") or {}).get("podIP")
        and pod["status"].get("phase") not in {"Succeeded", "Failed"}
        and not pod["spec"].get("hostNetwork")
    ]
    for near in neighbours:
        given = {"kubernetes.io/metadata.name": near.namespace, **near.namespace_labels}
        found.append(_Endpoint(near.address, near.namespace, near.labels, given, {}, near.port))
    return found


def _numbered(port: Json, owner: _Endpoint | None) -> _Port | None:
    protocol = port.get("protocol", "TCP")
    number = port.get("port")
    if number is None:
        return _Port(protocol.lower(), _ANY)
    if isinstance(number, str):
        number = owner.named_ports.get((protocol, number)) if owner is not None else None
        if number is None:
            return None
    last = port.get("endPort", number)
    return _Port(protocol.lower(), f"{number}-{last}" if last != number else str(number))


def _ports(rule: Json, owner: _Endpoint | None) -> Iterator[_Port]:
    """What a rule allows of an endpoint, whose named ports they are."""
    listed = rule.get("ports")
    if not listed:
        yield _EVERY_PORT
        return
    for port in listed:
        numbered = _numbered(port, owner)
        if numbered is not None:
            yield numbered


def _is_peer(peer: Json, candidate: _Endpoint, namespace: str) -> bool:
    in_namespaces, of_pods = peer.get("namespaceSelector"), peer.get("podSelector")
    if in_namespaces is None:
        if candidate.namespace != namespace:
            return False
    elif not matches(in_namespaces, candidate.namespace_labels):
        return False
    return of_pods is None or matches(of_pods, candidate.labels)


def _block(block: Json, side: str) -> str:
    match = f"ip {side} {block['cidr']}"
    if block.get("except"):
        match += f" ip {side} != {{ {', '.join(sorted(block['except']))} }}"
    return match


def _addresses(side: str, addresses: Iterable[str]) -> str:
    return f"ip {side} {{ {', '.join(sorted(addresses))} }}"


def _to_one_port(port: _Port, only: int) -> bool:
    """Whether what a rule allows includes the one port of a neighbour."""
    if port.ports == _ANY:
        return True
    low, _, high = port.ports.partition("-")
    return int(low) <= only <= int(high or low)


def _rule_lines(
    rule: Json, inward: bool, selected: Sequence[_Endpoint], everyone: Sequence[_Endpoint], ns: str
) -> Iterator[str]:
    """One nftables rule for each combination of ports, peers and selected pods."""
    own, other = ("daddr", "saddr") if inward else ("saddr", "daddr")
    mine = _addresses(own, {pod.address for pod in selected})
    listed = rule.get("from" if inward else "to")
    blocks = [peer["ipBlock"] for peer in listed or [] if "ipBlock" in peer]
    peers = [peer for peer in listed or [] if "ipBlock" not in peer]
    found = [e for e in everyone if any(_is_peer(peer, e, ns) for peer in peers)]
    # Peers by what may be reached: named ports differ from pod to pod.
    if inward:
        owners: dict[_Port, set[str]] = defaultdict(set)
        for pod in selected:
            for port in _ports(rule, pod):
                owners[port].add(pod.address)
        sources = [_block(block, other) for block in blocks]
        if found:
            sources.append(_addresses(other, {e.address for e in found}))
        for port, addresses in sorted(owners.items()):
            for source in sources if listed else [""]:
                yield f"{_addresses(own, addresses)} {source} {port.match}"
        return
    for port in _ports(rule, None):
        for target in [_block(block, other) for block in blocks] if listed else [""]:
            yield f"{mine} {target} {port.match}"
    reached: dict[_Port, set[str]] = defaultdict(set)
    for endpoint in found:
        for port in _ports(rule, endpoint):
            if endpoint.port is None:
                reached[port].add(endpoint.address)
            elif _to_one_port(port, endpoint.port):
                for protocol in [port.protocol] if port.protocol != _ANY else ["tcp", "udp"]:
                    reached[_Port(protocol, str(endpoint.port))].add(endpoint.address)
    for port, addresses in sorted(reached.items()):
        yield f"{mine} {_addresses(other, addresses)} {port.match}"


def _directions(spec: Json) -> set[str]:
    given = spec.get("policyTypes")
    if given:
        return set(given)
    return {"Ingress", "Egress"} if spec.get("egress") else {"Ingress"}


def _set(name: str, addresses: Iterable[str]) -> list[str]:
    listed = ", ".join(sorted(addresses))
    elements = [f"    elements = {{ {listed} }}"] if listed else []
    return [f"  set {name} {{", "    type ipv4_addr", *elements, "  }"]


def _chain(name: str, lines: Iterable[str]) -> list[str]:
    return [f"  chain {name} {{", *(f"    {' '.join(line.split())}" for line in lines), "  }"]


def compile_rules(
    policies: Iterable[Json],
    namespaces: Iterable[Json],
    pods: Iterable[Json],
    neighbours: Iterable[Neighbour] = (),
) -> str:
    """The whole ruleset as `nft -f` takes it: it replaces the table of before in one step."""
    everyone = _endpoints(pods, namespaces, neighbours)
    closed: dict[str, set[str]] = {"Ingress": set(), "Egress": set()}
    allowed: dict[str, set[str]] = {"Ingress": set(), "Egress": set()}
    for policy in policies:
        ns, spec = policy["metadata"]["namespace"], policy["spec"]
        selected = [
            e
            for e in everyone
            if e.port is None
            and e.namespace == ns
            and matches(spec.get("podSelector") or {}, e.labels)
        ]
        if not selected:
            continue
        for direction in _directions(spec):
            closed[direction] |= {pod.address for pod in selected}
            inward = direction == "Ingress"
            for rule in spec.get(direction.lower()) or []:
                allowed[direction] |= set(_rule_lines(rule, inward, selected, everyone, ns))
    answers = "ct state established,related accept"
    outward = "ip saddr @closed_out jump outward"
    lines = [
        f"add table inet {TABLE}",
        f"delete table inet {TABLE}",
        f"table inet {TABLE} {{",
        *_set("closed_in", closed["Ingress"]),
        *_set("closed_out", closed["Egress"]),
        *_chain("inward", [*(f"{line} return" for line in sorted(allowed["Ingress"])), "drop"]),
        *_chain("outward", [*(f"{line} return" for line in sorted(allowed["Egress"])), "drop"]),
        *_chain(
            "between_pods",
            [
                "type filter hook forward priority filter; policy accept;",
                answers,
                outward,
                "ip daddr @closed_in jump inward",
            ],
        ),
        *_chain(
            "to_the_node",
            ["type filter hook input priority filter; policy accept;", answers, outward],
        ),
        "}",
    ]
    return "\n".join(lines) + "\n"
