import itertools
import random

import pytest

from tests.unit.world.netpol.filter import Filter, Packet
from tests.unit.world.netpol.objects import Json, labelled, namespace, pod, policy
from tests.world.netpol import Neighbour, compile_rules
from tests.world.netpol.endpoints import Endpoint, endpoints

WEB, API, OTHER, NODE = "10.244.0.11", "10.244.0.12", "10.244.1.13", "10.244.0.1"
PODS = [
    pod(WEB, labels={"app": "web"}, ports={"http": 8080}),
    pod(API, labels={"app": "api"}, ports={"http": 9090}),
    pod(OTHER, "other", labels={"app": "web"}),
]
NAMESPACES = [namespace("shop", team="a"), namespace("other", team="b")]
DNS = Neighbour(NODE, 53, {"k8s-app": "kube-dns"}, "kube-system")
DENY = policy({"policyTypes": ["Ingress", "Egress"]})


def ask(*policies: Json, neighbours: tuple[Neighbour, ...] = ()) -> Filter:
    return Filter(compile_rules(policies, NAMESPACES, PODS, neighbours))


def test_without_policies_all_is_open() -> None:
    rules = ask()
    for source, target in itertools.permutations((WEB, API, OTHER), 2):
        assert rules.passes(Packet(source, target, 8080))
    assert rules.passes(Packet(WEB, NODE, 4318), "to_the_node")


def test_a_policy_closes_only_the_pods_that_it_selects() -> None:
    rules = ask(policy({"podSelector": labelled(app="api"), "policyTypes": ["Ingress"]}))
    assert not rules.passes(Packet(WEB, API, 9090))
    assert rules.passes(Packet(API, WEB, 8080))
    assert rules.passes(Packet(API, OTHER, 1))


def test_deny_all_closes_both_directions_and_the_node() -> None:
    rules = ask(DENY)
    assert not rules.passes(Packet(WEB, API, 8080))
    assert not rules.passes(Packet(OTHER, API, 8080))
    assert not rules.passes(Packet(WEB, OTHER, 8080))
    assert not rules.passes(Packet(WEB, NODE, 4318), "to_the_node")
    assert rules.passes(Packet(OTHER, NODE, 4318), "to_the_node")


def test_a_pod_reaches_itself_through_its_service() -> None:
    assert ask(DENY).passes(Packet(WEB, WEB, 8080))


def test_policies_add_up() -> None:
    within = policy({"ingress": [{"from": [{"podSelector": {}}]}], "policyTypes": ["Ingress"]})
    from_other = policy(
        {"ingress": [{"from": [{"namespaceSelector": labelled(team="b")}]}]},
    )
    assert not ask(within).passes(Packet(OTHER, API, 1))
    assert not ask(from_other).passes(Packet(WEB, API, 1))
    both = ask(within, from_other)
    assert both.passes(Packet(OTHER, API, 1))
    assert both.passes(Packet(WEB, API, 1))


def test_peers_of_one_entry_need_both_selectors() -> None:
    peer = {"namespaceSelector": labelled(team="a"), "podSelector": labelled(app="web")}
    rules = ask(policy({"ingress": [{"from": [peer]}]}))
    assert rules.passes(Packet(WEB, API, 1))
    assert not rules.passes(Packet(OTHER, API, 1))
    assert not rules.passes(Packet(API, WEB, 1))


def test_a_named_port_is_each_pods_own() -> None:
    rules = ask(policy({"ingress": [{"ports": [{"port": "http"}]}]}))
    assert rules.passes(Packet(OTHER, WEB, 8080))
    assert not rules.passes(Packet(OTHER, WEB, 9090))
    assert rules.passes(Packet(OTHER, API, 9090))
    assert not rules.passes(Packet(OTHER, API, 8080))


def test_a_named_port_of_egress_is_the_reached_pods() -> None:
    rule = {"to": [{"podSelector": {}}], "ports": [{"port": "http"}]}
    rules = ask(policy({"egress": [rule], "policyTypes": ["Egress"]}))
    assert rules.passes(Packet(WEB, API, 9090))
    assert not rules.passes(Packet(WEB, API, 8080))


def test_a_name_that_no_pod_has_opens_nothing() -> None:
    rules = ask(policy({"ingress": [{"ports": [{"port": "grpc"}]}]}))
    assert not rules.passes(Packet(WEB, API, 8080))


def test_ports_by_number_range_and_protocol() -> None:
    ports = [{"port": 8000, "endPort": 8100}, {"port": 53, "protocol": "UDP"}]
    rules = ask(policy({"ingress": [{"ports": ports}]}))
    assert rules.passes(Packet(WEB, API, 8000))
    assert rules.passes(Packet(WEB, API, 8100))
    assert not rules.passes(Packet(WEB, API, 8101))
    assert rules.passes(Packet(WEB, API, 53, "udp"))
    assert not rules.passes(Packet(WEB, API, 53))


def test_a_protocol_without_a_port_is_all_its_ports() -> None:
    rules = ask(policy({"ingress": [{"ports": [{"protocol": "UDP"}]}]}))
    assert rules.passes(Packet(WEB, API, 1, "udp"))
    assert not rules.passes(Packet(WEB, API, 1))


def test_networks_with_exceptions() -> None:
    block = {"cidr": "10.244.0.0/16", "except": ["10.244.1.0/24", "10.244.1.128/25"]}
    rules = ask(policy({"ingress": [{"from": [{"ipBlock": block}]}]}))
    assert rules.passes(Packet(WEB, API, 1))
    assert not rules.passes(Packet(OTHER, API, 1))


def test_a_network_of_ipv6_opens_nothing_and_breaks_nothing() -> None:
    rules = ask(policy({"ingress": [{"from": [{"ipBlock": {"cidr": "2001:db8::/32"}}]}]}))
    assert not rules.passes(Packet(WEB, API, 1))


def test_egress_to_the_node_by_network_and_port() -> None:
    rule = {"to": [{"ipBlock": {"cidr": f"{NODE}/32"}}], "ports": [{"port": 4318}]}
    rules = ask(policy({"egress": [rule], "policyTypes": ["Egress"]}))
    assert rules.passes(Packet(WEB, NODE, 4318), "to_the_node")
    assert not rules.passes(Packet(WEB, NODE, 6443), "to_the_node")


@pytest.mark.parametrize("ports", [None, [{"port": 53, "protocol": "UDP"}, {"port": 53}]])
def test_a_neighbour_is_found_by_labels_and_has_one_port(ports: list[Json] | None) -> None:
    peer = {
        "namespaceSelector": labelled(**{"kubernetes.io/metadata.name": "kube-system"}),
        "podSelector": labelled(**{"k8s-app": "kube-dns"}),
    }
    rule = {"to": [peer]} | ({"ports": ports} if ports else {})
    rules = ask(policy({"egress": [rule], "policyTypes": ["Egress"]}), neighbours=(DNS,))
    for protocol in ("tcp", "udp"):
        assert rules.passes(Packet(WEB, NODE, 53, protocol), "to_the_node")
        assert not rules.passes(Packet(WEB, NODE, 54, protocol), "to_the_node")


def test_a_neighbour_is_never_closed() -> None:
    rules = ask(policy({"policyTypes": ["Ingress"]}, "kube-system"), neighbours=(DNS,))
    assert rules.sets["closed_in"] == set()


@pytest.mark.parametrize(
    ("spec", "closed_in", "closed_out"),
    [
        ({}, True, False),
        ({"egress": []}, True, False),
        ({"egress": [{}]}, True, True),
        ({"policyTypes": ["Egress"]}, False, True),
    ],
)
def test_directions_that_are_not_named(spec: Json, closed_in: bool, closed_out: bool) -> None:
    rules = ask(policy(spec))
    assert (WEB in rules.sets["closed_in"]) is closed_in
    assert (WEB in rules.sets["closed_out"]) is closed_out


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param(pod(None), id="without an address"),
        pytest.param(pod(WEB, status={"phase": "Succeeded", "podIP": WEB}), id="ended"),
        pytest.param(pod(WEB, status={"phase": "Failed", "podIP": WEB}), id="failed"),
        pytest.param(pod("fd00::1"), id="of IPv6"),
        pytest.param(pod(WEB, spec={"hostNetwork": True, "containers": []}), id="of the node"),
    ],
)
def test_pods_that_nobody_can_meet(gone: Json) -> None:
    assert endpoints([gone], [], []) == []


def test_the_address_of_ipv4_is_found_beside_another() -> None:
    both = pod(None, status={"podIP": "fd00::1", "podIPs": [{"ip": "fd00::1"}, {"ip": WEB}]})
    assert endpoints([both], [], []) == [Endpoint(WEB, "shop", {}, {}, {})]


def test_named_ports_of_sidecars_count_and_those_of_init_containers_do_not() -> None:
    containers = [
        {"restartPolicy": "Always", "ports": [{"name": "side", "containerPort": 1}]},
        {"ports": [{"name": "once", "containerPort": 2}]},
    ]
    [found] = endpoints([pod(WEB, spec={"containers": [], "initContainers": containers})], [], [])
    assert found.named_ports == {("TCP", "side"): 1}


def test_the_text_does_not_depend_on_the_order_of_things() -> None:
    policies = [DENY, policy({"ingress": [{"from": [{"podSelector": {}}]}]})]
    first = compile_rules(policies, NAMESPACES, PODS)
    mixed = random.Random(7).sample(PODS, len(PODS))
    assert compile_rules(policies[::-1], NAMESPACES[::-1], mixed) == first


def test_a_neighbour_on_the_command_line() -> None:
    assert Neighbour.parse("10.244.0.1:53=kube-system/k8s-app=kube-dns,tier=base") == Neighbour(
        NODE, 53, {"k8s-app": "kube-dns", "tier": "base"}, "kube-system"
    )


@pytest.mark.parametrize(
    "text",
    ["", "10.244.0.1", "dns:53=a/b=c", "10.244.0.1:x=a/b=c", "10.244.0.1:53=a", "[::1]:53=a/b=c"],
)
def test_a_bad_neighbour_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write ADDRESS:PORT=NAMESPACE/KEY=VALUE"):
        Neighbour.parse(text)
