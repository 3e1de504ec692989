"""The policies that every environment gets, on real packets: what is to pass passes, no more."""

import pytest

from infra import naming
from infra.contract import Platform
from tests.contract.world.netpol.conftest import API, DNS, OTHER, OTLP, PORT, WEB
from tests.contract.world.netpol.environments import environment_policies
from tests.contract.world.netpol.network import NODE, TCP, UDP, Network
from tests.unit.world.netpol.objects import namespace, pod
from tests.world.netpol import compile_rules

NAME = "pr-shop-7"
PLATFORM = Platform(
    domain="preview.test",
    ingress_sources=(f"{NODE}/32",),
    dns_servers=(f"{NODE}/32",),
    otlp_endpoint=f"http://{NODE}:{OTLP}",
    otlp_egress=(f"{NODE}/32:{OTLP}",),
)
PODS = [
    pod(WEB, NAME, {naming.LABEL_SERVICE: "web"}),
    pod(API, NAME, {naming.LABEL_SERVICE: "api"}),
    pod(OTHER, "production", {naming.LABEL_SERVICE: "web"}),
]


@pytest.fixture
def environment(network: Network) -> Network:
    """The network with an environment's policies in force."""
    found = environment_policies(NAME, PLATFORM)
    network.load(compile_rules(found, [namespace(NAME), namespace("production")], PODS))
    return network


def test_services_talk_to_each_other_and_are_served(environment: Network) -> None:
    assert environment.reaches(WEB, API, PORT)
    assert environment.reaches(NODE, WEB, PORT), "the ingress controller"


def test_dns_and_telemetry_pass(environment: Network) -> None:
    assert environment.reaches(WEB, NODE, DNS, UDP)
    assert environment.reaches(WEB, NODE, DNS, TCP)
    assert environment.reaches(API, NODE, OTLP)


def test_everything_else_is_denied(environment: Network) -> None:
    assert not environment.reaches(WEB, OTHER, PORT), "production"
    assert not environment.reaches(OTHER, API, PORT), "from production"
    assert not environment.reaches(WEB, NODE, 6443), "the API server"


def test_production_is_as_open_as_before(environment: Network) -> None:
    assert environment.reaches(OTHER, NODE, 6443)
    assert environment.reaches(NODE, OTHER, PORT)
