from collections.abc import Callable
from typing import Any

import botocore.exceptions
import hypothesis
import hypothesis.strategies as st
import pytest

from infra.cloudfront.mirror import mirror
from infra.plugin.attachment import AttachmentError, Primary
from tests.contract.world.aws.accounts import Account, config, policy_config, refused
from tests.world.aws.process import running

UNSUPPORTED = "One or more fields updated are not supported for continuous deployment"


def header(name: str, value: str) -> dict[str, Any]:
    rule = {"Header": name, "Value": value}
    return {"Type": "SingleHeader", "SingleHeaderConfig": rule}


def weight(share: float, idle: int | None = None, most: int | None = None) -> dict[str, Any]:
    rule: dict[str, Any] = {"Weight": share}
    if idle is not None:
        rule["SessionStickinessConfig"] = {"IdleTTL": idle, "MaximumTTL": most}
    return {"Type": "SingleWeight", "SingleWeightConfig": rule}


# Policies of their own


def test_a_policy_is_created_read_listed_updated_and_deleted(account: Account) -> None:
    domain = account.create(Staging=True)["DomainName"]
    identifier = account.policy(domain)
    answer = account.client.get_continuous_deployment_policy(Id=identifier)
    written = answer["ContinuousDeploymentPolicy"]["ContinuousDeploymentPolicyConfig"]
    assert written == policy_config(domain)
    assert [policy["Id"] for policy in account.policies()] == [identifier]
    updated = account.update_policy(identifier, Enabled=False)
    assert updated["ETag"] != answer["ETag"]
    account.delete_policy(identifier)
    with refused("NoSuchContinuousDeploymentPolicy", 404):
        account.client.get_continuous_deployment_policy_config(Id=identifier)


@pytest.mark.parametrize(
    ("traffic", "words"),
    [
        (header("x-preview", "1"), "aws-cf-cd-"),
        (header("aws-cf-cd-", "1"), "header name"),
        (header("aws-cf-cd-" + "x" * 247, "1"), "header name"),
        (header("aws-cf-cd-pr", ""), "header value"),
        (header("aws-cf-cd-pr", "x" * 1784), "header value"),
        (weight(0.16), "weight"),
        (weight(-0.01), "weight"),
        (weight(0.1, 299, 3600), "IdleTTL"),
        (weight(0.1, 300, 3601), "IdleTTL"),
        (weight(0.1, 600, 500), "IdleTTL"),
        ({"Type": "SingleHeader"}, "SingleHeaderConfig"),
        ({**weight(0.1), **header("aws-cf-cd-pr", "1")}, "nothing else"),
    ],
)
def test_traffic_that_the_service_does_not_allow_is_refused(
    account: Account, traffic: dict[str, Any], words: str
) -> None:
    domain = account.create(Staging=True)["DomainName"]
    with refused("InvalidArgument", 400, words):
        account.policy(domain, TrafficConfig=traffic)
    assert account.policies() == []


@pytest.mark.parametrize(
    "traffic",
    [
        header("aws-cf-cd-x", "1"),
        header("aws-cf-cd-" + "x" * 246, "y" * 1783),
        weight(0.0),
        weight(0.15, 300, 300),
        weight(0.01, 3600, 3600),
    ],
)
def test_the_bounds_themselves_are_allowed(account: Account, traffic: dict[str, Any]) -> None:
    identifier = account.policy(account.create(Staging=True)["DomainName"], TrafficConfig=traffic)
    answer = account.client.get_continuous_deployment_policy_config(Id=identifier)
    assert answer["ContinuousDeploymentPolicyConfig"]["TrafficConfig"] == traffic


def test_a_policy_leads_to_one_staging_distribution(account: Account) -> None:
    domain = account.create(Staging=True)["DomainName"]
    both = {"Quantity": 2, "Items": [domain, "d2.cloudfront.net"]}
    with refused("InvalidArgument", 400):
        account.policy(domain, StagingDistributionDnsNames=both)
    with refused("InconsistentQuantities", 400):
        account.policy(domain, StagingDistributionDnsNames={"Quantity": 2, "Items": [domain]})


def test_a_policy_leads_to_nothing_but_a_staging_distribution(account: Account) -> None:
    primary = account.create()
    with refused("InvalidArgument", 400, "staging"):
        account.policy(primary["DomainName"])
    with refused("InvalidArgument", 400, "staging"):
        account.policy("dnosuch.cloudfront.net")


def test_a_staging_distribution_has_one_policy(account: Account) -> None:
    first, second = (account.create(Staging=True)["DomainName"] for _ in range(2))
    account.policy(first)
    with refused("StagingDistributionInUse", 409):
        account.policy(first, TrafficConfig=weight(0.1))
    with refused("ContinuousDeploymentPolicyAlreadyExists", 409):
        account.policy(first)
    other = account.policy(second)
    names = {"Quantity": 1, "Items": [first]}
    with refused("StagingDistributionInUse", 409):
        account.update_policy(other, StagingDistributionDnsNames=names)


def test_a_policy_is_written_with_the_etag_that_is_there_now(account: Account) -> None:
    identifier = account.policy(account.create(Staging=True)["DomainName"])
    etag = account.client.get_continuous_deployment_policy(Id=identifier)["ETag"]
    account.update_policy(identifier, Enabled=False)
    with refused("PreconditionFailed", 412):
        account.client.delete_continuous_deployment_policy(Id=identifier, IfMatch=etag)
    with refused("InvalidIfMatchVersion", 400):
        account.client.delete_continuous_deployment_policy(Id=identifier)


def test_an_account_has_twenty_of_each(account: Account) -> None:
    made = [
        account.client.create_distribution(DistributionConfig=config(Staging=True))
        for _ in range(20)
    ]
    for answer in made:
        account.policy(answer["Distribution"]["DomainName"])
    with refused("TooManyDistributions", 400):
        account.create(Staging=True)
    assert len(account.policies()) == 20
    account.create()


# Staging distributions


@pytest.mark.parametrize(
    "changes",
    [
        {"HttpVersion": "http3"},
        {"HttpVersion": "http2and3"},
        {"Aliases": {"Quantity": 1, "Items": ["preview.test"]}},
    ],
)
def test_a_staging_distribution_has_no_alias_and_no_http3(
    account: Account, changes: dict[str, Any]
) -> None:
    with refused("InvalidArgument", 400):
        account.create(Staging=True, **changes)


def test_a_copy_has_everything_of_the_primary_but_what_is_the_primarys_own(
    account: Account,
) -> None:
    primary = account.create(Comment="production", PriceClass="PriceClass_100")
    etag = account.read(primary["Id"])[1]
    copied = account.client.copy_distribution(
        PrimaryDistributionId=primary["Id"], Staging=True, IfMatch=etag, CallerReference="copy"
    )["Distribution"]["DistributionConfig"]
    own = {"CallerReference", "Staging"}
    before, _ = account.read(primary["Id"])
    assert {key for key in before if before[key] != copied[key]} == own
    assert copied["Staging"] is True
    assert copied["Enabled"] is True


def test_a_copy_is_refused_without_the_etag_or_staging(account: Account) -> None:
    primary = account.create()
    etag = account.read(primary["Id"])[1]
    with refused("InvalidIfMatchVersion", 400):
        account.client.copy_distribution(
            PrimaryDistributionId=primary["Id"], Staging=True, CallerReference="copy"
        )
    with refused("InvalidArgument", 400, "Staging"):
        account.client.copy_distribution(
            PrimaryDistributionId=primary["Id"], IfMatch=etag, CallerReference="copy"
        )
    with refused("NoSuchDistribution", 404):
        account.client.copy_distribution(
            PrimaryDistributionId="ENOSUCH", Staging=True, IfMatch=etag, CallerReference="copy"
        )


# Attaching


def test_a_policy_is_not_attached_at_creation(account: Account) -> None:
    identifier = account.policy(account.create(Staging=True)["DomainName"])
    words = "Continuous deployment policy is not supported during distribution creation."
    with refused("InvalidArgument", 400, words):
        account.create(ContinuousDeploymentPolicyId=identifier)


def test_a_policy_is_attached_by_an_update(account: Account) -> None:
    primary, _, identifier = account.pair()
    assert account.read(primary)[0]["ContinuousDeploymentPolicyId"] == identifier


def test_a_policy_that_does_not_exist_is_not_attached(account: Account) -> None:
    primary = account.create()["Id"]
    with refused("NoSuchContinuousDeploymentPolicy", 404):
        account.update(primary, ContinuousDeploymentPolicyId="no-such-policy")


def test_a_policy_is_attached_to_one_primary(account: Account) -> None:
    _, _, identifier = account.pair()
    other = account.create()["Id"]
    with refused("ContinuousDeploymentPolicyInUse", 409):
        account.update(other, ContinuousDeploymentPolicyId=identifier)


def test_a_staging_distribution_has_no_policy_of_its_own(account: Account) -> None:
    staging, other = account.create(Staging=True), account.create(Staging=True)
    identifier = account.policy(other["DomainName"])
    with refused("InvalidArgument", 400):
        account.update(staging["Id"], ContinuousDeploymentPolicyId=identifier)


@pytest.mark.parametrize(
    "changes",
    [
        {"PriceClass": "PriceClass_100"},
        {"HttpVersion": "http1.1"},
        {"IsIPV6Enabled": False},
        {"WebACLId": "arn:aws:wafv2:us-east-1:1:global/webacl/a/1"},
        {
            "ViewerCertificate": {
                "ACMCertificateArn": "arn:aws:acm:us-east-1:1:certificate/1",
                "SSLSupportMethod": "sni-only",
                "MinimumProtocolVersion": "TLSv1.2_2021",
            }
        },
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_staging_and_primary_must_be_alike(account: Account, changes: dict[str, Any]) -> None:
    primary = account.create()["Id"]
    identifier = account.policy(account.create(Staging=True, **changes)["DomainName"])
    with refused("IllegalUpdate", 400, UNSUPPORTED):
        account.update(primary, ContinuousDeploymentPolicyId=identifier)


def test_a_primary_with_http3_takes_no_policy(account: Account) -> None:
    primary = account.create(HttpVersion="http2and3")["Id"]
    identifier = account.policy(account.create(Staging=True)["DomainName"])
    with refused("InvalidArgument", 400, "HTTP/3"):
        account.update(primary, ContinuousDeploymentPolicyId=identifier)


FREE: dict[str, Any] = {
    "Comment": "changed",
    "DefaultRootObject": "index.html",
    "Restrictions": {
        "GeoRestriction": {"RestrictionType": "whitelist", "Quantity": 1, "Items": ["CH"]}
    },
    "Logging": {
        "Enabled": True,
        "IncludeCookies": False,
        "Bucket": "logs.s3.amazonaws.com",
        "Prefix": "",
    },
    "CustomErrorResponses": {"Quantity": 1, "Items": [{"ErrorCode": 503}]},
}


@pytest.mark.parametrize("name", FREE)
def test_these_may_be_changed_on_both_while_a_policy_links_them(
    account: Account, name: str
) -> None:
    for identifier in account.pair()[:2]:
        account.update(identifier, **{name: FREE[name]})
        assert account.read(identifier)[0][name] == FREE[name]


FIXED: dict[str, Any] = {
    "PriceClass": "PriceClass_100",
    "HttpVersion": "http1.1",
    "IsIPV6Enabled": False,
    "WebACLId": "arn:aws:wafv2:us-east-1:1:global/webacl/a/1",
}


@pytest.mark.parametrize("name", FIXED)
def test_these_may_not_be_changed_on_either_while_a_policy_links_them(
    account: Account, name: str
) -> None:
    for identifier in account.pair()[:2]:
        before = account.read(identifier)
        with refused("IllegalUpdate", 400, UNSUPPORTED):
            account.update(identifier, **{name: FIXED[name]})
        assert account.read(identifier) == before


# Detaching and deleting


def test_leaving_the_policy_out_neither_detaches_nor_updates(account: Account) -> None:
    primary, _, identifier = account.pair()
    with refused("IllegalUpdate", 400):
        account.update(primary, ContinuousDeploymentPolicyId=None, Comment="changed")
    after, _ = account.read(primary)
    assert after["ContinuousDeploymentPolicyId"] == identifier
    assert after["Comment"] == ""


def test_an_empty_policy_detaches(account: Account) -> None:
    primary, _, _ = account.pair()
    account.update(primary, ContinuousDeploymentPolicyId="")
    account.update(primary, PriceClass="PriceClass_100")


def test_everything_goes_in_one_order_only(account: Account) -> None:
    primary, staging, identifier = account.pair()
    with refused("ContinuousDeploymentPolicyInUse", 409):
        account.delete_policy(identifier)
    with refused("StagingDistributionInUse", 409):
        account.update(staging, Enabled=False)
    with refused("DistributionNotDisabled", 409):
        account.delete(staging)
    account.update(primary, ContinuousDeploymentPolicyId="")
    with refused("StagingDistributionInUse", 409):
        account.update(staging, Enabled=False)
    account.delete_policy(identifier)
    account.update(staging, Enabled=False)
    account.wait(staging)
    account.delete(staging)
    assert [one["Id"] for one in account.distributions()] == [primary]


def test_a_primary_is_disabled_only_when_its_policy_is(account: Account) -> None:
    primary, _, identifier = account.pair()
    with refused("IllegalUpdate", 400):
        account.update(primary, Enabled=False)
    account.update_policy(identifier, Enabled=False)
    account.update(primary, Enabled=False)
    account.wait(primary)
    account.delete(primary)


def test_a_change_of_an_attached_policy_is_deployed_with_its_primary(session: Any) -> None:
    with running(deploy_seconds=0.5) as slow:
        account = Account(session.client("cloudfront", endpoint_url=slow))
        primary, _, identifier = account.pair()
        assert account.status(primary) == "Deployed"
        account.update_policy(identifier, Enabled=False)
        assert account.status(primary) == "InProgress"


# Promotion


def test_promotion_gives_the_primary_the_staging_configuration(account: Account) -> None:
    primary, staging, identifier = account.pair()
    account.update(staging, Comment="new", DefaultRootObject="index.html")
    etags = f"{account.read(primary)[1]}, {account.read(staging)[1]}"
    account.client.update_distribution_with_staging_config(
        Id=primary, StagingDistributionId=staging, IfMatch=etags
    )
    after, _ = account.read(primary)
    assert (after["Comment"], after["DefaultRootObject"]) == ("new", "index.html")
    assert after["Staging"] is False
    assert after["ContinuousDeploymentPolicyId"] == identifier
    answer = account.client.get_continuous_deployment_policy_config(Id=identifier)
    assert answer["ContinuousDeploymentPolicyConfig"]["Enabled"] is False


def test_promotion_needs_both_etags_and_the_primarys_own_staging(account: Account) -> None:
    primary, staging, _ = account.pair()
    one, two = account.read(primary)[1], account.read(staging)[1]
    promote = account.client.update_distribution_with_staging_config
    with refused("InvalidIfMatchVersion", 400):
        promote(Id=primary, StagingDistributionId=staging, IfMatch=one)
    with refused("PreconditionFailed", 412):
        promote(Id=primary, StagingDistributionId=staging, IfMatch=f"{two}, {one}")
    other = account.create(Staging=True)["Id"]
    with refused("IllegalUpdate", 400):
        promote(
            Id=primary,
            StagingDistributionId=other,
            IfMatch=f"{one}, {account.read(other)[1]}",
        )


# What the product does with it


def test_the_products_attachment_attaches_and_detaches(account: Account) -> None:
    primary = account.create()["Id"]
    identifier = account.policy(account.create(Staging=True)["DomainName"])
    link = Primary(account.client, primary)
    link.attach(identifier)
    assert link.policy() == identifier
    link.attach(identifier)
    other = account.policy(account.create(Staging=True)["DomainName"])
    with pytest.raises(AttachmentError, match="already leads"):
        link.attach(other)
    link.detach(other)
    assert link.policy() == identifier
    link.detach(identifier)
    assert link.policy() == ""


def test_the_products_attachment_yields_to_whoever_writes_at_the_same_time(
    account: Account,
) -> None:
    primary = account.create()["Id"]
    identifier = account.policy(account.create(Staging=True)["DomainName"])
    overtaken: list[Any] = []

    class Overtaken:
        """A client before whose first write somebody else writes."""

        def get_distribution_config(self, **asked: Any) -> Any:
            return account.client.get_distribution_config(**asked)

        def update_distribution(self, **asked: Any) -> Any:
            if not overtaken:
                overtaken.append(account.update(primary, Comment="overtaken"))
            return account.client.update_distribution(**asked)

    Primary(Overtaken(), primary, sleep=lambda _: None).attach(identifier)  # type: ignore[arg-type]
    after, _ = account.read(primary)
    assert (after["Comment"], after["ContinuousDeploymentPolicyId"]) == ("overtaken", identifier)


def test_what_the_product_mirrors_can_be_attached(account: Account) -> None:
    primary = account.create(PriceClass="PriceClass_100", IsIPV6Enabled=False)
    arguments = mirror(account.read(primary["Id"])[0], "pr-7.preview.test", "http", 8000)
    staging = account.create(
        Staging=True,
        PriceClass=arguments["price_class"],
        IsIPV6Enabled=arguments["is_ipv6_enabled"],
        HttpVersion=arguments["http_version"],
    )
    identifier = account.policy(staging["DomainName"])
    Primary(account.client, primary["Id"]).attach(identifier)


@hypothesis.settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.given(steps=st.lists(st.integers(0, 6), max_size=12))
def test_no_order_of_calls_leaves_a_policy_without_its_staging_distribution(
    account: Account, steps: list[int]
) -> None:
    """Whatever is tried and refused, what exists fits together."""
    primary = account.create()["Id"]
    staging = account.create(Staging=True)
    identifier = account.policy(staging["DomainName"])
    moves: list[Callable[[], object]] = [
        lambda: account.update(primary, ContinuousDeploymentPolicyId=identifier),
        lambda: account.update(primary, ContinuousDeploymentPolicyId=""),
        lambda: account.update(staging["Id"], Enabled=False),
        lambda: account.delete(staging["Id"]),
        lambda: account.delete_policy(identifier),
        lambda: account.update(primary, PriceClass="PriceClass_100"),
        lambda: account.update_policy(identifier, Enabled=False),
    ]
    for step in steps:
        try:
            moves[step]()
        except botocore.exceptions.ClientError:
            continue
    present = {one["Id"]: one for one in account.distributions()}
    domains = {one["DomainName"]: one for one in present.values() if one["Staging"]}
    policies = {policy["Id"] for policy in account.policies()}
    attached = account.read(primary)[0]["ContinuousDeploymentPolicyId"]
    assert attached == "" or attached in policies
    if policies:
        assert domains[staging["DomainName"]]["Enabled"]
    if attached:
        assert present[primary]["PriceClass"] == domains[staging["DomainName"]]["PriceClass"]
    account.clear()
