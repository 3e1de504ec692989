"""The rules of distributions and of continuous deployment, as pure checks.

From the API reference, the developer guide ("Quotas and other considerations for continuous
deployment") and reports of what the service answers. Each raises CloudFrontError.
"""

from __future__ import annotations

import re
from typing import Any

from tests.world.aws.defaults import Config, behaviours, items
from tests.world.aws.errors import CloudFrontError, invalid

HEADER_PREFIX = "aws-cf-cd-"
HEADER_LENGTH = 256
VALUE_LENGTH = 1783
MOST_WEIGHT = 0.15
STICKINESS_SECONDS = range(300, 3601)
STAGING_DISTRIBUTIONS = 20
POLICIES = 20
"""Each of both for an account."""

HTTP3 = frozenset({"http3", "http2and3"})

MAY_DIFFER = frozenset(
    {
        "Origins",
        "OriginGroups",
        "DefaultCacheBehavior",
        "CacheBehaviors",
        "CustomErrorResponses",
        "Restrictions",
        "DefaultRootObject",
        "Logging",
        "Comment",
    }
)
"""What a staging distribution may have otherwise than its primary, and what may be changed on
either while a policy links them."""

OF_ITS_OWN = frozenset(
    {"CallerReference", "Aliases", "ContinuousDeploymentPolicyId", "Staging", "Enabled"}
)
"""What each of the two has for itself; `Enabled` has rules of its own."""

KEPT_AT_PROMOTION = frozenset(
    {"CallerReference", "Aliases", "ContinuousDeploymentPolicyId", "Staging"}
)

_ETAG = re.compile(r"E[A-Z0-9]{5,}")


def check_etag(current: str, given: str | None) -> None:
    """Whoever writes has to have read what is there now."""
    if not given or not _ETAG.fullmatch(given):
        raise CloudFrontError("InvalidIfMatchVersion")
    if given != current:
        raise CloudFrontError("PreconditionFailed")


def check_distribution(config: Config) -> None:
    """What is wrong with a complete configuration, whatever others there are."""
    origins = {origin["Id"] for origin in items(config["Origins"])}
    if not origins:
        raise invalid("The parameter Origins is required.")
    if len(origins) != len(items(config["Origins"])):
        raise invalid("The parameter Origins has two origins of one Id.")
    for origin in items(config["Origins"]):
        kinds = {"S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig"} & origin.keys()
        if len(kinds) != 1:
            raise invalid("Exactly one of S3, custom and VPC origin configuration is required.")
        if "S3OriginConfig" in origin and ".amazonaws.com" not in origin["DomainName"]:
            raise invalid("The parameter Origin DomainName does not refer to a valid S3 bucket.")
    groups = {group["Id"] for group in items(config["OriginGroups"])}
    for behaviour in behaviours(config):
        _check_behaviour(behaviour, origins | groups)
    if config["Staging"]:
        if items(config["Aliases"]):
            raise invalid("A staging distribution cannot have alternate domain names.")
        if config["HttpVersion"] in HTTP3:
            raise invalid("Continuous deployment does not support HTTP/3.")
        if config["ContinuousDeploymentPolicyId"]:
            raise invalid("A staging distribution cannot have a continuous deployment policy.")
    if items(config["Aliases"]) and config["ViewerCertificate"]["CloudFrontDefaultCertificate"]:
        raise CloudFrontError("InvalidViewerCertificate")


def _check_behaviour(behaviour: Config, targets: set[str]) -> None:
    if behaviour["TargetOriginId"] not in targets:
        raise CloudFrontError("NoSuchOrigin")
    if "CachePolicyId" not in behaviour and "ForwardedValues" not in behaviour:
        raise invalid("The parameter ForwardedValues is required.")
    if behaviour.get("CachePolicyId") and "ForwardedValues" in behaviour:
        raise invalid(
            "The parameter ForwardedValues cannot be used when a cache policy is associated to "
            "the cache behavior."
        )


def check_policy(config: Config) -> None:
    """What is wrong with a policy's configuration, whatever distributions there are."""
    if config["StagingDistributionDnsNames"]["Quantity"] != 1:
        raise invalid("A continuous deployment policy needs one staging distribution.")
    traffic = config.get("TrafficConfig")
    if traffic is None:
        return
    kind = traffic["Type"]
    present = {name for name in ("SingleHeaderConfig", "SingleWeightConfig") if name in traffic}
    if present != {f"{kind}Config"}:
        raise invalid(f"Traffic of type {kind} needs {kind}Config and nothing else.")
    if kind == "SingleHeader":
        _check_header(traffic["SingleHeaderConfig"])
    else:
        _check_weight(traffic["SingleWeightConfig"])


def _check_header(header: Config) -> None:
    name, value = header["Header"], header["Value"]
    if not name.lower().startswith(HEADER_PREFIX):
        raise invalid(f"The header name must contain the prefix {HEADER_PREFIX}.")
    if not len(HEADER_PREFIX) < len(name) <= HEADER_LENGTH:
        raise invalid(f"The header name must have 1 to {HEADER_LENGTH} characters.")
    if not 1 <= len(value) <= VALUE_LENGTH:
        raise invalid(f"The header value must have 1 to {VALUE_LENGTH} characters.")


def _check_weight(weight: Config) -> None:
    if not 0 <= weight["Weight"] <= MOST_WEIGHT:
        raise invalid(f"The weight must be between 0 and {MOST_WEIGHT}.")
    stickiness = weight.get("SessionStickinessConfig")
    if stickiness is None:
        return
    idle, most = stickiness["IdleTTL"], stickiness["MaximumTTL"]
    if idle not in STICKINESS_SECONDS or most not in STICKINESS_SECONDS:
        raise invalid("IdleTTL and MaximumTTL must be between 300 and 3600 seconds.")
    if idle > most:
        raise invalid("IdleTTL must be less than or equal to MaximumTTL.")


def differences(one: Config, other: Config, free: frozenset[str]) -> list[str]:
    """The fields outside `free` in which two complete configurations differ."""
    return sorted(
        name
        for name in one.keys() | other.keys()
        if name not in free and _plain(one.get(name)) != _plain(other.get(name))
    )


def check_alike(primary: Config, staging: Config) -> None:
    """A staging distribution that differs from its primary too much can't be attached."""
    if primary["HttpVersion"] in HTTP3:
        raise invalid("Continuous deployment does not support HTTP/3.")
    if fields := differences(primary, staging, MAY_DIFFER | OF_ITS_OWN):
        raise _illegal(fields)


def check_linked_update(before: Config, after: Config) -> None:
    """While a policy links two distributions, only the fields of MAY_DIFFER may be changed."""
    own = OF_ITS_OWN - {"Aliases"}
    if fields := differences(before, after, MAY_DIFFER | own):
        raise _illegal(fields)


def check_identity(before: Config, after: Config) -> None:
    """What no update may ever change."""
    for name in ("CallerReference", "Staging"):
        if before[name] != after[name]:
            raise CloudFrontError("IllegalUpdate", f"You cannot update {name}.")


def promoted(primary: Config, staging: Config) -> Config:
    """The primary's configuration after the staging one has taken its place."""
    return {name: value for name, value in staging.items() if name not in KEPT_AT_PROMOTION} | {
        name: primary[name] for name in KEPT_AT_PROMOTION
    }


def _illegal(fields: list[str]) -> CloudFrontError:
    # The service names no field; the names are for whoever reads a test's output.
    return CloudFrontError(
        "IllegalUpdate",
        "One or more fields updated are not supported for continuous deployment "
        f"({', '.join(fields)}).",
    )


def _plain(value: Any) -> Any:
    """Without the difference between a field that is missing and one that says nothing."""
    return None if value in ("", {}, [], {"Quantity": 0}) else value
