"""The AWS stand-in and the shipped provider under the real engine, on the simulated CloudFront."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi import automation as auto

from infra.cloudfront.attachment import EdgeAttachment, UnderstudyProvider
from infra.cloudfront.mirror import mirror
from tests.contract.world.plugins.conftest import Edge, MakeStack, changed

# A program that fails leaves the Automation API's event loop and sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

Program = Callable[[], None]


@pytest.fixture
def stack(
    make_stack: MakeStack, edge: Edge, launcher: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Program], auto.Stack]]:
    """Make the test's stack with this program, and take away what it made."""
    monkeypatch.setenv("PATH", f"{launcher}{os.pathsep}{os.environ['PATH']}")
    yield make_stack
    make_stack(lambda: None).destroy()
    assert edge.staging() == edge.policies() == []


def amazon(edge: Edge) -> pulumi.ResourceOptions:
    """The provider as the shipped program configures it."""
    provider = aws.Provider(
        "aws",
        region="us-east-1",
        endpoints=[{"cloudfront": edge.endpoint, "sts": edge.endpoint}],
        skip_credentials_validation=True,
        skip_requesting_account_id=True,
        skip_metadata_api_check=True,
    )
    return pulumi.ResourceOptions(provider=provider)


def staging(edge: Edge, options: pulumi.ResourceOptions, **changes: Any) -> Any:
    """A staging distribution like the primary."""
    config = edge.client.get_distribution_config(Id=edge.primary_id)["DistributionConfig"]
    arguments = {**mirror(config, "pr-7.preview.test", "http", 8000), "comment": "pr-7", **changes}
    return aws.cloudfront.Distribution("pr-7", **arguments, opts=options)


def policy(options: pulumi.ResourceOptions, distribution: Any, value: str = "sesame") -> Any:
    """A policy that leads to it by a header."""
    return aws.cloudfront.ContinuousDeploymentPolicy(
        "pr-7",
        enabled=True,
        staging_distribution_dns_names={"quantity": 1, "items": [distribution.domain_name]},
        traffic_config={
            "type": "SingleHeader",
            "single_header_config": {
                "header": "aws-cf-cd-pr-7",
                "value": pulumi.Output.secret(value),
            },
        },
        opts=options,
    )


def test_the_outputs_are_those_of_the_official_plugin(
    stack: Callable[[Program], auto.Stack], edge: Edge
) -> None:
    def program() -> None:
        made = staging(edge, amazon(edge), tags={"environment": "pr-7"})
        for name in ("arn", "domain_name", "etag", "hosted_zone_id", "status", "tags_all"):
            pulumi.export(name, getattr(made, name))
        pulumi.export("id", made.id)

    found = {name: output.value for name, output in stack(program).up().outputs.items()}
    live = edge.client.get_distribution(Id=found["id"])
    assert found["arn"] == live["Distribution"]["ARN"]
    assert found["domain_name"] == live["Distribution"]["DomainName"]
    assert found["etag"] == live["ETag"]
    assert found["hosted_zone_id"] == "Z2FDTNDATAQYW2"
    # It was waited for, as the official plugin does unless told otherwise.
    assert found["status"] == "Deployed"
    assert found["tags_all"] == {"environment": "pr-7"}
    tags = edge.client.list_tags_for_resource(Resource=found["arn"])["Tags"]["Items"]
    assert tags == [{"Key": "environment", "Value": "pr-7"}]


@pytest.mark.slow
def test_changes_are_made_in_place_and_staging_is_replaced(
    stack: Callable[[Program], auto.Stack], edge: Edge
) -> None:
    def program(value: str = "sesame", **changes: Any) -> Program:
        def run() -> None:
            options = amazon(edge)
            made = staging(edge, options, **changes)
            if value:
                policy(options, made, value)

        return run

    stack(program(tags={"a": "1", "b": "2"})).up()
    [before], [first] = edge.staging(), edge.policies()
    updated = stack(program("other", comment="changed", tags={"a": "3"})).up()
    assert changed(updated.summary.resource_changes) == {"update": 2}
    [after], [second] = edge.staging(), edge.policies()
    assert (before["Id"], first["Id"]) == (after["Id"], second["Id"])
    assert after["Comment"] == "changed"
    config = second["ContinuousDeploymentPolicyConfig"]
    assert config["TrafficConfig"]["SingleHeaderConfig"]["Value"] == "other"
    tags = edge.client.list_tags_for_resource(Resource=after["ARN"])["Tags"]["Items"]
    assert tags == [{"Key": "a", "Value": "3"}]

    stack(program("")).up()
    replaced = stack(program("", staging=False)).up()
    assert changed(replaced.summary.resource_changes) == {"replace": 1}
    [other] = edge.staging()
    assert other["Id"] != after["Id"]
    assert not other["Staging"]


@pytest.mark.slow
def test_a_refresh_sees_a_foreign_change_and_what_is_gone_is_deleted(
    stack: Callable[[Program], auto.Stack], edge: Edge
) -> None:
    def program() -> None:
        staging(edge, amazon(edge))

    made = stack(program)
    made.up()
    [live] = edge.staging()
    edge.change(live["Id"], Comment="by hand")
    seen = made.refresh()
    assert changed(seen.summary.resource_changes) == {"update": 1}
    mended = stack(program).up()
    assert changed(mended.summary.resource_changes) == {"update": 1}
    assert edge.staging()[0]["Comment"] == "pr-7"

    edge.take_away(live["Id"])
    gone = stack(program).destroy()
    assert gone.summary.result == "succeeded"


@pytest.mark.slow
def test_a_distribution_that_is_retained_is_only_disabled(
    stack: Callable[[Program], auto.Stack], edge: Edge
) -> None:
    def program() -> None:
        staging(edge, amazon(edge), retain_on_delete=True)

    made = stack(program)
    made.up()
    made.destroy()
    [left] = edge.staging()
    assert not left["Enabled"]
    edge.take_away(left["Id"])


@pytest.mark.slow
def test_a_distribution_that_exists_is_imported(
    stack: Callable[[Program], auto.Stack], edge: Edge
) -> None:
    def program(identifier: str | None) -> Program:
        def run() -> None:
            options = amazon(edge)
            taken = pulumi.ResourceOptions(import_=identifier) if identifier else None
            staging(edge, pulumi.ResourceOptions.merge(options, taken))

        return run

    config = edge.client.get_distribution_config(Id=edge.primary_id)["DistributionConfig"]
    own = {"CallerReference": "by hand", "Comment": "pr-7", "Staging": True, "Aliases": None}
    wanted = {key: value for key, value in (config | own).items() if value is not None}
    [origin] = wanted["Origins"]["Items"]
    origin["DomainName"] = "pr-7.preview.test"
    answer = edge.client.create_distribution(DistributionConfig=wanted)
    identifier = answer["Distribution"]["Id"]
    imported = stack(program(identifier)).up()
    assert changed(imported.summary.resource_changes) == {"create": 2, "import": 1}
    assert changed(stack(program(None)).up().summary.resource_changes) == {}


@pytest.mark.slow
def test_what_cloudfront_refuses_is_told_in_its_words(
    stack: Callable[[Program], auto.Stack], edge: Edge
) -> None:
    def program() -> None:
        staging(edge, amazon(edge), http_version="http3")

    with pytest.raises(auto.CommandError, match=r"InvalidArgument: .*does not support HTTP/3"):
        stack(program).up()


def test_the_shipped_provider_attaches_and_detaches(
    stack: Callable[[Program], auto.Stack], edge: Edge
) -> None:
    def program(attached: bool) -> Program:
        def run() -> None:
            options = amazon(edge)
            made = policy(options, staging(edge, options))
            own = UnderstudyProvider("understudy", region="us-east-1", endpoint=edge.endpoint)
            if attached:
                EdgeAttachment(
                    "pr-7",
                    primary_id=edge.primary_id,
                    policy_id=made.id,
                    opts=pulumi.ResourceOptions(provider=own),
                )

        return run

    # The policy is not known yet.
    planned = stack(program(True)).preview()
    assert planned.change_summary[auto.OpType.CREATE] == 6
    assert edge.attached() == ""

    stack(program(True)).up()
    [live] = edge.policies()
    assert edge.attached() == live["Id"]
    assert changed(stack(program(True)).up().summary.resource_changes) == {}

    edge.change(edge.primary_id, ContinuousDeploymentPolicyId="")
    refreshed = stack(program(True)).refresh()
    assert changed(refreshed.summary.resource_changes) == {"delete": 1}
    again = stack(program(True)).up()
    assert changed(again.summary.resource_changes) == {"create": 1}
    assert edge.attached() == live["Id"]

    removed = stack(program(False)).up()
    assert changed(removed.summary.resource_changes) == {"delete": 1}
    assert edge.attached() == ""


@pytest.mark.slow
def test_the_shipped_provider_leaves_a_primary_that_is_taken(
    stack: Callable[[Program], auto.Stack], edge: Edge
) -> None:
    def program() -> None:
        own = UnderstudyProvider("understudy", region="us-east-1", endpoint=edge.endpoint)
        EdgeAttachment(
            "pr-8",
            primary_id=edge.primary_id,
            policy_id="another",
            opts=pulumi.ResourceOptions(provider=own),
        )

    taken = edge.take()
    with pytest.raises(auto.CommandError, match="already leads to another environment"):
        stack(program).up()
    assert edge.attached() == taken
    edge.free(taken)
