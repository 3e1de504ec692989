"""The bot's questions to AWS, put to the simulated one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import botocore.config
import botocore.parsers
import pytest

from bot import aws_api, errors
from infra import naming
from tests.contract.world.aws.accounts import Account, policy_config
from tests.world.aws.process import CREDENTIALS, running

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient
    from mypy_boto3_ec2 import EC2Client

REGION = "us-east-1"
NAME = "pr-7-shop-abcdef"
OTHER = "pr-8-shop-abcdef"
Look = list[tuple[str, str]]


@pytest.fixture(scope="module", autouse=True)
def credentials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with running(deploy_seconds=0.05) as address:
        yield address


@pytest.fixture(scope="module")
def cloudfront(endpoint: str) -> CloudFrontClient:
    return aws_api.cloudfront(REGION, endpoint)


@pytest.fixture(scope="module")
def ec2(endpoint: str) -> EC2Client:
    return aws_api.ec2(REGION, endpoint)


@pytest.fixture
def account(cloudfront: CloudFrontClient) -> Iterator[Account]:
    one = Account(cloudfront)
    one.clear()
    yield one
    one.clear()


def remnants(source: Any, name: str = NAME) -> Look:
    return [(found.kind, found.name) for listing in source.look(name) for found in listing.remnants]


# -- CloudFront -----------------------------------------------------------------------------------


def staging(account: Account, name: str, *, comment: str = "", tagged: bool = False) -> Any:
    made = account.create(Staging=True, Comment=comment)
    if tagged:
        account.client.tag_resource(
            Resource=made["ARN"],
            Tags={"Items": [{"Key": naming.TAG_ENVIRONMENT, "Value": name}]},
        )
    return made


def header_rule(name: str) -> Any:
    rule = {"Header": naming.edge_header(name), "Value": "secret"}
    return {"Type": "SingleHeader", "SingleHeaderConfig": rule}


def test_aws_tells_who_is_asking(endpoint: str) -> None:
    assert aws_api.caller(REGION, endpoint).startswith("arn:aws:")


def test_who_is_asking_is_not_told_by_nobody() -> None:
    with pytest.raises(errors.UnreachableError, match="STS did not answer"):
        aws_api.caller(REGION, "http://127.0.0.1:1")


def test_a_distribution_that_is_not_there_has_no_status(cloudfront: CloudFrontClient) -> None:
    assert aws_api.status(cloudfront, "ENOWHERE") is None


def test_a_whole_edge_route_is_found(account: Account) -> None:
    primary = account.create()
    mine = staging(account, NAME, comment=naming.edge_comment(NAME), tagged=True)
    policy = account.policy(mine["DomainName"], TrafficConfig=header_rule(NAME))
    account.update(primary["Id"], ContinuousDeploymentPolicyId=policy)
    source = aws_api.EdgeListing(account.client, primary["Id"])
    assert [listing.what for listing in source.look(NAME)] == [
        "CloudFront distributions",
        "CloudFront policies",
        "attachment to the primary distribution",
    ]
    assert remnants(source) == [
        ("Distribution", mine["Id"]),
        ("Policy", policy),
        ("Attachment", f"{primary['Id']}/{policy}"),
    ]
    assert remnants(source, OTHER) == []


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"comment": naming.edge_comment(NAME)}, id="by comment"),
        pytest.param({"tagged": True}, id="by tag"),
    ],
)
def test_a_distribution_is_found(account: Account, how: dict[str, Any]) -> None:
    staging(account, OTHER, comment=naming.edge_comment(OTHER), tagged=True)
    mine = staging(account, NAME, **how)
    source = aws_api.EdgeListing(account.client, "EGONE")
    assert remnants(source) == [("Distribution", mine["Id"])]


def test_a_primary_that_took_over_a_comment_by_promotion_is_no_remnant(account: Account) -> None:
    primary = account.create(Comment=naming.edge_comment(NAME))
    assert remnants(aws_api.EdgeListing(account.client, primary["Id"])) == []


def test_a_policy_is_found_by_the_distribution_that_it_leads_to(account: Account) -> None:
    mine = staging(account, NAME, tagged=True)
    policy = account.policy(mine["DomainName"], TrafficConfig=header_rule("somebody-else"))
    source = aws_api.EdgeListing(account.client, "EGONE")
    assert ("Policy", policy) in remnants(source)


def test_many_policies_are_read_to_their_end(cloudfront: CloudFrontClient) -> None:
    class Pages:
        exceptions = cloudfront.exceptions
        get_paginator = cloudfront.get_paginator
        get_distribution_config = cloudfront.get_distribution_config

        def list_continuous_deployment_policies(self, Marker: str = "") -> Any:  # noqa: N803
            number = int(Marker or 0)
            config = policy_config("d.test", TrafficConfig=header_rule(NAME))
            one = {"Id": f"P{number}", "ContinuousDeploymentPolicyConfig": config}
            page: dict[str, Any] = {"Items": [{"ContinuousDeploymentPolicy": one}]}
            if number < 2:
                page["NextMarker"] = str(number + 1)
            return {"ContinuousDeploymentPolicyList": page}

    source = aws_api.EdgeListing(Pages(), "EGONE")  # type: ignore[arg-type]
    assert remnants(source) == [("Policy", "P0"), ("Policy", "P1"), ("Policy", "P2")]


def test_deployed_is_told_of_what_exists(account: Account) -> None:
    edge = aws_api.CloudEdge(account.client)
    assert edge.deployed(account.create()["Id"]) is True
    assert edge.deployed("EGONE") is False


# -- EC2 ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def image(ec2: EC2Client) -> str:
    return ec2.describe_images(Filters=[{"Name": "name", "Values": ["al2023-ami-*"]}])["Images"][0][
        "ImageId"
    ]


@pytest.fixture
def instance(ec2: EC2Client, image: str) -> Iterator[Any]:
    """Starts instances with tags; they end with the test."""
    started: list[str] = []

    def start(**tags: str) -> str:
        entries: Any = [{"Key": key, "Value": value} for key, value in tags.items()]
        answer = ec2.run_instances(
            ImageId=image,
            InstanceType="m5.large",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": entries}],
        )
        started.append(answer["Instances"][0]["InstanceId"])
        return started[-1]

    yield start
    if started:
        ec2.terminate_instances(InstanceIds=started)


@pytest.mark.parametrize("tag", [aws_api.TAG_NODE_POOL, naming.TAG_ENVIRONMENT])
def test_an_instance_is_found_until_it_is_terminated(
    ec2: EC2Client, instance: Any, tag: str
) -> None:
    mine = instance(**{tag: NAME})
    instance(**{tag: OTHER})
    source = aws_api.InstanceListing(ec2)
    assert remnants(source) == [("Instance", mine)]
    ec2.stop_instances(InstanceIds=[mine])
    assert remnants(source) == [("Instance", mine)]
    ec2.terminate_instances(InstanceIds=[mine])
    assert remnants(source) == []
    assert [listing.what for listing in source.look(NAME)] == ["EC2 instances"]


def test_another_clusters_instances_are_not_ours(ec2: EC2Client, instance: Any) -> None:
    mine = instance(**{aws_api.TAG_NODE_POOL: NAME, aws_api.TAG_CLUSTER: "staging"})
    instance(**{aws_api.TAG_NODE_POOL: NAME, aws_api.TAG_CLUSTER: "another"})
    nobodys = instance(**{aws_api.TAG_NODE_POOL: NAME})
    found = remnants(aws_api.InstanceListing(ec2, "staging"))
    assert sorted(found) == sorted([("Instance", mine), ("Instance", nobodys)])


# -- No answer ------------------------------------------------------------------------------------


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(
        aws_api, "BOUNDS", botocore.config.Config(retries={"total_max_attempts": 1})
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_cloudfront_that_does_not_answer_proves_nothing(closed: str) -> None:
    client = aws_api.cloudfront(REGION, closed)
    with pytest.raises(errors.UnreachableError, match="CloudFront did not answer"):
        list(aws_api.EdgeListing(client, "E1").look(NAME))
    with pytest.raises(errors.UnreachableError, match="CloudFront did not answer"):
        aws_api.CloudEdge(client).deployed("E1")


def test_an_ec2_that_does_not_answer_proves_nothing(closed: str) -> None:
    with pytest.raises(errors.UnreachableError, match="EC2 did not answer"):
        list(aws_api.InstanceListing(aws_api.ec2(REGION, closed)).look(NAME))


def test_every_wait_is_bounded(cloudfront: CloudFrontClient, ec2: EC2Client) -> None:
    for client in (cloudfront, ec2):
        config: Any = client.meta.config
        assert (config.connect_timeout, config.read_timeout) == (3, 10)
        assert config.retries["total_max_attempts"] == 3


def test_an_answer_that_was_cut_short_is_no_answer() -> None:
    with (
        pytest.raises(errors.UnreachableError, match="EC2 did not answer"),
        aws_api.reachable("EC2"),
    ):
        raise botocore.parsers.ResponseParserError("Unable to parse response: no element found")
