"""Stuck deletes of an environment's edge, against CloudFront's own orderings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import botocore.exceptions
import pytest

from bot import aws_api, errors, model
from bot.clearing import EdgeClearer, EdgeDrain
from infra import naming
from tests.contract.world.aws.accounts import Account
from tests.world.aws.process import running

NAME = "pr-7-shop-abcdef"
OTHER = "pr-8-shop-abcdef"


@pytest.fixture(scope="module")
def slow(session: Any) -> Iterator[Any]:
    """A CloudFront that takes its time to bring a change to its edges."""
    with running(deploy_seconds=0.6) as endpoint:
        yield session.client("cloudfront", endpoint_url=endpoint)


def rule(name: str) -> Any:
    header = {"Header": naming.edge_header(name), "Value": "secret"}
    return {"Type": "SingleHeader", "SingleHeaderConfig": header}


class Edge:
    """A primary with an environment attached, whose stack has forgotten it."""

    def __init__(self, account: Account, *, tagged: bool = True, header: str = NAME) -> None:
        self.account = account
        self.primary: str = account.create(Comment="production")["Id"]
        made = account.create(Staging=True, Comment=naming.edge_comment(NAME))
        self.staging: str = made["Id"]
        if tagged:
            tags = {"Items": [{"Key": naming.TAG_ENVIRONMENT, "Value": NAME}]}
            account.client.tag_resource(Resource=made["ARN"], Tags=tags)
        self.policy = account.policy(made["DomainName"], TrafficConfig=rule(header))
        account.update(self.primary, ContinuousDeploymentPolicyId=self.policy)

    def attached(self) -> str:
        return str(self.account.read(self.primary)[0]["ContinuousDeploymentPolicyId"])

    def left(self) -> list[str]:
        return [one["Id"] for one in self.account.distributions()]

    def clearer(self, client: Any = None) -> EdgeClearer:
        return EdgeClearer(client or self.account.client, self.primary)

    def drain(self) -> EdgeDrain:
        return EdgeDrain(self.account.client, self.primary)


def done(obstacles: Any) -> list[str]:
    return [one.done for one in obstacles if one.done]


class Meddler:
    """A client before one of whose calls somebody else acts, or that answers otherwise."""

    def __init__(self, client: Any, call: str, act: Callable[[], object], times: int = 1) -> None:
        self._client = client
        self._call = call
        self._act = act
        self._times = times

    def __getattr__(self, name: str) -> Any:
        if name == self._call and self._times:
            self._times -= 1
            self._act()
        return getattr(self._client, name)


def refusal(code: str, status: int) -> Callable[[], object]:
    def refuse() -> object:
        response: Any = {
            "Error": {"Code": code, "Message": "no"},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        raise botocore.exceptions.ClientError(response, "Some")

    return refuse


def test_a_forgotten_edge_is_taken_away_step_by_step(slow: Any) -> None:
    account = Account(slow)
    edge = Edge(account)
    before, _ = account.read(edge.primary)
    clearer = edge.clearer()
    first = clearer.clear(NAME, 0)
    assert [one.remnant for one in first] == [
        model.Remnant("Attachment", f"{edge.primary}/{edge.policy}"),
        model.Remnant("Policy", edge.policy),
        model.Remnant("Distribution", edge.staging),
    ]
    assert done(first) == [
        f"detached policy {edge.policy} from primary distribution {edge.primary}"
    ]
    assert done(clearer.clear(NAME, 1)) == [f"deleted policy {edge.policy}"]
    assert done(clearer.clear(NAME, 2)) == [f"disabled distribution {edge.staging}"]
    (waiting,) = clearer.clear(NAME, 3)
    assert (waiting.why, waiting.done) == (
        f"CloudFront is still bringing the end of distribution {edge.staging} to its edges",
        "",
    )
    account.wait(edge.staging)
    assert done(clearer.clear(NAME, 4)) == [f"deleted distribution {edge.staging}"]
    assert clearer.clear(NAME, 5) == []
    assert edge.left() == [edge.primary]
    after, _ = account.read(edge.primary)
    assert after == before | {"ContinuousDeploymentPolicyId": ""}
    account.clear()


def test_another_environments_edge_is_not_touched(account: Account) -> None:
    edge = Edge(account)
    assert edge.clearer().clear(OTHER, 9999) == []
    assert edge.drain().drained(OTHER)
    assert edge.attached() == edge.policy


def test_a_distribution_without_our_tag_and_a_policy_without_our_header_stay(
    account: Account,
) -> None:
    edge = Edge(account, tagged=False, header="somebody")
    obstacles = edge.clearer().clear(NAME, 9999)
    assert [one.remnant.kind for one in obstacles] == ["Attachment", "Policy", "Distribution"]
    assert all("by hand" in one.why for one in obstacles)
    assert done(obstacles) == []
    assert edge.drain().drained(NAME)
    assert edge.attached() == edge.policy
    assert account.read(edge.staging)[0]["Enabled"]


def test_a_primary_that_somebody_else_writes_keeps_what_they_wrote(account: Account) -> None:
    edge = Edge(account)
    meddler = Meddler(
        account.client,
        "update_distribution",
        lambda: account.update(edge.primary, Comment="theirs"),
    )
    assert "detached policy" in done(edge.clearer(meddler).clear(NAME, 0))[0]
    after, _ = account.read(edge.primary)
    assert (after["Comment"], after["ContinuousDeploymentPolicyId"]) == ("theirs", "")


def test_a_primary_that_is_written_all_the_time_is_tried_again(account: Account) -> None:
    edge = Edge(account)
    meddler = Meddler(
        account.client,
        "update_distribution",
        lambda: account.update(edge.primary, Comment="theirs"),
        times=3,
    )
    clearer = edge.clearer(meddler)
    (told,) = done(clearer.clear(NAME, 0))
    assert "PreconditionFailed" in told
    assert edge.attached() == edge.policy
    assert "detached policy" in done(clearer.clear(NAME, 1))[0]


def test_a_policy_that_a_primary_does_not_let_go_is_disabled_then_deleted(
    account: Account,
) -> None:
    """Reported of the service: an empty policy id is taken, and nothing changes."""
    edge = Edge(account)

    class Deaf:
        exceptions = account.client.exceptions

        def __getattr__(self, name: str) -> Any:
            return getattr(account.client, name)

        def update_distribution(self, **asked: Any) -> Any:
            return {}

        def delete_continuous_deployment_policy(self, **asked: Any) -> Any:
            account.update(edge.primary, ContinuousDeploymentPolicyId="")
            etag = account.client.get_continuous_deployment_policy(Id=asked["Id"])["ETag"]
            assert asked["IfMatch"] == etag
            return account.client.delete_continuous_deployment_policy(**asked)

    clearer = edge.clearer(Deaf())
    assert done(clearer.clear(NAME, 0)) == [
        f"disabled policy {edge.policy}, as its primary does not let it go"
    ]
    assert done(clearer.clear(NAME, 1)) == [f"deleted policy {edge.policy} with its attachment"]
    assert account.policies() == []


def test_a_policy_in_use_by_another_primary_waits(account: Account) -> None:
    edge = Edge(account)
    other = account.create()["Id"]
    account.update(edge.primary, ContinuousDeploymentPolicyId="")
    account.update(other, ContinuousDeploymentPolicyId=edge.policy)
    (told,) = done(edge.clearer().clear(NAME, 0))
    assert "a primary distribution still uses it (ContinuousDeploymentPolicyInUse)" in told


def ready_to_disable(edge: Edge) -> None:
    edge.account.update(edge.primary, ContinuousDeploymentPolicyId="")
    edge.account.delete_policy(edge.policy)


def ready_to_delete(edge: Edge) -> None:
    ready_to_disable(edge)
    edge.account.update(edge.staging, Enabled=False)
    edge.account.wait(edge.staging)


def test_a_policy_that_comes_in_between_keeps_the_distribution(account: Account) -> None:
    edge = Edge(account)
    ready_to_disable(edge)
    domain = account.client.get_distribution(Id=edge.staging)["Distribution"]["DomainName"]
    meddler = Meddler(account.client, "update_distribution", lambda: account.policy(domain))
    (told,) = done(edge.clearer(meddler).clear(NAME, 0))
    assert "StagingDistributionInUse" in told


def test_a_distribution_that_is_enabled_again_is_not_deleted(account: Account) -> None:
    edge = Edge(account)
    ready_to_delete(edge)
    meddler = Meddler(
        account.client,
        "delete_distribution",
        lambda: account.update(edge.staging, Enabled=True),
    )
    (told,) = done(edge.clearer(meddler).clear(NAME, 0))
    assert "PreconditionFailed" in told
    assert edge.staging in edge.left()


def test_a_distribution_that_is_gone_meanwhile_is_fine(account: Account) -> None:
    edge = Edge(account)
    ready_to_delete(edge)
    meddler = Meddler(account.client, "delete_distribution", lambda: account.delete(edge.staging))
    assert done(edge.clearer(meddler).clear(NAME, 0)) == ["it was gone already"]


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("Throttling", 400, "CloudFront asks for patience (Throttling)"),
        ("DistributionNotDisabled", 409, "not every edge knows yet"),
        ("InvalidIfMatchVersion", 400, "somebody else has changed it"),
        ("ResourceInUse", 409, "something still uses it"),
        ("AccessDenied", 403, "tried in vain: "),
    ],
)
def test_a_refusal_is_told_and_tried_again(
    account: Account, code: str, status: int, words: str
) -> None:
    edge = Edge(account)
    ready_to_delete(edge)
    meddler = Meddler(account.client, "delete_distribution", refusal(code, status))
    clearer = edge.clearer(meddler)
    (told,) = done(clearer.clear(NAME, 0))
    assert words in told
    assert done(clearer.clear(NAME, 1)) == [f"deleted distribution {edge.staging}"]


def test_a_service_that_fails_is_unreachable(account: Account) -> None:
    edge = Edge(account)
    meddler = Meddler(account.client, "update_distribution", refusal("InternalError", 500))
    with pytest.raises(errors.UnreachableError, match="CloudFront did not answer"):
        edge.clearer(meddler).clear(NAME, 0)
    meddler = Meddler(account.client, "get_paginator", refusal("AccessDenied", 403))
    with pytest.raises(errors.UnreachableError):
        EdgeDrain(meddler, edge.primary).drained(NAME)  # type: ignore[arg-type]


# -- Draining -------------------------------------------------------------------------------------


def test_a_drained_edge_keeps_its_distribution_for_the_engine(slow: Any) -> None:
    account = Account(slow)
    edge = Edge(account)
    drain = edge.drain()
    answers: list[bool] = []
    while not (answers and answers[-1]):
        answers.append(drain.drained(NAME))
        if len(answers) == 4:
            account.wait(edge.staging)
    # Detach, delete the policy, disable, wait.
    assert answers == [False, False, False, False, True]
    assert drain.drained(NAME)
    assert edge.attached() == ""
    assert account.policies() == []
    summary = {one["Id"]: one for one in account.distributions()}[edge.staging]
    assert (summary["Enabled"], summary["Status"]) == (False, "Deployed")
    account.clear()


def test_an_environment_without_an_edge_is_drained(account: Account) -> None:
    assert EdgeDrain(account.client, account.create()["Id"]).drained(NAME)


def test_an_edge_without_its_primary_is_drained_all_the_same(account: Account) -> None:
    edge = Edge(account)
    ready_to_disable(edge)
    drain = EdgeDrain(account.client, "EGONE")
    assert not drain.drained(NAME)
    account.wait(edge.staging)
    assert drain.drained(NAME)
    assert aws_api.attached_policy(account.client, "EGONE") == ""
