"""Distributions and continuous deployment policies of one account, and the time they take."""

from __future__ import annotations

import copy
import datetime
import secrets
import string
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.world.aws import rules
from tests.world.aws.protocol import ApiError, Json

ACCOUNT = "123456789012"
_LETTERS = string.ascii_uppercase + string.digits


def _identifier() -> str:
    return "E" + "".join(secrets.choice(_LETTERS) for _ in range(13))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@dataclass
class Distribution:
    """One distribution; `live` is what the edges have."""

    config: Json
    deployed_at: float
    id: str = field(default_factory=_identifier)
    etag: str = field(default_factory=_identifier)
    modified: datetime.datetime = field(default_factory=_now)
    tags: dict[str, str] = field(default_factory=dict)
    live: Json | None = None
    """The configuration that had reached every edge before the last change."""

    def __post_init__(self) -> None:
        self.domain = f"d{self.id[1:].lower()}.cloudfront.net"
        self.arn = f"arn:aws:cloudfront::{ACCOUNT}:distribution/{self.id}"

    @property
    def staging(self) -> bool:
        """Whether it is a staging distribution."""
        return bool(self.config["Staging"])

    @property
    def deployed(self) -> bool:
        """Whether the last change has reached every edge."""
        return time.monotonic() >= self.deployed_at

    def change(self, config: Json, seconds: float) -> None:
        """Take a new configuration, which takes so long to reach the edges."""
        self.live = self.at_edges()
        self.config = config
        self.etag = _identifier()
        self.modified = _now()
        self.deployed_at = time.monotonic() + seconds

    def at_edges(self) -> Json | None:
        """The configuration that viewers meet now."""
        return self.config if self.deployed else self.live

    def shape(self) -> Json:
        """As GetDistribution tells it."""
        return {
            "Id": self.id,
            "ARN": self.arn,
            "Status": "Deployed" if self.deployed else "InProgress",
            "LastModifiedTime": self.modified,
            "InProgressInvalidationBatches": 0,
            "DomainName": self.domain,
            "ActiveTrustedSigners": {"Enabled": False, "Quantity": 0},
            "ActiveTrustedKeyGroups": {"Enabled": False, "Quantity": 0},
            "DistributionConfig": self.config,
        }

    def summary(self) -> Json:
        """As ListDistributions tells it."""
        keys = (
            *("Aliases", "Origins", "OriginGroups", "DefaultCacheBehavior", "CacheBehaviors"),
            *("CustomErrorResponses", "Comment", "PriceClass", "Enabled", "ViewerCertificate"),
            *("Restrictions", "WebACLId", "HttpVersion", "IsIPV6Enabled", "Staging"),
        )
        whole = self.shape()
        facts = ("Id", "ARN", "Status", "LastModifiedTime", "DomainName")
        return {key: whole[key] for key in facts} | {key: self.config[key] for key in keys}


@dataclass
class Policy:
    """One continuous deployment policy."""

    config: Json
    id: str = field(default_factory=_identifier)
    etag: str = field(default_factory=_identifier)
    modified: datetime.datetime = field(default_factory=_now)

    def shape(self) -> Json:
        """As GetContinuousDeploymentPolicy tells it."""
        return {
            "Id": self.id,
            "LastModifiedTime": self.modified,
            "ContinuousDeploymentPolicyConfig": self.config,
        }

    @property
    def staging_domain(self) -> str:
        """The domain name of its staging distribution."""
        return str(self.config["StagingDistributionDnsNames"]["Items"][0])


class CloudFront:
    """The operations, by their names in snake case; each takes and returns what the API does."""

    def __init__(self, deploy_seconds: float) -> None:
        self._seconds = deploy_seconds
        self._distributions: dict[str, Distribution] = {}
        self._policies: dict[str, Policy] = {}
        self._lock = threading.RLock()

    def call(self, operation: str, parameters: Json) -> Json:
        """Do one operation. Raises ApiError; a refused one changes nothing."""
        method: Callable[[Json], Json] = getattr(self, f"_{operation}")
        with self._lock:
            return copy.deepcopy(method(parameters))

    def edges(self) -> list[Json]:
        """What the edges know: for each deployed distribution its configuration and policy."""
        with self._lock:
            found = []
            for each in self._distributions.values():
                config = each.at_edges()
                if config is None or not config["Enabled"]:
                    continue
                policy = self._policies.get(config["ContinuousDeploymentPolicyId"])
                found.append(
                    {
                        "id": each.id,
                        "domain": each.domain,
                        "config": config,
                        "policy": policy.config if policy else None,
                    }
                )
            return copy.deepcopy(found)

    # -- distributions ----------------------------------------------------------------------------

    def _CreateDistribution(self, parameters: Json) -> Json:  # noqa: N802 - the API's name
        return self._create(parameters["DistributionConfig"], {})

    def _CreateDistributionWithTags(self, parameters: Json) -> Json:  # noqa: N802
        both = parameters["DistributionConfigWithTags"]
        tags = {tag["Key"]: tag.get("Value", "") for tag in both["Tags"].get("Items", [])}
        return self._create(both["DistributionConfig"], tags)

    def _CopyDistribution(self, parameters: Json) -> Json:  # noqa: N802
        primary = self._distribution(parameters["PrimaryDistributionId"])
        self._matches(primary, parameters)
        if parameters.get("Staging") is not True:
            raise ApiError("InvalidArgument", 400, "Only staging copies are supported")
        config = copy.deepcopy(primary.config) | {
            "CallerReference": parameters["CallerReference"],
            "Enabled": parameters.get("Enabled", True),
            "Staging": True,
            "Aliases": {"Quantity": 0},
            "ContinuousDeploymentPolicyId": "",
        }
        return self._create(config, {})

    def _create(self, given: Json, tags: dict[str, str]) -> Json:
        if given.get("ContinuousDeploymentPolicyId"):
            raise ApiError(
                "InvalidArgument",
                400,
                "Continuous deployment policy is not supported during distribution creation.",
            )
        config = rules.completed(given)
        rules.check_config(config)
        for other in self._distributions.values():
            if other.config["CallerReference"] == config["CallerReference"]:
                raise ApiError(
                    "DistributionAlreadyExists",
                    409,
                    "The caller reference that you are using to create a distribution is "
                    f"associated with another distribution. Already exists: {other.id}",
                )
            taken = set(other.config["Aliases"].get("Items") or [])
            if taken & set(config["Aliases"].get("Items") or []):
                raise ApiError("CNAMEAlreadyExists", 409, "One or more aliases are in use")
        staging = sum(each.staging for each in self._distributions.values())
        if config["Staging"] and staging >= rules.QUOTA:
            raise ApiError(
                "TooManyDistributions", 400, f"{rules.QUOTA} staging distributions exist already"
            )
        made = Distribution(config, time.monotonic() + self._seconds, tags=tags)
        self._distributions[made.id] = made
        return {
            "Distribution": made.shape(),
            "Location": f"/2020-05-31/distribution/{made.id}",
            "ETag": made.etag,
        }

    def _GetDistribution(self, parameters: Json) -> Json:  # noqa: N802
        found = self._distribution(parameters["Id"])
        return {"Distribution": found.shape(), "ETag": found.etag}

    def _GetDistributionConfig(self, parameters: Json) -> Json:  # noqa: N802
        found = self._distribution(parameters["Id"])
        return {"DistributionConfig": found.config, "ETag": found.etag}

    def _ListDistributions(self, parameters: Json) -> Json:  # noqa: N802
        items = [each.summary() for each in self._distributions.values()]
        return {"DistributionList": _page(items, parameters)}

    def _UpdateDistribution(self, parameters: Json) -> Json:  # noqa: N802
        found = self._distribution(parameters["Id"])
        self._matches(found, parameters)
        given = parameters["DistributionConfig"]
        config = rules.completed(given)
        rules.check_config(config)
        old = found.config
        if config["CallerReference"] != old["CallerReference"]:
            raise rules.illegal("The caller reference can't be changed")
        if config["Staging"] != old["Staging"]:
            raise rules.illegal("A distribution can't become, or cease to be, a staging one")
        attached = old["ContinuousDeploymentPolicyId"]
        if attached and "ContinuousDeploymentPolicyId" not in given:
            raise rules.illegal(
                "The update of a distribution with a continuous deployment policy must have its id"
            )
        wanted = config["ContinuousDeploymentPolicyId"]
        if wanted and wanted != attached:
            self._attach(found, config, wanted)
        elif wanted:
            rules.check_attached_update(old, config)
        if found.staging:
            self._check_staging_update(found, config)
        found.change(config, self._seconds)
        return {"Distribution": found.shape(), "ETag": found.etag}

    def _attach(self, primary: Distribution, config: Json, policy_id: str) -> None:
        policy = self._policies.get(policy_id)
        if policy is None:
            raise ApiError(
                "NoSuchContinuousDeploymentPolicy", 404, "The policy does not exist"
            )
        if primary.staging:
            raise ApiError(
                "InvalidArgument", 400, "A staging distribution can't have a policy of its own"
            )
        for other in self._distributions.values():
            if other.config["ContinuousDeploymentPolicyId"] == policy_id:
                raise ApiError(
                    "ContinuousDeploymentPolicyInUse", 409, "Another distribution has the policy"
                )
        rules.check_attach(config, self._staging_of(policy).config)

    def _check_staging_update(self, staging: Distribution, config: Json) -> None:
        policy = self._policy_of(staging)
        if policy is None:
            return
        if not config["Enabled"]:
            raise ApiError(
                "StagingDistributionInUse",
                409,
                "The specified staging distribution is currently used by a continuous deployment "
                "policy. Please the update policy before deleting",
            )
        if self._primary_of(policy) is not None:
            rules.check_attached_update(staging.config, config)

    def _UpdateDistributionWithStagingConfig(self, parameters: Json) -> Json:  # noqa: N802
        primary = self._distribution(parameters["Id"])
        staging = self._distribution(parameters.get("StagingDistributionId", ""))
        given = [tag.strip().strip('"') for tag in parameters.get("IfMatch", "").split(",")]
        if given != [primary.etag, staging.etag]:
            raise ApiError("PreconditionFailed", 412, "The ETags do not match")
        policy = self._policies.get(primary.config["ContinuousDeploymentPolicyId"])
        if policy is None or policy.staging_domain != staging.domain:
            raise rules.illegal("The staging distribution is not the primary's")
        kept = ("CallerReference", "Aliases", "ContinuousDeploymentPolicyId", "Staging")
        config = copy.deepcopy(staging.config) | {key: primary.config[key] for key in kept}
        primary.change(config, self._seconds)
        policy.config = policy.config | {"Enabled": False}
        policy.etag = _identifier()
        return {"Distribution": primary.shape(), "ETag": primary.etag}

    def _DeleteDistribution(self, parameters: Json) -> Json:  # noqa: N802
        found = self._distribution(parameters["Id"])
        self._matches(found, parameters)
        if found.config["Enabled"] or not found.deployed:
            raise ApiError(
                "DistributionNotDisabled",
                409,
                "The distribution you are trying to delete has not been disabled.",
            )
        if found.config["ContinuousDeploymentPolicyId"] or self._policy_of(found):
            raise ApiError("ResourceInUse", 409, "A continuous deployment policy uses it")
        del self._distributions[found.id]
        return {}

    # -- policies ---------------------------------------------------------------------------------

    def _CreateContinuousDeploymentPolicy(self, parameters: Json) -> Json:  # noqa: N802
        config = parameters["ContinuousDeploymentPolicyConfig"]
        rules.check_policy(config)
        if any(policy.config == config for policy in self._policies.values()):
            raise ApiError(
                "ContinuousDeploymentPolicyAlreadyExists",
                409,
                "A continuous deployment policy with this configuration already exists.",
            )
        if len(self._policies) >= rules.QUOTA:
            raise ApiError(
                "TooManyContinuousDeploymentPolicies", 400, f"{rules.QUOTA} exist already"
            )
        self._check_staging_free(config, None)
        made = Policy(config)
        self._policies[made.id] = made
        return {
            "ContinuousDeploymentPolicy": made.shape(),
            "Location": f"/2020-05-31/continuous-deployment-policy/{made.id}",
            "ETag": made.etag,
        }

    def _check_staging_free(self, config: Json, own: Policy | None) -> None:
        domain = config["StagingDistributionDnsNames"]["Items"][0]
        staging = next((d for d in self._distributions.values() if d.domain == domain), None)
        if staging is None or not staging.staging:
            raise ApiError("InvalidArgument", 400, f"{domain} is no staging distribution")
        other = self._policy_of(staging)
        if other is not None and other is not own:
            raise ApiError(
                "StagingDistributionInUse",
                409,
                "A continuous deployment policy for this staging distribution already exists.",
            )

    def _GetContinuousDeploymentPolicy(self, parameters: Json) -> Json:  # noqa: N802
        found = self._policy(parameters["Id"])
        return {"ContinuousDeploymentPolicy": found.shape(), "ETag": found.etag}

    def _GetContinuousDeploymentPolicyConfig(self, parameters: Json) -> Json:  # noqa: N802
        found = self._policy(parameters["Id"])
        return {"ContinuousDeploymentPolicyConfig": found.config, "ETag": found.etag}

    def _ListContinuousDeploymentPolicies(self, parameters: Json) -> Json:  # noqa: N802
        items = [
            {"ContinuousDeploymentPolicy": policy.shape()} for policy in self._policies.values()
        ]
        whole = _page(items, parameters)
        keys = ("MaxItems", "Quantity", "Items", "NextMarker")
        return {
            "ContinuousDeploymentPolicyList": {key: whole[key] for key in keys if key in whole}
        }

    def _UpdateContinuousDeploymentPolicy(self, parameters: Json) -> Json:  # noqa: N802
        found = self._policy(parameters["Id"])
        self._matches(found, parameters)
        config = parameters["ContinuousDeploymentPolicyConfig"]
        rules.check_policy(config)
        self._check_staging_free(config, found)
        found.config = config
        found.etag = _identifier()
        found.modified = _now()
        return {"ContinuousDeploymentPolicy": found.shape(), "ETag": found.etag}

    def _DeleteContinuousDeploymentPolicy(self, parameters: Json) -> Json:  # noqa: N802
        found = self._policy(parameters["Id"])
        self._matches(found, parameters)
        if self._primary_of(found) is not None:
            raise ApiError(
                "ContinuousDeploymentPolicyInUse", 409, "A distribution has this policy attached"
            )
        del self._policies[found.id]
        return {}

    # -- tags -------------------------------------------------------------------------------------

    def _ListTagsForResource(self, parameters: Json) -> Json:  # noqa: N802
        tags = self._by_arn(parameters["Resource"]).tags
        items = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
        return {"Tags": {"Items": items}}

    def _TagResource(self, parameters: Json) -> Json:  # noqa: N802
        for tag in parameters["Tags"].get("Items", []):
            self._by_arn(parameters["Resource"]).tags[tag["Key"]] = tag.get("Value", "")
        return {}

    def _UntagResource(self, parameters: Json) -> Json:  # noqa: N802
        for key in parameters["TagKeys"].get("Items", []):
            self._by_arn(parameters["Resource"]).tags.pop(key, None)
        return {}

    # -- look-ups ---------------------------------------------------------------------------------

    def _by_arn(self, arn: str) -> Distribution:
        found = next((d for d in self._distributions.values() if d.arn == arn), None)
        if found is None:
            raise ApiError("NoSuchResource", 404, f"{arn} does not exist")
        return found

    def _distribution(self, identifier: str) -> Distribution:
        try:
            return self._distributions[identifier]
        except KeyError:
            raise ApiError(
                "NoSuchDistribution", 404, "The specified distribution does not exist."
            ) from None

    def _policy(self, identifier: str) -> Policy:
        try:
            return self._policies[identifier]
        except KeyError:
            raise ApiError(
                "NoSuchContinuousDeploymentPolicy", 404, "The policy does not exist"
            ) from None

    def _policy_of(self, staging: Distribution) -> Policy | None:
        return next(
            (p for p in self._policies.values() if p.staging_domain == staging.domain), None
        )

    def _staging_of(self, policy: Policy) -> Distribution:
        return next(
            d for d in self._distributions.values() if d.domain == policy.staging_domain
        )

    def _primary_of(self, policy: Policy) -> Distribution | None:
        return next(
            (
                d
                for d in self._distributions.values()
                if d.config["ContinuousDeploymentPolicyId"] == policy.id
            ),
            None,
        )

    def _matches(self, thing: Distribution | Policy, parameters: Json) -> None:
        given = parameters.get("IfMatch")
        if not given:
            raise ApiError(
                "InvalidIfMatchVersion", 400, "The If-Match version is missing or not valid."
            )
        if given.strip('"') != thing.etag:
            raise ApiError(
                "PreconditionFailed", 412, "The If-Match version is not the current one."
            )


def _page(items: list[Json], parameters: Json) -> Json:
    """A page of a listing, as CloudFront's lists are cut: `Marker` is the last id seen."""
    size = int(parameters.get("MaxItems") or 100)
    start = int(parameters.get("Marker") or 0)
    end = start + size
    page: Json = {
        "Marker": str(parameters.get("Marker") or ""),
        "MaxItems": size,
        "IsTruncated": end < len(items),
        "Quantity": len(items[start:end]),
        "Items": items[start:end],
    }
    if end < len(items):
        page["NextMarker"] = str(end)
    return page
