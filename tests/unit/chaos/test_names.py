"""What requests are called."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies as st

from tests.chaos import names

SIGNED = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{}/aws4_request, SignedHeaders=host"


@pytest.mark.parametrize(
    ("method", "target", "name"),
    [
        ("POST", "/api/v1/namespaces", "POST namespaces"),
        ("PATCH", "/api/v1/namespaces/pr-1?fieldManager=x", "PATCH namespaces"),
        ("PUT", "/api/v1/namespaces/pr-1/finalize", "PUT namespaces/finalize"),
        ("DELETE", "/api/v1/namespaces/pr-1/services/web", "DELETE services"),
        ("PATCH", "/apis/apps/v1/namespaces/a/deployments/web", "PATCH apps/deployments"),
        ("PATCH", "/apis/apps/v1/namespaces/a/deployments/b/scale", "PATCH apps/deployments/scale"),
        ("DELETE", "/apis/karpenter.sh/v1/nodepools/pr-1", "DELETE karpenter.sh/nodepools"),
        ("DELETE", "/api/v1/namespaces/a/pods", "DELETE pods"),
        ("GET", "/api/v1/namespaces", None),
        ("PATCH", "/api/v1/namespaces/a?dryRun=All", None),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", None),
        ("POST", "/openapi/v2", None),
    ],
)
def test_calls_of_the_api_server(method: str, target: str, name: str | None) -> None:
    assert names.kubernetes(method, target) == name


@pytest.mark.parametrize(
    ("method", "target", "name"),
    [
        ("POST", "/repos/acme/shop/issues/12/comments", "POST repos/issues/comments"),
        ("PATCH", "/repos/acme/shop/issues/comments/77", "PATCH repos/issues/comments"),
        ("POST", "/repos/acme/shop/deployments/3/statuses", "POST repos/deployments/statuses"),
        ("PUT", "/repos/acme/shop/environments/pr-1", "PUT repos/environments"),
        ("POST", f"/repos/acme/shop/statuses/{'a' * 40}", "POST repos/statuses"),
        ("POST", "/app/installations/5/access_tokens", "POST app/installations/access_tokens"),
        ("GET", "/repos/acme/shop/pulls/1", None),
    ],
)
def test_calls_of_github(method: str, target: str, name: str | None) -> None:
    assert names.github(method, target) == name


@pytest.mark.parametrize(
    ("service", "method", "target", "body", "name"),
    [
        ("cloudfront", "POST", "/2020-05-31/distribution", "", "CreateDistribution"),
        (
            "cloudfront",
            "POST",
            "/2020-05-31/distribution?WithTags",
            "",
            "CreateDistributionWithTags",
        ),
        ("cloudfront", "PUT", "/2020-05-31/distribution/E1/config", "", "UpdateDistribution"),
        ("cloudfront", "DELETE", "/2020-05-31/distribution/E1", "", "DeleteDistribution"),
        (
            "cloudfront",
            "DELETE",
            "/2020-05-31/continuous-deployment-policy/1",
            "",
            "DeleteContinuousDeploymentPolicy",
        ),
        (
            "cloudfront",
            "POST",
            "/2020-05-31/tagging?Operation=Tag&Resource=arn",
            "",
            "TagResource",
        ),
        ("cloudfront", "GET", "/2020-05-31/distribution/E1/config", "", None),
        ("ec2", "POST", "/", "Action=RunInstances&Version=2016-11-15", "RunInstances"),
        ("ec2", "POST", "/", "Action=DescribeInstances&Version=2016-11-15", None),
        ("nobody", "POST", "/", "", None),
    ],
)
def test_calls_of_aws(service: str, method: str, target: str, body: str, name: str | None) -> None:
    headers = {"Authorization": SIGNED.format(service)}
    assert names.amazon(method, target, headers, body.encode()) == name


def test_calls_of_aws_by_target() -> None:
    headers = {"Authorization": SIGNED.format("eks"), "X-Amz-Target": "Service_2020.DeleteThing"}
    assert names.amazon("POST", "/", headers, b"{}") == "DeleteThing"


@hypothesis.given(
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]),
    st.text().map(lambda text: "/" + text),
)
def test_any_target_has_a_name_or_none(method: str, target: str) -> None:
    hypothesis.assume("[" not in target and "]" not in target)  # no authority is ever in a target
    for found in (names.kubernetes(method, target), names.github(method, target)):
        assert found is None or (found.startswith(method) and method not in {"GET", "HEAD"})
