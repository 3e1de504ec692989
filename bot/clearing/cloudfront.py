"""Reads an environment's way through CloudFront, and takes the steps that were found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import structlog

from bot import aws_api, model
from bot.clearing import edge
from infra import naming

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient

ATTEMPTS = 3
"""Times that the primary is written in one call against somebody else's writes, without a pause;
the next call tries again."""

GONE = frozenset({"NoSuchDistribution", "NoSuchContinuousDeploymentPolicy", "NoSuchResource"})
CHANGED = frozenset({"PreconditionFailed", "InvalidIfMatchVersion"})
LATER = {
    **dict.fromkeys(CHANGED, "somebody else has changed it at the same moment"),
    "DistributionNotDisabled": "not every edge knows yet that it is disabled",
    "StagingDistributionInUse": "a policy still uses it",
    "ContinuousDeploymentPolicyInUse": "a primary distribution still uses it",
    "ResourceInUse": "something still uses it",
    **dict.fromkeys(
        ("Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"),
        "CloudFront asks for patience",
    ),
}
"""Refusals that pass by themselves: the next call reads anew and tries again."""

_log = structlog.get_logger(__name__)


class EdgeClearer:
    """Implements `bot.ports.Clearer` for CloudFront."""

    def __init__(self, client: CloudFrontClient, primary_id: str) -> None:
        self._route = _Route(client, primary_id)

    def clear(self, name: str, seconds: float) -> Sequence[model.Obstacle]:  # noqa: ARG002 - the port's
        """Take each step that is possible now. See `bot.ports.Clearer`."""
        with aws_api.reachable("CloudFront"):
            found = edge.findings(self._route.read(name))
            return [self._route.take(name, finding) for finding in found]


class EdgeDrain:
    """Brings an environment's edge to rest, so that a destroy has nothing to wait for."""

    def __init__(self, client: CloudFrontClient, primary_id: str) -> None:
        self._route = _Route(client, primary_id)

    def drained(self, name: str) -> bool:
        """Take each step that is possible now, and tell whether there was none left to wait for.

        True where the environment's staging distribution is gone, or disabled at every edge, and
        its policy is gone. What somebody else made is neither touched nor waited for. Raises
        UnreachableError.
        """
        with aws_api.reachable("CloudFront"):
            route = self._route.read(name)
            if route.drained:
                return True
            for finding in edge.findings(route):
                # To delete it is the engine's, which knows it.
                if not isinstance(finding.step, edge.DeleteDistribution):
                    self._route.take(name, finding)
            return False


class _Route:
    """The calls to CloudFront."""

    def __init__(self, client: CloudFrontClient, primary_id: str) -> None:
        self._client = client
        self._primary_id = primary_id

    def read(self, name: str) -> edge.Route:
        """Everything of an environment, as it is now."""
        staging = tuple(self._staging(name))
        hosts = {one.host for one in staging}
        policies = tuple(self._policies(name, hosts))
        attached = aws_api.attached_policy(self._client, self._primary_id)
        return edge.Route(self._primary_id, attached, policies, staging)

    def _staging(self, name: str) -> Iterator[edge.Staging]:
        for one in aws_api.staging_distributions(self._client):
            ours = aws_api.tags(self._client, one["ARN"]).get(naming.TAG_ENVIRONMENT) == name
            if ours or one["Comment"] == naming.edge_comment(name):
                yield edge.Staging(
                    one["Id"], one["DomainName"], one["Enabled"], one["Status"] == "Deployed", ours
                )

    def _policies(self, name: str, hosts: set[str]) -> Iterator[edge.Policy]:
        for one in aws_api.policies(self._client):
            config = one["ContinuousDeploymentPolicyConfig"]
            rule = config.get("TrafficConfig", {}).get("SingleHeaderConfig", {})
            targets = frozenset(config["StagingDistributionDnsNames"].get("Items", ()))
            ours = rule.get("Header") == naming.edge_header(name)
            if ours or not hosts.isdisjoint(targets):
                yield edge.Policy(one["Id"], targets, ours)

    # -- Doing ------------------------------------------------------------------------------------

    def take(self, name: str, finding: edge.EdgeFinding) -> model.Obstacle:
        """Take a finding's step, if it has one, and tell what came of it."""
        done = "" if finding.step is None else self._tried(finding.step)
        if done:
            _log.info("cleared", action="clear", environment=name, why=finding.why, did=done)
        return model.Obstacle(finding.remnant, finding.why, done)

    def _tried(self, step: edge.EdgeStep) -> str:
        try:
            return self._step(step)
        except self._client.exceptions.ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in GONE:
                return "it was gone already"
            if code in LATER:
                return f"tried, and try again: {LATER[code]} ({code})"
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) >= 500:
                raise
            return f"tried in vain: {error}"

    def _step(self, step: edge.EdgeStep) -> str:
        """Every write carries the ETag of what was read just before it."""
        match step:
            case edge.Detach():
                return self._detach(step)
            case edge.DeletePolicy(policy_id):
                self._delete_policy(policy_id)
            case edge.Disable(identifier):
                answer = self._client.get_distribution_config(Id=identifier)
                config = answer["DistributionConfig"]
                config["Enabled"] = False
                self._client.update_distribution(
                    Id=identifier, IfMatch=answer["ETag"], DistributionConfig=config
                )
            case edge.DeleteDistribution(identifier):
                etag = self._client.get_distribution_config(Id=identifier)["ETag"]
                self._client.delete_distribution(Id=identifier, IfMatch=etag)
        return step.done

    def _detach(self, step: edge.Detach) -> str:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                if not self._write_detached(step):
                    return "it was detached already"
                break
            except self._client.exceptions.ClientError as error:
                if error.response["Error"]["Code"] not in CHANGED or attempt == ATTEMPTS:
                    raise
        if aws_api.attached_policy(self._client, step.primary_id) == step.policy_id:
            return self._detach_by_policy(step)
        return step.done

    def _write_detached(self, step: edge.Detach) -> bool:
        """Empty the primary's field, and touch nothing else of it; False where it is so already."""
        answer = self._client.get_distribution_config(Id=step.primary_id)
        config = answer["DistributionConfig"]
        if config.get("ContinuousDeploymentPolicyId", "") != step.policy_id:
            return False
        # Leaving the field out does not detach: only an empty one does.
        config["ContinuousDeploymentPolicyId"] = ""
        self._client.update_distribution(
            Id=step.primary_id, IfMatch=answer["ETag"], DistributionConfig=config
        )
        return True

    def _detach_by_policy(self, step: edge.Detach) -> str:
        """The other way, where an empty field was taken and changed nothing: disable the policy,
        then delete it (reported in hashicorp/terraform-provider-aws#34511)."""
        answer = self._client.get_continuous_deployment_policy_config(Id=step.policy_id)
        config = answer["ContinuousDeploymentPolicyConfig"]
        if not config["Enabled"]:
            self._delete_policy(step.policy_id)
            return f"deleted policy {step.policy_id} with its attachment"
        config["Enabled"] = False
        self._client.update_continuous_deployment_policy(
            Id=step.policy_id, IfMatch=answer["ETag"], ContinuousDeploymentPolicyConfig=config
        )
        return f"disabled policy {step.policy_id}, as its primary does not let it go"

    def _delete_policy(self, policy_id: str) -> None:
        etag = self._client.get_continuous_deployment_policy_config(Id=policy_id)["ETag"]
        self._client.delete_continuous_deployment_policy(Id=policy_id, IfMatch=etag)
