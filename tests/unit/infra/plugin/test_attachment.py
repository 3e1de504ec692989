from typing import Any, cast

import botocore.exceptions
import pytest

from infra.plugin.attachment import ATTEMPTS, AttachmentError, Primary


class RecordingCloudFront:
    """A CloudFront with one primary, whose ETag changes at each write."""

    def __init__(self, policy: str = "", conflicts: int = 0) -> None:
        self.config: dict[str, Any] = {"Comment": "production"}
        if policy:
            self.config["ContinuousDeploymentPolicyId"] = policy
        self.conflicts = conflicts
        self.version = 1
        self.writes: list[dict[str, Any]] = []

    def get_distribution_config(self, Id: str) -> dict[str, Any]:  # noqa: N803
        if Id != "PRIMARY":
            raise error("NoSuchDistribution")
        return {"ETag": f"E{self.version}", "DistributionConfig": dict(self.config)}

    def update_distribution(self, Id: str, IfMatch: str, DistributionConfig: Any) -> None:  # noqa: N803
        if self.conflicts:
            self.conflicts -= 1
            self.version += 1
        if f"E{self.version}" != IfMatch:
            raise error("PreconditionFailed")
        self.version += 1
        self.config = dict(DistributionConfig)
        self.writes.append(self.config)


def error(code: str) -> botocore.exceptions.ClientError:
    return botocore.exceptions.ClientError({"Error": {"Code": code, "Message": ""}}, "op")


def primary(client: RecordingCloudFront, identifier: str = "PRIMARY") -> Primary:
    return Primary(cast(Any, client), identifier, sleep=lambda _: None)


def test_attaching_changes_nothing_but_the_policy() -> None:
    client = RecordingCloudFront()
    primary(client).attach("P1")
    assert client.writes == [{"Comment": "production", "ContinuousDeploymentPolicyId": "P1"}]


def test_attaching_again_writes_nothing() -> None:
    client = RecordingCloudFront(policy="P1")
    primary(client).attach("P1")
    assert client.writes == []


def test_another_environments_attachment_is_never_replaced() -> None:
    client = RecordingCloudFront(policy="OTHER")
    with pytest.raises(AttachmentError, match="already leads to another environment"):
        primary(client).attach("P1")
    assert client.writes == []


def test_a_write_that_somebody_overtook_is_read_anew() -> None:
    client = RecordingCloudFront(conflicts=3)
    primary(client).attach("P1")
    assert client.config["ContinuousDeploymentPolicyId"] == "P1"


def test_a_primary_that_never_rests_is_given_up() -> None:
    client = RecordingCloudFront(conflicts=ATTEMPTS)
    with pytest.raises(botocore.exceptions.ClientError, match="PreconditionFailed"):
        primary(client).attach("P1")


def test_detaching_writes_an_empty_policy_because_leaving_it_out_does_not_detach() -> None:
    client = RecordingCloudFront(policy="P1")
    primary(client).detach("P1")
    assert client.writes == [{"Comment": "production", "ContinuousDeploymentPolicyId": ""}]


def test_detaching_leaves_somebody_elses_policy_alone() -> None:
    client = RecordingCloudFront(policy="OTHER")
    primary(client).detach("P1")
    assert client.writes == []


def test_a_primary_that_is_gone_is_detached() -> None:
    primary(RecordingCloudFront(), "GONE").detach("P1")


def test_a_primary_that_is_gone_cannot_be_attached() -> None:
    with pytest.raises(AttachmentError, match="does not exist"):
        primary(RecordingCloudFront(), "GONE").attach("P1")
