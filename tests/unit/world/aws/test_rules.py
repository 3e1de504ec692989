from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from tests.world.aws import rules
from tests.world.aws.defaults import complete
from tests.world.aws.errors import CloudFrontError


def config(**changes: Any) -> dict[str, Any]:
    origin = {
        "Id": "app",
        "DomainName": "app.test",
        "CustomOriginConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "http-only",
        },
    }
    return {
        "CallerReference": "1",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "app",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": "p",
        },
        **changes,
    }


def code(caught: pytest.ExceptionInfo[CloudFrontError]) -> str:
    return caught.value.code


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, "InvalidIfMatchVersion"),
        ("", "InvalidIfMatchVersion"),
        ("*", "InvalidIfMatchVersion"),
        ("EOTHERETAG", "PreconditionFailed"),
    ],
)
def test_a_write_needs_the_etag_that_is_there(given: str | None, expected: str) -> None:
    with pytest.raises(CloudFrontError) as caught:
        rules.check_etag("E1234567890", given)
    assert code(caught) == expected
    rules.check_etag("E1234567890", "E1234567890")


@hypothesis.given(share=st.floats(-1, 1), idle=st.integers(0, 4000), most=st.integers(0, 4000))
def test_a_weight_is_allowed_within_its_bounds_and_nowhere_else(
    share: float, idle: int, most: int
) -> None:
    traffic = {
        "Type": "SingleWeight",
        "SingleWeightConfig": {
            "Weight": share,
            "SessionStickinessConfig": {"IdleTTL": idle, "MaximumTTL": most},
        },
    }
    names = {"Quantity": 1, "Items": ["d"]}
    policy = {"StagingDistributionDnsNames": names, "Enabled": True, "TrafficConfig": traffic}
    fine = 0 <= share <= 0.15 and 300 <= idle <= most <= 3600
    if fine:
        rules.check_policy(policy)
        return
    with pytest.raises(CloudFrontError) as caught:
        rules.check_policy(policy)
    assert code(caught) == "InvalidArgument"


def test_filling_in_twice_is_filling_in_once() -> None:
    once = complete(config())
    assert complete(once) == once


def test_filling_in_leaves_what_was_given_alone() -> None:
    given = config(Aliases={"Quantity": 0, "Items": []})
    before = repr(given)
    complete(given)
    assert repr(given) == before


def test_a_missing_field_an_empty_one_and_a_null_are_alike() -> None:
    plain = complete(config())
    for same in ({"WebACLId": ""}, {"WebACLId": None}, {"AnycastIpListId": ""}):
        rules.check_alike(plain, complete(config(**same)))


@pytest.mark.parametrize("name", sorted(rules.MAY_DIFFER))
def test_a_field_that_may_differ_does_not_hinder(name: str) -> None:
    primary = complete(config())
    rules.check_alike(primary, {**primary, name: "other"})
    rules.check_linked_update(primary, {**primary, name: "other"})


@pytest.mark.parametrize(
    "name", ["ViewerCertificate", "PriceClass", "HttpVersion", "WebACLId", "IsIPV6Enabled"]
)
def test_any_other_field_hinders_and_is_named(name: str) -> None:
    primary = complete(config())
    for check in (rules.check_alike, rules.check_linked_update):
        with pytest.raises(CloudFrontError, match=name) as caught:
            check(primary, {**primary, name: "other"})
        assert code(caught) == "IllegalUpdate"


def test_promotion_keeps_what_is_the_primarys_own() -> None:
    primary = complete(config(Comment="old", Aliases={"Quantity": 1, "Items": ["shop.test"]}))
    primary["ContinuousDeploymentPolicyId"] = "policy"
    staging = complete(config(CallerReference="2", Comment="new", Staging=True))
    after = rules.promoted(primary, staging)
    assert after["Comment"] == "new"
    assert {name: after[name] for name in rules.KEPT_AT_PROMOTION} == {
        name: primary[name] for name in rules.KEPT_AT_PROMOTION
    }
