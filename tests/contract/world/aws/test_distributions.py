from typing import Any

import botocore.exceptions
import pytest
import requests

from tests.contract.world.aws.accounts import Account, config, origin, refused
from tests.world.aws.process import running


def test_a_distribution_is_in_progress_before_it_is_deployed(account: Account) -> None:
    made = account.client.create_distribution(DistributionConfig=config())
    assert made["Distribution"]["Status"] == "InProgress"
    assert made["Distribution"]["DomainName"].endswith(".cloudfront.net")
    account.wait(made["Distribution"]["Id"])


def test_what_is_not_said_is_filled_in(account: Account) -> None:
    answer = account.create()["DistributionConfig"]
    assert answer["Aliases"] == {"Quantity": 0}
    assert answer["HttpVersion"] == "http2"
    assert answer["Staging"] is False
    assert answer["ContinuousDeploymentPolicyId"] == ""
    assert answer["ViewerCertificate"]["CloudFrontDefaultCertificate"] is True
    assert answer["Origins"]["Items"][0]["CustomOriginConfig"]["OriginReadTimeout"] == 30


def test_what_is_said_is_kept_whole(account: Account) -> None:
    function = {"EventType": "viewer-request", "FunctionARN": "arn:aws:cloudfront::1:function/f"}
    headers = {"Quantity": 1, "Items": [{"HeaderName": "x-tenant", "HeaderValue": "shop"}]}
    given = config(
        Comment="shop",
        DefaultRootObject="index.html",
        Origins={"Quantity": 1, "Items": [origin("app", "app.test", CustomHeaders=headers)]},
        DefaultCacheBehavior={
            "TargetOriginId": "app",
            "ViewerProtocolPolicy": "https-only",
            "CachePolicyId": "policy",
            "FunctionAssociations": {"Quantity": 1, "Items": [function]},
            "GrpcConfig": {"Enabled": True},
        },
        CustomErrorResponses={"Quantity": 1, "Items": [{"ErrorCode": 404, "ResponseCode": "200"}]},
    )
    identifier = account.client.create_distribution(DistributionConfig=given)["Distribution"]["Id"]
    answer, _ = account.read(identifier)
    assert answer["Comment"] == "shop"
    assert answer["DefaultRootObject"] == "index.html"
    assert answer["Origins"]["Items"][0]["CustomHeaders"] == headers
    assert answer["DefaultCacheBehavior"]["FunctionAssociations"]["Items"] == [function]
    assert answer["DefaultCacheBehavior"]["GrpcConfig"] == {"Enabled": True}
    assert answer["CustomErrorResponses"]["Items"][0]["ErrorCode"] == 404


def test_an_answer_given_back_unchanged_is_accepted_and_changes_nothing(account: Account) -> None:
    identifier = account.create()["Id"]
    before, _ = account.read(identifier)
    account.update(identifier)
    assert account.read(identifier)[0] == before


@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [
        (
            {"Origins": {"Quantity": 2, "Items": [origin("app", "a.test")]}},
            "InconsistentQuantities",
            400,
        ),
        ({"Origins": {"Quantity": 1, "Items": [origin("other", "a.test")]}}, "NoSuchOrigin", 404),
        (
            {"Origins": {"Quantity": 1, "Items": [{"Id": "app", "DomainName": "a.test"}]}},
            "InvalidArgument",
            400,
        ),
        (
            {
                "DefaultCacheBehavior": {
                    "TargetOriginId": "app",
                    "ViewerProtocolPolicy": "allow-all",
                }
            },
            "InvalidArgument",
            400,
        ),
        ({"Aliases": {"Quantity": 1, "Items": ["shop.test"]}}, "InvalidViewerCertificate", 400),
        ({"HttpVersion": "http4"}, "MalformedInput", 400),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(
    account: Account, changes: dict[str, Any], code: str, status: int
) -> None:
    with refused(code, status):
        account.client.create_distribution(DistributionConfig=config(**changes))
    assert account.distributions() == []


def test_an_alias_belongs_to_one_distribution(account: Account) -> None:
    certificate = {
        "ACMCertificateArn": "arn:aws:acm:us-east-1:1:certificate/1",
        "SSLSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    }
    aliases = {"Quantity": 1, "Items": ["shop.test"]}
    account.create(Aliases=aliases, ViewerCertificate=certificate)
    with refused("CNAMEAlreadyExists", 409):
        account.create(Aliases=aliases, ViewerCertificate=certificate)


def test_a_caller_reference_makes_one_distribution(account: Account) -> None:
    account.create(CallerReference="once")
    with refused("DistributionAlreadyExists", 409):
        account.create(CallerReference="once")


def test_an_update_must_bring_the_etag_that_is_there_now(account: Account) -> None:
    identifier = account.create()["Id"]
    present, etag = account.read(identifier)
    account.update(identifier, Comment="somebody was faster")
    with refused("PreconditionFailed", 412):
        account.client.update_distribution(Id=identifier, IfMatch=etag, DistributionConfig=present)
    with refused("InvalidIfMatchVersion", 400):
        account.client.update_distribution(Id=identifier, DistributionConfig=present)
    with refused("InvalidIfMatchVersion", 400):
        account.client.delete_distribution(Id=identifier, IfMatch="?")
    assert account.read(identifier)[0]["Comment"] == "somebody was faster"


@pytest.mark.parametrize("changes", [{"CallerReference": "another"}, {"Staging": True}])
def test_what_a_distribution_is_can_not_be_updated(
    account: Account, changes: dict[str, Any]
) -> None:
    identifier = account.create()["Id"]
    with refused("IllegalUpdate", 400):
        account.update(identifier, **changes)


def test_a_distribution_is_disabled_and_deployed_before_it_is_deleted(account: Account) -> None:
    identifier = account.create()["Id"]
    with refused("DistributionNotDisabled", 409):
        account.delete(identifier)
    account.wait(identifier)
    account.update(identifier, Enabled=False)
    account.wait(identifier)
    account.delete(identifier)
    with refused("NoSuchDistribution", 404):
        account.read(identifier)


def test_a_disabled_distribution_that_is_still_in_progress_is_not_deleted(
    session: Any,
) -> None:
    with running(deploy_seconds=600) as slow:
        account = Account(session.client("cloudfront", endpoint_url=slow))
        identifier = account.client.create_distribution(DistributionConfig=config(Enabled=False))[
            "Distribution"
        ]["Id"]
        with refused("DistributionNotDisabled", 409):
            account.delete(identifier)


def test_tags_come_and_go_with_a_distribution(account: Account) -> None:
    tags = {"Items": [{"Key": "understudy:environment", "Value": "pr-7"}]}
    both = {"DistributionConfig": config(Enabled=False), "Tags": tags}
    made = account.client.create_distribution_with_tags(DistributionConfigWithTags=both)
    arn = made["Distribution"]["ARN"]
    assert account.client.list_tags_for_resource(Resource=arn)["Tags"] == tags
    more = {"Items": [{"Key": "team", "Value": "shop"}]}
    account.client.tag_resource(Resource=arn, Tags=more)
    account.client.untag_resource(Resource=arn, TagKeys={"Items": ["understudy:environment"]})
    assert account.client.list_tags_for_resource(Resource=arn)["Tags"] == more
    account.wait(made["Distribution"]["Id"])
    account.delete(made["Distribution"]["Id"])
    with refused("NoSuchResource", 404):
        account.client.list_tags_for_resource(Resource=arn)


def test_the_list_comes_in_pages(account: Account) -> None:
    made = {account.create()["Id"] for _ in range(3)}
    pages = list(
        account.client.get_paginator("list_distributions").paginate(
            PaginationConfig={"PageSize": 2}
        )
    )
    assert [page["DistributionList"]["Quantity"] for page in pages] == [2, 1]
    assert {one["Id"] for page in pages for one in page["DistributionList"]["Items"]} == made


def test_an_invalidation_still_works(account: Account) -> None:
    identifier = account.create()["Id"]
    batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "now"}
    answer = account.client.create_invalidation(DistributionId=identifier, InvalidationBatch=batch)
    assert answer["Invalidation"]["InvalidationBatch"]["Paths"]["Items"] == ["/*"]


def sent(endpoint: str, body: str) -> requests.Response:
    """A request that no well-behaved client would send."""
    scope = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cloudfront/aws4_request"
    return requests.post(
        f"{endpoint}/2020-05-31/distribution",
        data=body,
        headers={"Authorization": f"{scope}, SignedHeaders=host, Signature=0"},
        timeout=10,
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<DistributionConfig><Comment>", "Could not parse"),
        ("<DistributionConfig><Enabled>true</Enabled></DistributionConfig>", "is required"),
        ("", "is required"),
    ],
)
def test_a_body_that_the_model_does_not_allow_is_refused(
    endpoint: str, body: str, words: str
) -> None:
    answer = sent(endpoint, body)
    assert answer.status_code == 400
    assert "<Code>MalformedInput</Code>" in answer.text
    assert words in answer.text


WHOLE = """<DistributionConfig xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">
<CallerReference>raw</CallerReference><Comment></Comment><Enabled>false</Enabled>{more}
<Origins><Quantity>1</Quantity><Items><Origin><Id>app</Id><DomainName>app.test</DomainName>
<CustomOriginConfig><HTTPPort>{port}</HTTPPort><HTTPSPort>443</HTTPSPort>
<OriginProtocolPolicy>http-only</OriginProtocolPolicy></CustomOriginConfig></Origin></Items>
</Origins><DefaultCacheBehavior><TargetOriginId>app</TargetOriginId>
<ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy><CachePolicyId>p</CachePolicyId>
</DefaultCacheBehavior></DistributionConfig>"""


@pytest.mark.parametrize(
    ("more", "port", "words"),
    [
        ("<Colour>red</Colour>", "80", "Colour is unknown"),
        ("", "eighty", "Could not parse"),
        ("<HttpVersion>http4</HttpVersion>", "80", "HttpVersion must be one of"),
    ],
)
def test_what_the_model_does_not_have_is_refused_whoever_sends_it(
    endpoint: str, account: Account, more: str, port: str, words: str
) -> None:
    answer = sent(endpoint, WHOLE.format(more=more, port=port))
    assert answer.status_code == 400
    assert words in answer.text
    assert account.distributions() == []


def test_the_same_body_without_a_fault_is_accepted(endpoint: str, account: Account) -> None:
    assert sent(endpoint, WHOLE.format(more="", port="80")).status_code == 201
    assert len(account.distributions()) == 1


def test_a_distribution_that_does_not_exist_is_not_found(account: Account) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="NoSuchDistribution"):
        account.read("ENOSUCH")
