"""Who may talk to whom: everything is denied, and then opened for what the services need."""

from __future__ import annotations

import dataclasses
import ipaddress
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from infra import naming
from infra.contract import Platform, StageFile
from infra.kubernetes.objects import metadata

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import LabelSelectorArgsDict
    from pulumi_kubernetes.networking.v1 import (
        NetworkPolicyEgressRuleArgsDict,
        NetworkPolicyIngressRuleArgsDict,
        NetworkPolicyPeerArgsDict,
        NetworkPolicySpecArgsDict,
    )


@dataclasses.dataclass(frozen=True)
class NetworkArgs:
    """What the policies are made from."""

    name: str
    labels: Mapping[str, str]
    stage: StageFile
    platform: Platform


def destination(text: str) -> NetworkPolicyEgressRuleArgsDict:
    """An egress rule for `network/bits:port`, by TCP."""
    cidr, _, port = text.rpartition(":")
    return {
        "to": [{"ip_block": {"cidr": cidr}}],
        "ports": [{"protocol": "TCP", "port": int(port)}],
    }


def source(text: str) -> NetworkPolicyPeerArgsDict:
    """An ingress peer: a network, or else the namespace of that name."""
    try:
        return {"ip_block": {"cidr": str(ipaddress.ip_network(text))}}
    except ValueError:
        return {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": text}}}


def policies(args: NetworkArgs) -> dict[str, NetworkPolicySpecArgsDict]:
    """The specification of each policy, by name; pure."""
    everything: LabelSelectorArgsDict = {}
    specs: dict[str, NetworkPolicySpecArgsDict] = {
        "default-deny": {"pod_selector": everything, "policy_types": ["Ingress", "Egress"]},
        "within": {
            "pod_selector": everything,
            "policy_types": ["Ingress", "Egress"],
            "ingress": [{"from_": [{"pod_selector": everything}]}],
            "egress": [{"to": [{"pod_selector": everything}]}],
        },
        "dns": {
            "pod_selector": everything,
            "policy_types": ["Egress"],
            "egress": [
                {
                    "to": [{"ip_block": {"cidr": cidr}} for cidr in args.platform.dns_servers],
                    "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
                }
            ],
        },
    }
    if args.platform.otlp_endpoint:
        specs["telemetry"] = {
            "pod_selector": everything,
            "policy_types": ["Egress"],
            # Without known destinations the endpoint's port is open to all: where a name leads
            # is not known here, and a policy that drops all telemetry would never be noticed.
            "egress": [destination(text) for text in args.platform.otlp_egress]
            or [{"ports": [{"protocol": "TCP", "port": _port(args.platform.otlp_endpoint)}]}],
        }
    for name, service in args.stage.services.items():
        if service.route is not None:
            specs[f"ingress-{name}"] = _from_ingress(name, service.port, args.platform)
    for name, workload in _workloads(args.stage):
        if workload:
            label = naming.LABEL_SERVICE if name in args.stage.services else naming.LABEL_JOB
            specs[f"egress-{name}"] = {
                "pod_selector": {"match_labels": {label: name}},
                "policy_types": ["Egress"],
                "egress": [destination(text) for text in workload],
            }
    return specs


def _port(endpoint: str) -> int:
    parts = urllib.parse.urlsplit(endpoint)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _from_ingress(service: str, port: int, platform: Platform) -> NetworkPolicySpecArgsDict:
    rule: NetworkPolicyIngressRuleArgsDict = {"ports": [{"protocol": "TCP", "port": port}]}
    # Without known sources the port is open to all: the controller may be anywhere.
    if platform.ingress_sources:
        rule["from_"] = [source(text) for text in platform.ingress_sources]
    return {
        "pod_selector": {"match_labels": {naming.LABEL_SERVICE: service}},
        "policy_types": ["Ingress"],
        "ingress": [rule],
    }


def _workloads(stage: StageFile) -> Iterable[tuple[str, tuple[str, ...]]]:
    for name, service in stage.services.items():
        yield name, service.egress
    for name, job in stage.jobs.items():
        yield name, job.egress


class Network(pulumi.ComponentResource):
    """The NetworkPolicies of an environment."""

    policies: list[pulumi.Resource]

    def __init__(self, args: NetworkArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("understudy:kubernetes:Network", args.name, {}, opts)
        self.policies = [
            kubernetes.networking.v1.NetworkPolicy(
                f"{args.name}-{name}",
                metadata=metadata(name, args.labels, args.name),
                spec=spec,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for name, spec in policies(args).items()
        ]
        self.register_outputs({})
