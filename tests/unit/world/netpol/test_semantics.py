"""The compiled rules against Kubernetes' own words, said a second time and in another way."""

import ipaddress
import itertools
from typing import Any

import hypothesis
import hypothesis.strategies as st

from tests.unit.world.netpol import worlds
from tests.unit.world.netpol.filter import Filter, Packet
from tests.unit.world.netpol.objects import Json
from tests.world.netpol import compile_rules
from tests.world.netpol.selectors import matches

Cluster = tuple[list[Json], list[Json], list[Json]]
OUTSIDE = "192.0.2.7"
NUMBERS = (*worlds.PORTS, 60)
PROTOCOLS = ("tcp", "udp")

packets = st.builds(
    Packet,
    st.sampled_from((*worlds.ADDRESSES, OUTSIDE)),
    st.sampled_from((*worlds.ADDRESSES, OUTSIDE)),
    st.sampled_from(NUMBERS),
    st.sampled_from(PROTOCOLS),
)


class Oracle:
    """Answers for one connection at a time, from the objects themselves."""

    def __init__(self, cluster: Cluster) -> None:
        self.policies, spaces, pods = cluster
        self.pods = {each["status"]["podIP"]: each for each in pods}
        self.spaces = {each["metadata"]["name"]: each["metadata"]["labels"] for each in spaces}

    def passes(self, packet: Packet) -> bool:
        return packet.source == packet.target or (
            self._side(packet, "Egress", "to", packet.source, packet.target)
            and self._side(packet, "Ingress", "from", packet.target, packet.source)
        )

    def _side(self, packet: Packet, kind: str, side: str, owner: str, peer: str) -> bool:
        pod = self.pods.get(owner)
        applying = [
            each
            for each in self.policies
            if pod is not None
            and each["metadata"]["namespace"] == pod["metadata"]["namespace"]
            and matches(each["spec"]["podSelector"], pod["metadata"]["labels"])
            and kind in each["spec"]["policyTypes"]
        ]
        if not applying:
            return True
        return any(
            self._is_peer(rule.get(side), peer, each["metadata"]["namespace"])
            and self._is_port(rule.get("ports"), packet)
            for each in applying
            for rule in each["spec"].get(kind.lower(), [])
        )

    def _is_peer(self, listed: Any, address: str, namespace: str) -> bool:
        return not listed or any(self._is_one(peer, address, namespace) for peer in listed)

    def _is_one(self, peer: Json, address: str, namespace: str) -> bool:
        if "ipBlock" in peer:
            block = peer["ipBlock"]
            return _within(address, [block["cidr"]]) and not _within(address, block["except"])
        pod = self.pods.get(address)
        if pod is None:
            return False
        own = pod["metadata"]["namespace"]
        if "namespaceSelector" in peer:
            in_namespace = matches(peer["namespaceSelector"], self.spaces[own])
        else:
            in_namespace = own == namespace
        return in_namespace and matches(peer.get("podSelector", {}), pod["metadata"]["labels"])

    def _is_port(self, listed: Any, packet: Packet) -> bool:
        return not listed or any(self._is_this_port(port, packet) for port in listed)

    def _is_this_port(self, port: Json, packet: Packet) -> bool:
        if port["protocol"].lower() != packet.protocol:
            return False
        low: Any = port.get("port", 0)
        if isinstance(low, str):
            pod = self.pods.get(packet.target)
            ports = pod["spec"]["containers"][0]["ports"] if pod else []
            # Named ports are of TCP in these clusters.
            numbers = [each["containerPort"] for each in ports if each["name"] == low]
            return packet.protocol == "tcp" and packet.port in numbers
        if "port" not in port:
            return True
        return bool(low <= packet.port <= port.get("endPort", low))


def _within(address: str, networks: list[str]) -> bool:
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(text) for text in networks)


def _named_to_a_network(policy: Json) -> bool:
    """Whether egress names a port of a network, which Kubernetes leaves open."""
    return any(
        isinstance(port.get("port"), str)
        for rule in policy["spec"].get("egress", [])
        if not rule.get("to") or any("ipBlock" in peer for peer in rule["to"])
        for port in rule.get("ports", [])
    )


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(worlds.clusters())
def test_the_rules_do_what_the_policies_say(cluster: Cluster) -> None:
    hypothesis.assume(not any(_named_to_a_network(each) for each in cluster[0]))
    rules, oracle = Filter(compile_rules(*cluster)), Oracle(cluster)
    addresses = [*oracle.pods, OUTSIDE]
    # Every packet, because the few that tell two rulesets apart are rarely drawn.
    for ends in itertools.product(addresses, addresses, NUMBERS, PROTOCOLS):
        packet = Packet(*ends)
        assert rules.passes(packet) is oracle.passes(packet), packet


@hypothesis.given(worlds.clusters(), packets)
def test_a_pod_without_policies_is_open(cluster: Cluster, packet: Packet) -> None:
    _, spaces, pods = cluster
    assert Filter(compile_rules([], spaces, pods)).passes(packet)


@hypothesis.given(worlds.clusters(), worlds.policies(), packets)
def test_one_more_policy_takes_nothing_from_a_pod_that_is_closed_already(
    cluster: Cluster, more: Json, packet: Packet
) -> None:
    policies, spaces, pods = cluster
    deny = [
        {"metadata": {"namespace": name}, "spec": {"policyTypes": ["Ingress", "Egress"]}}
        for name in worlds.NAMESPACES
    ]
    before = Filter(compile_rules([*deny, *policies], spaces, pods))
    after = Filter(compile_rules([*deny, *policies, more], spaces, pods))
    assert after.passes(packet) or not before.passes(packet)
