"""The AWS stand-in's checks, diffs and previews: recorded cases, no engine and no AWS."""

import importlib
import inspect
import json
import re
from typing import Any
from unittest import mock

import pytest
from pulumi.runtime.proto import provider_pb2

from tests.world.plugins.aws import check
from tests.world.plugins.aws.fields import Field, Many
from tests.world.plugins.aws.properties import COMPUTED, DISTRIBUTION, INPUTS, POLICY
from tests.world.plugins.aws.provider import AwsProvider
from tests.world.plugins.aws.translate import distribution_config, distribution_properties
from tests.world.plugins.values import UNKNOWN, Secret, from_struct, reveal, to_struct

ORIGIN = {
    "originId": "app",
    "domainName": "pr-7.preview.test",
    "customOriginConfig": {
        "httpPort": 8000,
        "httpsPort": 443,
        "originProtocolPolicy": "http-only",
        "originSslProtocols": ["TLSv1.2"],
    },
}
BEHAVIOUR = {
    "targetOriginId": "app",
    "viewerProtocolPolicy": "allow-all",
    "allowedMethods": ["GET", "HEAD", "OPTIONS"],
    "cachedMethods": ["GET", "HEAD"],
    "cachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
}
STAGING: dict[str, Any] = {
    "enabled": True,
    "staging": True,
    "comment": "environment pr-7",
    "tags": {"environment": "pr-7"},
    "origins": [ORIGIN],
    "defaultCacheBehavior": BEHAVIOUR,
    "restrictions": {"geoRestriction": {"restrictionType": "none"}},
    "viewerCertificate": {"cloudfrontDefaultCertificate": True},
    "waitForDeployment": False,
}
HEADER: dict[str, Any] = {
    "enabled": True,
    "stagingDistributionDnsNames": {"quantity": 1, "items": ["d1.cloudfront.net"]},
    "trafficConfig": {
        "type": "SingleHeader",
        "singleHeaderConfig": {"header": "aws-cf-cd-pr-7", "value": Secret("sesame")},
    },
}


class RefusalError(Exception):
    """What the engine would be told."""


@pytest.fixture
def context() -> mock.Mock:
    def abort(code: Any, words: str) -> None:
        raise RefusalError(words)

    return mock.Mock(abort=abort)


@pytest.fixture
def provider() -> AwsProvider:
    return AwsProvider()


def urn(token: str) -> str:
    return f"urn:pulumi:s::p::understudy:cloudfront:Edge${token}::pr-7"


def checked(provider: AwsProvider, context: Any, token: str, inputs: dict[str, Any]) -> Any:
    request = provider_pb2.CheckRequest(urn=urn(token), news=to_struct(inputs))
    return provider.Check(request, context)


def filled(provider: AwsProvider, context: Any, token: str, inputs: Any) -> dict[str, Any]:
    answer = checked(provider, context, token, inputs)
    assert not answer.failures
    return from_struct(answer.inputs)


def differences(
    provider: AwsProvider, context: Any, token: str, olds: Any, news: Any, *ignored: str
) -> dict[str, str]:
    request = provider_pb2.DiffRequest(
        id="x",
        urn=urn(token),
        olds=to_struct(olds),
        news=to_struct(filled(provider, context, token, news)),
        ignoreChanges=ignored,
    )
    answer = provider.Diff(request, context)
    kinds = provider_pb2.PropertyDiff.Kind
    return {path: kinds.Name(found.kind) for path, found in answer.detailedDiff.items()}


def outputs(inputs: dict[str, Any]) -> dict[str, Any]:
    """What is recorded of a distribution: what the API answers for these inputs."""
    config = distribution_config(check.filled(DISTRIBUTION, inputs), "reference")
    # What CloudFront fills in by itself.
    config["ViewerCertificate"]["MinimumProtocolVersion"] = "TLSv1"
    live = distribution_properties(config)
    return {**live, "tags": inputs["tags"], "tagsAll": inputs["tags"], "waitForDeployment": False}


@pytest.mark.parametrize(
    ("token", "module", "name"),
    [
        (DISTRIBUTION, "distribution", "Distribution"),
        (POLICY, "continuous_deployment_policy", "ContinuousDeploymentPolicy"),
    ],
)
def test_names_and_requirements_are_those_of_the_sdk(token: str, module: str, name: str) -> None:
    sdk = importlib.import_module(f"pulumi_aws.cloudfront.{module}")
    nested = importlib.import_module("pulumi_aws.cloudfront._inputs")

    def compare(fields: tuple[Field, ...], arguments: Any) -> None:
        parameters = inspect.signature(arguments.__init__).parameters
        for field in fields:
            snake = re.sub(r"(?<!^)([A-Z])", r"_\1", field.name).lower()
            parameter = parameters[snake]
            required = parameter.default is inspect.Parameter.empty
            assert field.required == required, (arguments, field.name)
            annotation = str(parameter.annotation)
            assert ("Sequence" in annotation) == (field.many is not Many.ONE), field.name
            if field.nested:
                [inner] = set(re.findall(r"'(\w+Args)'", annotation))
                compare(field.nested, getattr(nested, inner))

    compare(INPUTS[token], getattr(sdk, f"{name}Args"))
    made = inspect.getsource(getattr(sdk, name)._internal_init)
    computed = re.findall(r'__dict__\["(\w+)"\] = None', made)
    known = {re.sub(r"(?<!^)([A-Z])", r"_\1", one).lower() for one in COMPUTED[token]}
    assert set(computed) - {"tags_all"} == known


def test_check_fills_in_the_defaults_and_notes_them(provider: AwsProvider, context: Any) -> None:
    inputs = filled(provider, context, DISTRIBUTION, STAGING)
    assert inputs["httpVersion"] == "http2"
    assert inputs["priceClass"] == "PriceClass_All"
    assert inputs["isIpv6Enabled"] is False
    assert inputs["__defaults"] == ["httpVersion", "isIpv6Enabled", "priceClass", "retainOnDelete"]
    [origin] = inputs["origins"]
    assert origin["connectionAttempts"] == 3
    assert origin["customOriginConfig"]["originReadTimeout"] == 30
    assert inputs["viewerCertificate"]["minimumProtocolVersion"] == "TLSv1"


@pytest.mark.parametrize(
    ("token", "change", "path", "words"),
    [
        (DISTRIBUTION, {"anycastIpListId": "x"}, "anycastIpListId", "is not known"),
        (DISTRIBUTION, {"origins": None}, "origins", "is missing"),
        (DISTRIBUTION, {"enabled": "yes"}, "enabled", "must be true or false"),
        (DISTRIBUTION, {"httpVersion": "http4"}, "httpVersion", "one of http1.1, http2"),
        (DISTRIBUTION, {"comment": "x" * 129}, "comment", "at most 128 characters"),
        (DISTRIBUTION, {"tags": {"a": 1}}, "tags.a", "must be a text"),
        (
            DISTRIBUTION,
            {"origins": [{**ORIGIN, "responseCompletionTimeout": 5}]},
            "origins[0].responseCompletionTimeout",
            "is not known",
        ),
        (
            DISTRIBUTION,
            {"defaultCacheBehavior": {**BEHAVIOUR, "minTtl": 1.5}},
            "defaultCacheBehavior.minTtl",
            "a whole number",
        ),
        (POLICY, {"tags": {}}, "tags", "is not known"),
        (POLICY, {"trafficConfig": {"type": "Both"}}, "trafficConfig.type", "SingleWeight"),
    ],
)
def test_what_would_be_ignored_is_refused_by_its_path(
    provider: AwsProvider, context: Any, token: str, change: Any, path: str, words: str
) -> None:
    answer = checked(
        provider, context, token, {**(STAGING if token == DISTRIBUTION else HEADER), **change}
    )
    [failure] = answer.failures
    assert failure.property == path
    assert words in failure.reason
    assert failure.reason.endswith(".")


def test_an_unknown_type_is_refused(provider: AwsProvider, context: Any) -> None:
    with pytest.raises(RefusalError, match=r"'aws:s3/bucket:Bucket' is not known"):
        checked(provider, context, "aws:s3/bucket:Bucket", {})


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"region": "us-east-1", "endpoints": '[{"cloudfront":"http://a","sts":"http://a"}]'}, ""),
        ({"skipCredentialsValidation": "true", "skipMetadataApiCheck": "true"}, ""),
        ({"region": UNKNOWN}, ""),
        ({"defaultTags": "{}"}, "'defaultTags' is not known"),
        ({"skipRegionValidation": "perhaps"}, "must be true or false"),
        ({"endpoints": '[{"ec2":"http://a"}]'}, "names 'ec2'"),
        ({"endpoints": '[{"sts":"localhost"}]'}, "must be an http or https URL"),
        ({"endpoints": "{}"}, "must be a list of objects"),
    ],
)
def test_configuration_that_would_be_ignored_is_refused(
    provider: AwsProvider, context: Any, variables: Any, words: str
) -> None:
    request = provider_pb2.CheckRequest(news=to_struct(variables))
    failures = provider.CheckConfig(request, context).failures
    assert [words in failure.reason for failure in failures] == ([True] if words else [])


def test_a_distribution_as_recorded_is_no_difference(provider: AwsProvider, context: Any) -> None:
    assert differences(provider, context, DISTRIBUTION, outputs(STAGING), STAGING) == {}


def test_the_order_of_a_set_is_no_difference(provider: AwsProvider, context: Any) -> None:
    turned = {**BEHAVIOUR, "allowedMethods": ["OPTIONS", "HEAD", "GET"]}
    news = {**STAGING, "defaultCacheBehavior": turned}
    assert differences(provider, context, DISTRIBUTION, outputs(STAGING), news) == {}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"comment": "other"}, {"comment": "UPDATE"}),
        ({"comment": None}, {"comment": "DELETE"}),
        ({"staging": False}, {"staging": "UPDATE_REPLACE"}),
        ({"defaultRootObject": "index.html"}, {"defaultRootObject": "ADD"}),
        ({"tags": {"a": "b"}}, {"tags.a": "ADD", "tags.environment": "DELETE"}),
        ({"waitForDeployment": True}, {"waitForDeployment": "UPDATE"}),
        (
            {"origins": [{**ORIGIN, "domainName": "other.test"}]},
            {"origins[0].domainName": "UPDATE"},
        ),
        (
            {"origins": [{**ORIGIN, "originId": "new"}, ORIGIN]},
            {"origins[0]": "ADD"},
        ),
        (
            {"defaultCacheBehavior": {**BEHAVIOUR, "compress": True}},
            {"defaultCacheBehavior.compress": "UPDATE"},
        ),
        ({"webAclId": UNKNOWN}, {"webAclId": "ADD"}),
    ],
)
def test_a_change_is_named_where_it_is(
    provider: AwsProvider, context: Any, change: Any, expected: dict[str, str]
) -> None:
    news = {key: value for key, value in {**STAGING, **change}.items() if value is not None}
    assert differences(provider, context, DISTRIBUTION, outputs(STAGING), news) == expected


def test_an_ignored_change_is_none(provider: AwsProvider, context: Any) -> None:
    news = {**STAGING, "comment": "other"}
    found = differences(provider, context, DISTRIBUTION, outputs(STAGING), news, "comment")
    assert found == {}


def test_another_value_of_the_header_is_an_update(provider: AwsProvider, context: Any) -> None:
    news = {
        **HEADER,
        "trafficConfig": {
            "type": "SingleHeader",
            "singleHeaderConfig": {"header": "aws-cf-cd-pr-7", "value": Secret("other")},
        },
    }
    assert differences(provider, context, POLICY, HEADER, HEADER) == {}
    found = differences(provider, context, POLICY, HEADER, news)
    assert found == {"trafficConfig.singleHeaderConfig.value": "UPDATE"}


def test_the_preview_of_a_creation_knows_what_is_unknown(
    provider: AwsProvider, context: Any
) -> None:
    inputs = filled(provider, context, DISTRIBUTION, STAGING)
    request = provider_pb2.CreateRequest(
        urn=urn(DISTRIBUTION), properties=to_struct(inputs), preview=True
    )
    answer = provider.Create(request, context)
    planned = from_struct(answer.properties)
    assert not answer.id
    assert planned["domainName"] is UNKNOWN
    assert planned["comment"] == "environment pr-7"
    assert planned["tagsAll"] == {"environment": "pr-7"}
    assert "__defaults" not in json.dumps(reveal(planned), default=str)


def test_the_preview_of_an_update_keeps_what_stays(provider: AwsProvider, context: Any) -> None:
    inputs = filled(provider, context, POLICY, HEADER)
    olds = {**HEADER, "arn": "arn:aws:policy", "etag": "E1", "lastModifiedTime": "then"}
    request = provider_pb2.UpdateRequest(
        id="p", urn=urn(POLICY), olds=to_struct(olds), news=to_struct(inputs), preview=True
    )
    planned = from_struct(provider.Update(request, context).properties)
    assert planned["arn"] == "arn:aws:policy"
    assert planned["etag"] is planned["lastModifiedTime"] is UNKNOWN
    assert planned["trafficConfig"]["singleHeaderConfig"]["value"] == Secret("sesame")


def test_a_call_before_the_configuration_is_refused(provider: AwsProvider, context: Any) -> None:
    request = provider_pb2.DeleteRequest(id="x", urn=urn(POLICY))
    with pytest.raises(RefusalError, match="before it was configured"):
        provider.Delete(request, context)
