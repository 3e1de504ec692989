"""CloudFront's API for distributions, policies and tags.

moto reads the request and writes the answer by botocore's service model; here both are held
against that model first, so that a wrong request is refused as the service would, and a wrong
answer of ours is an error of the simulation and not a surprise of some client.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast
from xml.etree import ElementTree

from moto.cloudfront import urls
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.parse import RequestParserError
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import get_service_model

from tests.world.aws import shapes
from tests.world.aws.backend import ContinuousDeploymentBackend, Distribution, Policy, backends
from tests.world.aws.defaults import Config, items
from tests.world.aws.errors import CloudFrontError

_SUMMARY = (
    *("Aliases", "Origins", "OriginGroups", "DefaultCacheBehavior", "CacheBehaviors"),
    *("CustomErrorResponses", "Comment", "PriceClass", "Enabled", "ViewerCertificate"),
    *("Restrictions", "WebACLId", "HttpVersion", "IsIPV6Enabled", "Staging"),
)
_PAGE = 100

Answer = dict[str, Any] | None


def served(method: Callable[[Any, Config], Answer]) -> Callable[[Any], ActionResult]:
    """Serve an operation: check the request, then run `method`, then check its answer."""

    @functools.wraps(method)
    def run(self: ContinuousDeploymentResponse) -> ActionResult:
        operation = get_service_model("cloudfront").operation_model(self._get_action())
        self.check_request(operation)
        answer = method(self, dict(self.params))
        shapes.check_answer(operation, answer)
        return EmptyResult() if answer is None else ActionResult(answer)

    return run


class ContinuousDeploymentResponse(CloudFrontResponse):
    """moto's CloudFront with the operations that need the whole configuration."""

    unreadable = ""
    """Why the request could not be read at all."""

    @property
    def backend(self) -> ContinuousDeploymentBackend:
        """The account's CloudFront."""
        return cast(ContinuousDeploymentBackend, backends[self.current_account][self.partition])

    def parse_parameters(self, request: Any) -> None:
        """Read the request; one that can't be read is answered, not raised, later."""
        try:
            super().parse_parameters(request)
        except (RequestParserError, ValueError, TypeError, AttributeError, KeyError) as error:
            self.unreadable = f"Could not parse the request: {error}"
            self.params = cast(Any, {})

    def call_action(self) -> Any:
        """One write at a time: moto's backends know no threads."""
        with self.backend.lock:
            return super().call_action()

    def check_request(self, operation: Any) -> None:
        """Refuse what the service model does not allow."""
        if self.unreadable:
            raise CloudFrontError("MalformedInput", self.unreadable)
        shape = operation.input_shape
        problems = list(shapes.violations(shape, dict(self.params)))
        payload = shape.serialization.get("payload")
        if self.body and payload:
            body = ElementTree.fromstring(self.raw_body)
            problems += [
                f"{place} is unknown"
                for place in shapes.unknown_elements(shape.members[payload], body)
            ]
        if problems:
            raise CloudFrontError("MalformedInput", f"{problems[0]}.")
        if uneven := list(shapes.quantities(dict(self.params))):
            raise CloudFrontError(
                "InconsistentQuantities",
                f"The value of Quantity and the size of Items don't match at {uneven[0]}.",
            )

    # Distributions

    @served
    def create_distribution(self, asked: Config) -> Answer:
        """CreateDistribution."""
        return _created(self.backend.create(asked["DistributionConfig"], []))

    @served
    def create_distribution_with_tags(self, asked: Config) -> Answer:
        """CreateDistributionWithTags."""
        both = asked["DistributionConfigWithTags"]
        return _created(self.backend.create(both["DistributionConfig"], items(both["Tags"])))

    @served
    def copy_distribution(self, asked: Config) -> Answer:
        """CopyDistribution."""
        copy = self.backend.copy(asked["PrimaryDistributionId"], asked.get("IfMatch"), asked)
        return _created(copy)

    @served
    def get_distribution(self, asked: Config) -> Answer:
        """GetDistribution."""
        distribution = self.backend.find(asked["Id"])
        return {"Distribution": _distribution(distribution), "ETag": distribution.etag}

    @served
    def get_distribution_config(self, asked: Config) -> Answer:
        """GetDistributionConfig."""
        distribution = self.backend.find(asked["Id"])
        return {"DistributionConfig": distribution.config, "ETag": distribution.etag}

    @served
    def update_distribution(self, asked: Config) -> Answer:
        """UpdateDistribution."""
        distribution = self.backend.update(
            asked["Id"], asked.get("IfMatch"), asked["DistributionConfig"]
        )
        return {"Distribution": _distribution(distribution), "ETag": distribution.etag}

    @served
    def update_distribution_with_staging_config(self, asked: Config) -> Answer:
        """UpdateDistributionWithStagingConfig."""
        distribution = self.backend.promote(
            asked["Id"], asked.get("StagingDistributionId"), asked.get("IfMatch")
        )
        return {"Distribution": _distribution(distribution), "ETag": distribution.etag}

    @served
    def delete_distribution(self, asked: Config) -> Answer:
        """DeleteDistribution."""
        self.backend.delete(asked["Id"], asked.get("IfMatch"))
        return None

    @served
    def list_distributions(self, asked: Config) -> Answer:
        """ListDistributions."""
        page, after = _page(list(self.backend.served.values()), asked)
        return {
            "DistributionList": _listed([_summary(one) for one in page], after, asked)
            | {"Marker": asked.get("Marker", ""), "IsTruncated": after is not None}
        }

    # Policies

    @served
    def create_continuous_deployment_policy(self, asked: Config) -> Answer:
        """CreateContinuousDeploymentPolicy."""
        policy = self.backend.create_policy(asked["ContinuousDeploymentPolicyConfig"])
        return _policy_answer(policy) | {"Location": policy.location}

    @served
    def get_continuous_deployment_policy(self, asked: Config) -> Answer:
        """GetContinuousDeploymentPolicy."""
        return _policy_answer(self.backend.find_policy(asked["Id"]))

    @served
    def get_continuous_deployment_policy_config(self, asked: Config) -> Answer:
        """GetContinuousDeploymentPolicyConfig."""
        policy = self.backend.find_policy(asked["Id"])
        return {"ContinuousDeploymentPolicyConfig": policy.config, "ETag": policy.etag}

    @served
    def update_continuous_deployment_policy(self, asked: Config) -> Answer:
        """UpdateContinuousDeploymentPolicy."""
        return _policy_answer(
            self.backend.update_policy(
                asked["Id"], asked.get("IfMatch"), asked["ContinuousDeploymentPolicyConfig"]
            )
        )

    @served
    def delete_continuous_deployment_policy(self, asked: Config) -> Answer:
        """DeleteContinuousDeploymentPolicy."""
        self.backend.delete_policy(asked["Id"], asked.get("IfMatch"))
        return None

    @served
    def list_continuous_deployment_policies(self, asked: Config) -> Answer:
        """ListContinuousDeploymentPolicies."""
        page, after = _page(list(self.backend.policies.values()), asked)
        summaries = [{"ContinuousDeploymentPolicy": _policy(one)} for one in page]
        return {"ContinuousDeploymentPolicyList": _listed(summaries, after, asked)}

    # Tags

    @served
    def list_tags_for_resource(self, asked: Config) -> Answer:
        """ListTagsForResource."""
        self._check_resource(asked["Resource"])
        tags = self.backend.tagger.list_tags_for_resource(asked["Resource"])["Tags"]
        return {"Tags": {"Items": tags}}

    @served
    def tag_resource(self, asked: Config) -> Answer:
        """TagResource."""
        self._check_resource(asked["Resource"])
        self.backend.tagger.tag_resource(asked["Resource"], items(asked["Tags"]))
        return None

    @served
    def untag_resource(self, asked: Config) -> Answer:
        """UntagResource."""
        self._check_resource(asked["Resource"])
        self.backend.untag_resource(asked["Resource"], items(asked["TagKeys"]))
        return None

    def _check_resource(self, arn: str) -> None:
        known = {one.arn for one in self.backend.served.values()}
        if ":distribution/" in arn and arn not in known:
            raise CloudFrontError("NoSuchResource")


def _created(distribution: Distribution) -> Config:
    return {
        "Distribution": _distribution(distribution),
        "Location": distribution.location,
        "ETag": distribution.etag,
    }


def _distribution(distribution: Distribution) -> Config:
    return {
        "Id": distribution.id,
        "ARN": distribution.arn,
        "Status": distribution.rollout.status,
        "LastModifiedTime": distribution.rollout.modified,
        "InProgressInvalidationBatches": 0,
        "DomainName": distribution.domain_name,
        "ActiveTrustedSigners": {"Enabled": False, "Quantity": 0},
        "ActiveTrustedKeyGroups": {"Enabled": False, "Quantity": 0},
        "DistributionConfig": distribution.config,
    }


def _summary(distribution: Distribution) -> Config:
    return {
        "Id": distribution.id,
        "ARN": distribution.arn,
        "ETag": distribution.etag,
        "Status": distribution.rollout.status,
        "LastModifiedTime": distribution.rollout.modified,
        "DomainName": distribution.domain_name,
        **{name: distribution.config[name] for name in _SUMMARY},
    }


def _policy(policy: Policy) -> Config:
    return {
        "Id": policy.id,
        "LastModifiedTime": policy.modified,
        "ContinuousDeploymentPolicyConfig": policy.config,
    }


def _policy_answer(policy: Policy) -> Config:
    return {"ContinuousDeploymentPolicy": _policy(policy), "ETag": policy.etag}


def _page(everything: list[Any], asked: Config) -> tuple[list[Any], str | None]:
    """A page and the marker of the next one, which is the last id of this one."""
    ids = [one.id for one in everything]
    marker = asked.get("Marker")
    start = ids.index(marker) + 1 if marker in ids else 0
    page = everything[start : start + int(asked.get("MaxItems", _PAGE))]
    more = bool(page) and page[-1].id != ids[-1]
    return page, page[-1].id if more else None


def _listed(members: list[Config], after: str | None, asked: Config) -> Config:
    answer: Config = {"MaxItems": int(asked.get("MaxItems", _PAGE)), "Quantity": len(members)}
    if members:
        answer["Items"] = members
    if after is not None:
        answer["NextMarker"] = after
    return answer


def install() -> None:
    """Serve every CloudFront address by this class; the operation comes from the model."""
    urls.url_paths.clear()
    urls.url_paths["{0}/2020-05-31/(?P<rest>.+)$"] = ContinuousDeploymentResponse.dispatch
