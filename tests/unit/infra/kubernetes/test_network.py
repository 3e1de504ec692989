from typing import Any

import pytest

from infra.contract import Platform, StageFile
from infra.kubernetes.network import NetworkArgs, policies

STAGE = StageFile.parse(
    """
services:
  web: {image: 'w:{sha}', port: 8080, route: /}
  api: {image: 'a:{sha}', port: 9090, egress: ['10.0.5.0/24:5432']}
"""
)


def compiled(**platform: object) -> dict[str, Any]:
    settings = Platform.model_validate({"domain": "preview.test", **platform})
    return policies(NetworkArgs("pr-7", {}, STAGE, settings))


def test_everything_is_denied_first() -> None:
    assert compiled()["default-deny"] == {
        "pod_selector": {},
        "policy_types": ["Ingress", "Egress"],
    }


def test_only_routed_services_are_open_to_the_ingress_and_only_from_there() -> None:
    found = compiled(ingress_sources=("10.244.0.1/32", "traefik"))
    assert "ingress-api" not in found
    (rule,) = found["ingress-web"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 8080}]
    assert rule["from_"] == [
        {"ip_block": {"cidr": "10.244.0.1/32"}},
        {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "traefik"}}},
    ]


def test_dns_goes_only_to_the_named_servers() -> None:
    (rule,) = compiled(dns_servers=("10.96.0.10/32",))["dns"]["egress"]
    assert rule["to"] == [{"ip_block": {"cidr": "10.96.0.10/32"}}]
    assert {(port["protocol"], port["port"]) for port in rule["ports"]} == {
        ("UDP", 53),
        ("TCP", 53),
    }


def test_telemetry_is_opened_only_where_it_is_sent() -> None:
    assert "telemetry" not in compiled()
    found = compiled(otlp_endpoint="http://c:4318", otlp_egress=("10.244.0.1/32:4318",))
    assert found["telemetry"]["egress"] == [
        {
            "to": [{"ip_block": {"cidr": "10.244.0.1/32"}}],
            "ports": [{"protocol": "TCP", "port": 4318}],
        }
    ]


@pytest.mark.parametrize(
    ("endpoint", "port"),
    [("http://c:4318", 4318), ("https://otlp.test", 443), ("http://otlp.test/v1", 80)],
)
def test_without_known_destinations_the_endpoints_port_is_open(endpoint: str, port: int) -> None:
    assert compiled(otlp_endpoint=endpoint)["telemetry"]["egress"] == [
        {"ports": [{"protocol": "TCP", "port": port}]}
    ]


def test_a_service_reaches_only_its_own_destinations_outside() -> None:
    found = compiled()
    assert "egress-web" not in found
    assert found["egress-api"]["egress"] == [
        {
            "to": [{"ip_block": {"cidr": "10.0.5.0/24"}}],
            "ports": [{"protocol": "TCP", "port": 5432}],
        }
    ]
