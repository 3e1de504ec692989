from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from tests.world.edge.routing import COOKIE, Choice, Distribution, choose


def header(name: str = "aws-cf-cd-pr-7", value: str = "secret") -> dict[str, Any]:
    return {"Type": "SingleHeader", "SingleHeaderConfig": {"Header": name, "Value": value}}


def weight(share: float, **stickiness: int) -> dict[str, Any]:
    rule: dict[str, Any] = {"Weight": share}
    if stickiness:
        rule["SessionStickinessConfig"] = stickiness
    return {"Type": "SingleWeight", "SingleWeightConfig": rule}


def world(traffic: Any = None, *, on: bool = True, staging: bool = True) -> list[Distribution]:
    """A primary with its staging distribution, and another primary."""
    policy = {
        "Enabled": on,
        "StagingDistributionDnsNames": {"Quantity": 1, "Items": ["staging.cloudfront.net"]},
        "TrafficConfig": traffic or header(),
    }
    aliases = {"Quantity": 2, "Items": ["shop.test", "*.shop.test"]}
    return [
        Distribution("O", "other.cloudfront.net", {"Enabled": True}),
        Distribution("P", "primary.cloudfront.net", {"Enabled": True, "Aliases": aliases}, policy),
        Distribution("S", "staging.cloudfront.net", {"Enabled": staging, "Staging": True}),
    ]


def ask(
    distributions: list[Distribution],
    host: str = "shop.test",
    headers: dict[str, str] | None = None,
    cookie: str | None = None,
    now: float = 1000.0,
    drawn: float = 0.5,
) -> Choice | None:
    cookies = {COOKIE: cookie} if cookie else {}
    return choose(distributions, host, headers or {}, cookies, now, lambda: drawn)


def chosen(*arguments: Any, **named: Any) -> str | None:
    choice = ask(*arguments, **named)
    return choice.distribution.id if choice else None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("shop.test", "P"),
        ("SHOP.test:8080", "P"),
        ("www.shop.test", "P"),
        ("primary.cloudfront.net", "P"),
        ("other.cloudfront.net", "O"),
        ("staging.cloudfront.net", None),
        ("othershop.test", None),
        (".shop.test", None),
        ("", None),
    ],
)
def test_the_host_chooses_the_primary(host: str, expected: str | None) -> None:
    assert chosen(world(), host) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"aws-cf-cd-pr-7": "secret"}, "S"),
        ({"aws-cf-cd-pr-7": "SECRET"}, "P"),
        ({"aws-cf-cd-pr-7": "secret "}, "P"),
        ({"aws-cf-cd-pr-8": "secret"}, "P"),
        ({}, "P"),
    ],
)
def test_the_exact_header_leads_to_staging(headers: dict[str, str], expected: str) -> None:
    assert chosen(world(), headers=headers) == expected


def test_a_headers_name_has_no_case() -> None:
    distributions = world(header(name="AWS-CF-CD-PR-7"))
    assert chosen(distributions, headers={"aws-cf-cd-pr-7": "secret"}) == "S"


@pytest.mark.parametrize("broken", [{"on": False}, {"staging": False}])
def test_everyone_meets_the_primary_when_the_policy_or_its_staging_is_off(
    broken: dict[str, bool],
) -> None:
    assert chosen(world(**broken), headers={"aws-cf-cd-pr-7": "secret"}) == "P"


def test_everyone_meets_the_primary_while_staging_is_not_deployed() -> None:
    distributions = [one for one in world() if one.id != "S"]
    assert chosen(distributions, headers={"aws-cf-cd-pr-7": "secret"}) == "P"


def test_a_disabled_primary_answers_nobody() -> None:
    off = Distribution("P", "primary.cloudfront.net", {"Enabled": False})
    assert chosen([off], "primary.cloudfront.net") is None


@hypothesis.given(share=st.floats(0, 0.15), drawn=st.floats(0, 1, exclude_max=True))
def test_a_weight_is_the_share_of_requests(share: float, drawn: float) -> None:
    expected = "S" if drawn < share else "P"
    assert chosen(world(weight(share)), drawn=drawn) == expected


def test_a_session_stays_on_its_side() -> None:
    distributions = world(weight(0.1, IdleTTL=300, MaximumTTL=600))
    first = ask(distributions, drawn=0.05)
    assert first is not None
    assert first.distribution.id == "S"
    assert first.max_age == 300
    assert chosen(distributions, cookie=first.cookie, now=1299.0, drawn=0.9) == "S"


def test_a_session_ends_when_idle_or_too_old_or_when_the_rule_is_another() -> None:
    distributions = world(weight(0.1, IdleTTL=300, MaximumTTL=600))
    choice = ask(distributions, drawn=0.05)
    assert choice is not None
    assert chosen(distributions, cookie=choice.cookie, now=1301.0, drawn=0.9) == "P"
    for now in (1300.0, 1590.0):
        choice = ask(distributions, cookie=choice.cookie, now=now, drawn=0.05)
        assert choice is not None
    assert chosen(distributions, cookie=choice.cookie, now=1650.0, drawn=0.9) == "P"
    other = world(weight(0.12, IdleTTL=300, MaximumTTL=600))
    assert chosen(other, cookie=choice.cookie, now=1600.0, drawn=0.9) == "P"


@hypothesis.given(cookie=st.text(max_size=30))
def test_a_cookie_of_somebodys_own_making_begins_a_new_session(cookie: str) -> None:
    distributions = world(weight(0.1, IdleTTL=300, MaximumTTL=600))
    assert chosen(distributions, cookie=cookie, drawn=0.9) == "P"
