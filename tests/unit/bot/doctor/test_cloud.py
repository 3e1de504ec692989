from __future__ import annotations

from typing import Any

import pytest

from bot import aws_api
from bot.doctor import Sign, cloud
from infra import contract

PLATFORM = contract.Platform(domain="preview.test", primary_distribution_id="E1")


class FakeCloud:
    """What AWS says."""

    status: str | None = "Deployed"
    taken = 3

    def caller(self, *_: object) -> str:
        return "arn:aws:sts::1:assumed-role/bot/x"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeCloud:
    made = FakeCloud()
    monkeypatch.setattr(aws_api, "caller", made.caller)
    monkeypatch.setattr(aws_api, "cloudfront", lambda *_: None)
    monkeypatch.setattr(aws_api, "status", lambda *_: made.status)
    monkeypatch.setattr(aws_api, "staging_distributions", lambda _: iter([{}] * made.taken))
    return made


def looked(platform: contract.Platform = PLATFORM) -> list[Any]:
    return [*cloud.identity(platform), *cloud.distribution(platform)]


def test_it_says_who_the_bot_is_and_how_the_primary_stands(aws: FakeCloud) -> None:
    assert [one.found for one in looked()] == [
        "acts as arn:aws:sts::1:assumed-role/bot/x",
        "E1 is Deployed",
        "3 of 20 staging distributions are taken",
    ]


def test_a_primary_that_is_missing_is_wrong(aws: FakeCloud) -> None:
    aws.status = None
    assert [one.sign for one in looked()] == [Sign.OK, Sign.WRONG]


def test_a_quota_that_is_used_up_is_a_warning(aws: FakeCloud) -> None:
    aws.taken = cloud.QUOTA
    assert looked()[-1].sign is Sign.WARNING


def test_without_a_primary_aws_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_api, "caller", lambda *_: pytest.fail("it was asked"))
    (found,) = looked(contract.Platform(domain="preview.test"))
    assert found.sign is Sign.OK
