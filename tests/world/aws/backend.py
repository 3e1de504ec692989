"""The state behind CloudFront's distributions and continuous deployment policies.

moto's backend goes on serving functions, access controls, keys and invalidations; its own notion
of a distribution, which loses most of what it is given, is replaced.
"""

from __future__ import annotations

import dataclasses
import datetime
import threading
import uuid
from typing import Any, ClassVar, cast

from moto.cloudfront import models, urls
from moto.cloudfront.models import CloudFrontBackend, random_id
from moto.core.base_backend import BackendDict
from moto.utilities.utils import PARTITION_NAMES

from tests.world.aws import rules
from tests.world.aws.defaults import Config, complete, items
from tests.world.aws.errors import CloudFrontError, invalid
from tests.world.aws.rollout import Revision, Rollout

_LOCATION = "https://cloudfront.amazonaws.com/2020-05-31"


def _etag() -> str:
    return f"E{random_id(length=13)}"


@dataclasses.dataclass
class Distribution:
    """One distribution, primary or staging."""

    id: str
    arn: str
    domain_name: str
    config: Config
    rollout: Rollout
    etag: str = dataclasses.field(default_factory=_etag)

    @property
    def location(self) -> str:
        """Its address in the API."""
        return f"{_LOCATION}/distribution/{self.id}"


@dataclasses.dataclass
class Policy:
    """One continuous deployment policy."""

    id: str
    config: Config
    modified: datetime.datetime
    etag: str = dataclasses.field(default_factory=_etag)

    @property
    def location(self) -> str:
        """Its address in the API."""
        return f"{_LOCATION}/continuous-deployment-policy/{self.id}"

    @property
    def staging_domain(self) -> str:
        """The domain of the one staging distribution that it leads to."""
        return str(items(self.config["StagingDistributionDnsNames"])[0])


class ContinuousDeploymentBackend(CloudFrontBackend):
    """CloudFront with staging distributions. Whoever calls it holds `lock`."""

    deploy_seconds: ClassVar[float] = 2.0
    """From a write until the edges have it; minutes in the real service."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.lock = threading.RLock()
        self.served: dict[str, Distribution] = {}
        # moto's invalidations and tags look here; they ask for nothing but id, arn and location.
        self.distributions = cast(Any, self.served)
        self.policies: dict[str, Policy] = {}

    @property
    def _url_module(self) -> Any:
        return urls

    # Distributions

    def find(self, identifier: str) -> Distribution:
        """The distribution. Raises NoSuchDistribution."""
        if identifier not in self.served:
            raise CloudFrontError("NoSuchDistribution")
        return self.served[identifier]

    def get_distribution(self, distribution_id: str) -> Any:
        """The distribution and its ETag, for moto's invalidations."""
        distribution = self.find(distribution_id)
        return distribution, distribution.etag

    def create(self, config: Config, tags: list[dict[str, str]]) -> Distribution:
        """Make a distribution, primary or (with `Staging`) staging."""
        config = complete(config)
        if config["ContinuousDeploymentPolicyId"]:
            raise invalid(
                "Continuous deployment policy is not supported during distribution creation."
            )
        rules.check_distribution(config)
        self._check_names(config, None)
        for other in self.served.values():
            if other.config["CallerReference"] == config["CallerReference"]:
                raise CloudFrontError("DistributionAlreadyExists")
        if config["Staging"]:
            staging = [one for one in self.served.values() if one.config["Staging"]]
            if len(staging) >= rules.STAGING_DISTRIBUTIONS:
                raise CloudFrontError("TooManyDistributions")
        identifier = f"E{random_id(length=13)}"
        distribution = Distribution(
            id=identifier,
            arn=f"arn:{self.partition}:cloudfront::{self.account_id}:distribution/{identifier}",
            domain_name=f"d{random_id(uppercase=False, length=13)}.cloudfront.net",
            config=config,
            rollout=Rollout(self.deploy_seconds),
        )
        distribution.rollout.write(config, None)
        self.served[identifier] = distribution
        self.tagger.tag_resource(distribution.arn, tags)
        return distribution

    def copy(self, primary_id: str, etag: str | None, request: Config) -> Distribution:
        """Make a staging distribution out of a primary's configuration (CopyDistribution)."""
        primary = self.find(primary_id)
        rules.check_etag(primary.etag, etag)
        if request.get("Staging") is not True:
            raise invalid("The only valid value for Staging is True.")
        if primary.config["Staging"]:
            raise invalid("A staging distribution cannot be copied.")
        own = ("CallerReference", "Aliases", "ContinuousDeploymentPolicyId")
        config = {name: value for name, value in primary.config.items() if name not in own}
        return self.create(
            config
            | {
                "CallerReference": request["CallerReference"],
                "Staging": True,
                "Enabled": request.get("Enabled", True),
            },
            [],
        )

    def update(self, identifier: str, etag: str | None, given: Config) -> Distribution:
        """Put a whole new configuration in place (UpdateDistribution)."""
        distribution = self.find(identifier)
        rules.check_etag(distribution.etag, etag)
        before, after = distribution.config, complete(given)
        rules.check_identity(before, after)
        rules.check_distribution(after)
        self._check_names(after, distribution)
        if before["Staging"]:
            self._check_staging_update(distribution, after)
        else:
            # Leaving the field out is not the same as an empty one, which detaches.
            named = given.get("ContinuousDeploymentPolicyId") is not None
            self._check_primary_update(distribution, after, named=named)
        self._write(distribution, after)
        return distribution

    def promote(self, identifier: str, staging_id: str | None, etags: str | None) -> Distribution:
        """Give the primary its staging distribution's configuration."""
        primary = self.find(identifier)
        staging = self.find(staging_id or "")
        given = [etag.strip(' "') for etag in (etags or "").split(",")]
        if len(given) != 2:
            raise CloudFrontError("InvalidIfMatchVersion")
        rules.check_etag(primary.etag, given[0])
        rules.check_etag(staging.etag, given[1])
        policy = self.policies.get(primary.config["ContinuousDeploymentPolicyId"])
        if policy is None or policy.staging_domain != staging.domain_name:
            raise CloudFrontError(
                "IllegalUpdate", "The staging distribution does not belong to the primary."
            )
        policy.config = policy.config | {"Enabled": False}
        policy.etag = _etag()
        self._write(primary, rules.promoted(primary.config, staging.config))
        return primary

    def delete(self, identifier: str, etag: str | None) -> None:
        """Take a distribution away that is disabled, everywhere."""
        distribution = self.find(identifier)
        rules.check_etag(distribution.etag, etag)
        if distribution.config["Enabled"] or distribution.rollout.status != "Deployed":
            raise CloudFrontError("DistributionNotDisabled")
        policy = self.policies.get(distribution.config["ContinuousDeploymentPolicyId"])
        if self.policy_of(distribution) or (policy and policy.config["Enabled"]):
            raise CloudFrontError("ResourceInUse")
        del self.served[identifier]
        self.tagger.delete_all_tags_for_resource(distribution.arn)

    def policy_of(self, staging: Distribution) -> Policy | None:
        """The policy that leads to this staging distribution."""
        for policy in self.policies.values():
            if policy.staging_domain == staging.domain_name:
                return policy
        return None

    def primary_of(self, policy: Policy) -> Distribution | None:
        """The primary distribution that a policy is attached to."""
        for distribution in self.served.values():
            if distribution.config["ContinuousDeploymentPolicyId"] == policy.id:
                return distribution
        return None

    # Policies

    def find_policy(self, identifier: str) -> Policy:
        """The policy. Raises NoSuchContinuousDeploymentPolicy."""
        if identifier not in self.policies:
            raise CloudFrontError("NoSuchContinuousDeploymentPolicy")
        return self.policies[identifier]

    def create_policy(self, config: Config) -> Policy:
        """Make a policy that is attached to nothing yet."""
        rules.check_policy(config)
        if any(policy.config == config for policy in self.policies.values()):
            raise CloudFrontError("ContinuousDeploymentPolicyAlreadyExists")
        self._check_policy_staging(config, None)
        if len(self.policies) >= rules.POLICIES:
            raise CloudFrontError("TooManyContinuousDeploymentPolicies")
        policy = Policy(str(uuid.uuid4()), config, datetime.datetime.now(datetime.UTC))
        self.policies[policy.id] = policy
        return policy

    def update_policy(self, identifier: str, etag: str | None, config: Config) -> Policy:
        """Replace a policy's whole configuration; its primary is deployed anew."""
        policy = self.find_policy(identifier)
        rules.check_etag(policy.etag, etag)
        rules.check_policy(config)
        staging = self._check_policy_staging(config, policy)
        primary = self.primary_of(policy)
        if primary:
            rules.check_alike(primary.config, staging.config)
        policy.config = config
        policy.etag = _etag()
        policy.modified = datetime.datetime.now(datetime.UTC)
        if primary:
            primary.rollout.write(primary.config, config)
        return policy

    def delete_policy(self, identifier: str, etag: str | None) -> None:
        """Take a policy away that is attached to no primary."""
        policy = self.find_policy(identifier)
        rules.check_etag(policy.etag, etag)
        if self.primary_of(policy):
            raise CloudFrontError("ContinuousDeploymentPolicyInUse")
        del self.policies[identifier]

    # What the edges have

    def deployed(self) -> list[tuple[Distribution, Revision]]:
        """Each distribution that has ever reached the edges, as it is there."""
        revisions = [(one, one.rollout.deployed()) for one in self.served.values()]
        return [(one, revision) for one, revision in revisions if revision]

    # Checks that look at other distributions

    def _write(self, distribution: Distribution, config: Config) -> None:
        policy = self.policies.get(config["ContinuousDeploymentPolicyId"])
        distribution.config = config
        distribution.etag = _etag()
        distribution.rollout.write(config, policy.config if policy else None)

    def _check_names(self, config: Config, own: Distribution | None) -> None:
        names = {name.lower() for name in items(config["Aliases"])}
        for other in self.served.values():
            taken = {name.lower() for name in items(other.config["Aliases"])}
            if other is not own and names & taken:
                raise CloudFrontError("CNAMEAlreadyExists")

    def _check_staging_update(self, staging: Distribution, after: Config) -> None:
        policy = self.policy_of(staging)
        if policy is None:
            return
        if not after["Enabled"] and staging.config["Enabled"]:
            raise CloudFrontError("StagingDistributionInUse")
        if self.primary_of(policy):
            rules.check_linked_update(staging.config, after)

    def _check_primary_update(self, primary: Distribution, after: Config, *, named: bool) -> None:
        before = primary.config
        attached = before["ContinuousDeploymentPolicyId"]
        wanted = after["ContinuousDeploymentPolicyId"]
        if attached and not named:
            raise CloudFrontError("IllegalUpdate")
        if wanted and wanted != attached:
            policy = self.find_policy(wanted)
            if self.primary_of(policy):
                raise CloudFrontError(
                    "ContinuousDeploymentPolicyInUse",
                    "The continuous deployment policy is attached to another distribution.",
                )
            rules.check_alike(after, self._by_domain(policy.staging_domain).config)
        if wanted and wanted == attached:
            rules.check_linked_update(before, after)
            if self.policies[attached].config["Enabled"] and before["Enabled"] != after["Enabled"]:
                raise CloudFrontError("IllegalUpdate")

    def _check_policy_staging(self, config: Config, own: Policy | None) -> Distribution:
        staging = self._by_domain(items(config["StagingDistributionDnsNames"])[0])
        if self.policy_of(staging) not in (None, own):
            raise CloudFrontError("StagingDistributionInUse")
        return staging

    def _by_domain(self, domain: str) -> Distribution:
        for distribution in self.served.values():
            if distribution.domain_name == domain and distribution.config["Staging"]:
                return distribution
        raise invalid(f"{domain} is not the domain name of a staging distribution.")


backends: BackendDict[CloudFrontBackend] = BackendDict(
    ContinuousDeploymentBackend,
    "cloudfront",
    use_boto3_regions=False,
    additional_regions=PARTITION_NAMES,
)


def install() -> None:
    """Put this backend where moto looks for CloudFront's."""
    models.cloudfront_backends = backends
