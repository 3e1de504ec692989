"""What the compiled rules do to real packets."""

import pytest

from tests.contract.world.netpol.conftest import API, DNS, OTHER, OTLP, PORT, WEB
from tests.contract.world.netpol.network import NODE, UDP, Network
from tests.unit.world.netpol.objects import Json, labelled, namespace, pod, policy
from tests.world.netpol import compile_rules

PODS = [
    pod(WEB, labels={"app": "web"}, ports={"http": PORT}),
    pod(API, labels={"app": "api"}, ports={"http": 9090}),
    pod(OTHER, "other", labels={"app": "web"}),
]
NAMESPACES = [namespace("shop"), namespace("other")]
DENY = policy({"policyTypes": ["Ingress", "Egress"]})
SERVICE = "10.96.0.10"


def enforce(network: Network, *policies: Json) -> None:
    network.load(compile_rules(policies, NAMESPACES, PODS))


@pytest.mark.parametrize("policies", [None, []], ids=["without a table", "without policies"])
def test_the_network_itself_is_open(network: Network, policies: list[Json] | None) -> None:
    if policies is not None:
        enforce(network)
    assert network.reaches(WEB, API, PORT)
    assert network.reaches(OTHER, WEB, 5353, UDP)
    assert network.reaches(WEB, NODE, OTLP)
    assert network.reaches(NODE, WEB, PORT)


def test_denied_traffic_fails_in_every_direction(network: Network) -> None:
    enforce(network, DENY)
    assert not network.reaches(WEB, API, PORT)
    assert not network.reaches(WEB, API, 5353, UDP)
    assert not network.reaches(OTHER, WEB, PORT)
    assert not network.reaches(WEB, OTHER, PORT)
    assert not network.reaches(WEB, NODE, OTLP)
    assert not network.reaches(WEB, NODE, DNS, UDP)


def test_a_node_reaches_its_pods_and_others_stay_open(network: Network) -> None:
    enforce(network, DENY)
    assert network.reaches(NODE, WEB, PORT)
    assert network.reaches(NODE, API, 5353, UDP)
    assert network.reaches(OTHER, NODE, OTLP)


def test_a_namespace_talks_within_and_to_nobody_else(network: Network) -> None:
    everyone: list[Json] = [{"podSelector": {}}]
    enforce(network, DENY, policy({"ingress": [{"from": everyone}], "egress": [{"to": everyone}]}))
    assert network.reaches(WEB, API, PORT)
    assert network.reaches(API, WEB, 5353, UDP)
    assert not network.reaches(OTHER, API, PORT)
    assert not network.reaches(API, OTHER, PORT)


def test_egress_to_the_node_opens_one_port(network: Network) -> None:
    rule = {"to": [{"ipBlock": {"cidr": f"{NODE}/32"}}], "ports": [{"port": OTLP}]}
    enforce(network, DENY, policy({"policyTypes": ["Egress"], "egress": [rule]}))
    assert network.reaches(WEB, NODE, OTLP)
    assert not network.reaches(WEB, NODE, 6443)
    assert not network.reaches(WEB, NODE, DNS, UDP)


def test_one_sided_permission_is_none(network: Network) -> None:
    enforce(network, DENY, policy({"ingress": [{"from": [{"podSelector": {}}]}]}))
    assert not network.reaches(WEB, API, PORT)


def test_a_named_port_is_each_pods_own(network: Network) -> None:
    enforce(network, policy({"ingress": [{"ports": [{"port": "http"}]}]}))
    assert network.reaches(OTHER, WEB, PORT)
    assert not network.reaches(OTHER, WEB, 9090)
    assert network.reaches(OTHER, API, 9090)
    assert not network.reaches(OTHER, API, PORT)


def test_only_the_protocol_that_is_allowed(network: Network) -> None:
    enforce(network, policy({"ingress": [{"ports": [{"protocol": "UDP"}]}]}))
    assert network.reaches(OTHER, WEB, 5353, UDP)
    assert not network.reaches(OTHER, WEB, PORT)


def test_a_connection_that_was_allowed_goes_on_after_its_policy_went(network: Network) -> None:
    enforce(network)  # the kernel tracks connections since somebody asks about them
    with network.connected(WEB, API, PORT) as connection:
        assert connection is not None
        assert network.answers(connection)
        enforce(network, DENY)
        assert network.answers(connection)
    assert not network.reaches(WEB, API, PORT)


@pytest.fixture
def service(network: Network) -> Network:
    """A service's address that leads to one pod, as kube-proxy writes it."""
    network.inside(NODE, "iptables -t nat -F")
    rule = f"PREROUTING -d {SERVICE}/32 -p tcp --dport 80 -j DNAT --to-destination {API}:{PORT}"
    network.inside(NODE, f"iptables -t nat -A {rule}")
    masquerade = f"POSTROUTING -s {API}/32 -d {API}/32 -j MASQUERADE"
    network.inside(NODE, f"iptables -t nat -A {masquerade}")
    return network


def test_a_services_address_is_judged_by_the_pod_behind_it(service: Network) -> None:
    enforce(service, policy({"podSelector": labelled(app="api"), "policyTypes": ["Ingress"]}))
    assert not service.reaches(WEB, SERVICE, 80)
    rule = {"from": [{"podSelector": labelled(app="web")}], "ports": [{"port": PORT}]}
    enforce(service, policy({"podSelector": labelled(app="api"), "ingress": [rule]}))
    assert service.reaches(WEB, SERVICE, 80)
    assert not service.reaches(OTHER, SERVICE, 80)


def test_a_pod_reaches_itself_through_its_service(service: Network) -> None:
    enforce(service, DENY)
    assert service.reaches(API, SERVICE, 80)
    assert not service.reaches(WEB, SERVICE, 80)


def test_link_local_addresses_are_no_way_round(network: Network) -> None:
    address = network.listen_ipv6(API, 5454)
    assert network.reaches_ipv6(WEB, address, 5454)
    enforce(network, DENY)
    assert not network.reaches_ipv6(WEB, address, 5454)
