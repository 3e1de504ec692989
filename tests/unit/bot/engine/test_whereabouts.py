"""Where what was made is found; CloudFront is the simulated one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from bot import errors
from bot.engine import whereabouts
from infra import naming
from infra.identity import EnvironmentKey
from tests.unit.bot.engine.cluster import Cluster
from tests.world.aws.process import CREDENTIALS, running
from tests.world.aws.seed import primary_config

NAME = "pr-7-shop-d21b2c"
PROVIDER = "urn:pulumi:s::p::pulumi:providers:aws::aws"


def kubernetes(**metadata: Any) -> dict[str, Any]:
    return {"type": "kubernetes:core/v1:Namespace", "inputs": {"metadata": metadata}}


@pytest.mark.parametrize(
    ("resource", "identifier"),
    [
        (kubernetes(name="a", namespace="n"), "n/a"),
        (
            {"type": whereabouts.ATTACHMENT, "inputs": {"primaryId": "E1", "policyId": "p"}},
            "E1/p",
        ),
    ],
)
def test_most_ids_follow_from_what_was_to_be_made(
    resource: dict[str, Any], identifier: str
) -> None:
    assert whereabouts.find(resource, {}) == identifier


KEY = EnvironmentKey("acme/shop", 7)
OTHER = EnvironmentKey("acme/other", 7)
OURS = {
    "name": NAME,
    "labels": {naming.LABEL_ENVIRONMENT: NAME},
    "annotations": naming.owner_annotations(KEY, "bot"),
}


@pytest.mark.parametrize(
    ("there", "identifier"),
    [
        (OURS, NAME),
        (None, None),
        ({"name": NAME}, None),
        ({**OURS, "annotations": naming.owner_annotations(KEY, "hand")}, None),
        ({**OURS, "annotations": naming.owner_annotations(OTHER, "bot")}, None),
    ],
)
def test_a_namespace_is_found_where_it_says_that_it_is_ours(
    cluster: Cluster, tmp_path: Path, there: dict[str, Any] | None, identifier: str | None
) -> None:
    if there is not None:
        cluster.objects[f"/api/v1/namespaces/{NAME}"] = {"metadata": there}
    urn = "urn:pulumi:s::p::pulumi:providers:kubernetes::cluster"
    provider = {"urn": urn, "id": "i", "inputs": {"kubeconfig": cluster.kubeconfig(tmp_path)}}
    wanted = {**kubernetes(**OURS), "provider": f"{urn}::i"}
    assert whereabouts.find(wanted, {"resources": [provider]}) == identifier
    cluster.away = True
    with pytest.raises(errors.UnreachableError):
        whereabouts.find(wanted, {"resources": [provider]})


@pytest.mark.parametrize(
    "resource",
    [
        {"type": "aws:s3:Bucket"},
        {"type": "kubernetes:rbac/v1:ClusterRole", "inputs": {"metadata": {"name": "a"}}},
    ],
)
def test_a_type_that_nobody_thought_of_is_an_error_that_says_what_to_do(
    resource: dict[str, Any],
) -> None:
    with pytest.raises(errors.EngineError, match="pulumi refresh"):
        whereabouts.find({**resource, "urn": "urn:x"}, {})


class Account:
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.client: Any = boto3.client("cloudfront", endpoint_url=endpoint)

    def distribution(self, name: str) -> str:
        config = primary_config("shop.test", "arn:aws:acm:us-east-1:1:certificate/p", "p.test", 80)
        config |= {"CallerReference": name, "Staging": True, "Aliases": {"Quantity": 0}}
        tags = {"Items": [{"Key": naming.TAG_ENVIRONMENT, "Value": name}]}
        made = self.client.create_distribution_with_tags(
            DistributionConfigWithTags={"DistributionConfig": config, "Tags": tags}
        )
        return str(made["Distribution"]["Id"])

    def policy(self, name: str) -> str:
        staging = self.client.get_distribution(Id=self.distribution(name))["Distribution"]
        rule = {"Header": naming.edge_header(name), "Value": "v"}
        made = self.client.create_continuous_deployment_policy(
            ContinuousDeploymentPolicyConfig={
                "Enabled": True,
                "StagingDistributionDnsNames": {
                    "Quantity": 1,
                    "Items": [staging["DomainName"]],
                },
                "TrafficConfig": {"Type": "SingleHeader", "SingleHeaderConfig": rule},
            }
        )
        return str(made["ContinuousDeploymentPolicy"]["Id"])

    def deployment(self, *known: str) -> dict[str, Any]:
        inputs = {"region": "us-east-1", "endpoints": json.dumps([{"cloudfront": self.endpoint}])}
        provider = {"urn": PROVIDER, "id": "i", "inputs": inputs}
        return {"resources": [provider, *({"urn": "u", "id": one} for one in known)]}


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with pytest.MonkeyPatch.context() as patch, running(0.05) as endpoint:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield Account(endpoint)


@pytest.mark.slow
def test_a_distribution_is_found_by_its_tag(account: Account) -> None:
    made = account.distribution(NAME)
    account.distribution("pr-8-other-000000")
    tags = {naming.TAG_ENVIRONMENT: NAME}
    wanted: dict[str, Any] = {"type": whereabouts.DISTRIBUTION, "provider": f"{PROVIDER}::i"}
    wanted |= {"inputs": {"tags": tags}}
    assert whereabouts.find(wanted, account.deployment()) == made
    # It is the old one of a replacement: the new one was not made.
    assert whereabouts.find(wanted, account.deployment(made)) is None


@pytest.mark.slow
def test_a_policy_is_found_by_its_header(account: Account) -> None:
    made = account.policy("pr-9-shop-d21b2c")
    rule = {"singleHeaderConfig": {"header": naming.edge_header("pr-9-shop-d21b2c")}}
    wanted: dict[str, Any] = {"type": whereabouts.POLICY, "provider": f"{PROVIDER}::i"}
    wanted |= {"inputs": {"trafficConfig": rule}}
    assert whereabouts.find(wanted, account.deployment()) == made
    assert whereabouts.find(wanted, account.deployment(made)) is None
