"""CloudFront's rules of continuous deployment, each with the error that AWS answers.

Sources: the API reference of the operations named, and the developer guide, "Use CloudFront
continuous deployment to safely test CDN configuration changes".
"""

from __future__ import annotations

import copy
from typing import Any

from tests.world.aws.protocol import ApiError, Json

HEADER_PREFIX = "aws-cf-cd-"
MAX_HEADER = 256
MAX_VALUE = 1783
MAX_WEIGHT = 0.15
STICKY_SECONDS = (300, 3600)
QUOTA = 20
"""Staging distributions, and policies, an account (developer guide, quotas)."""

_EQUAL = ("PriceClass", "ViewerCertificate", "WebACLId", "HttpVersion", "IsIPV6Enabled")
"""What staging and primary have to have in common; everything else may be changed on either."""
_FIXED = (*_EQUAL, "Aliases", "Staging")
"""What may not be changed while a policy is attached."""


def illegal(message: str) -> ApiError:
    """IllegalUpdate with a message."""
    return ApiError("IllegalUpdate", 400, message)


def check_policy(config: Json) -> None:
    """The policy's own rules. Raises ApiError."""
    names = config["StagingDistributionDnsNames"]
    check_quantity(names)
    if names["Quantity"] != 1:
        raise ApiError("InvalidArgument", 400, "Exactly one staging distribution is supported")
    traffic = config.get("TrafficConfig")
    if traffic is None:
        return
    header, weight = traffic.get("SingleHeaderConfig"), traffic.get("SingleWeightConfig")
    if traffic["Type"] == "SingleHeader":
        if header is None or weight is not None:
            raise ApiError("InvalidArgument", 400, "Type SingleHeader takes SingleHeaderConfig")
        _check_header(header)
    else:
        if weight is None or header is not None:
            raise ApiError("InvalidArgument", 400, "Type SingleWeight takes SingleWeightConfig")
        _check_weight(weight)


def _check_header(header: Json) -> None:
    name, value = header["Header"], header["Value"]
    if not name.lower().startswith(HEADER_PREFIX) or len(name) > MAX_HEADER:
        message = f"The header must begin with {HEADER_PREFIX} and have at most {MAX_HEADER}"
        raise ApiError("InvalidArgument", 400, f"{message} characters")
    if not 1 <= len(value) <= MAX_VALUE:
        raise ApiError("InvalidArgument", 400, f"The value has 1 to {MAX_VALUE} characters")


def _check_weight(weight: Json) -> None:
    if not 0 <= weight["Weight"] <= MAX_WEIGHT:
        raise ApiError("InvalidArgument", 400, f"The weight is between 0 and {MAX_WEIGHT}")
    sticky = weight.get("SessionStickinessConfig")
    if sticky is None:
        return
    low, high = STICKY_SECONDS
    idle, longest = sticky["IdleTTL"], sticky["MaximumTTL"]
    if not (low <= idle <= high and low <= longest <= high and idle <= longest):
        message = f"IdleTTL and MaximumTTL are {low} to {high} seconds, IdleTTL at most MaximumTTL"
        raise ApiError("InvalidArgument", 400, message)


def check_quantity(container: Json) -> None:
    """Quantity has to be the number of items. Raises ApiError."""
    if container["Quantity"] != len(container.get("Items") or []):
        raise ApiError("InconsistentQuantities", 400, "Quantity and the number of Items differ")


def check_config(config: Json) -> None:
    """What every distribution has to keep to. Raises ApiError."""
    check_quantity(config["Origins"])
    for key in ("Aliases", "CacheBehaviors", "OriginGroups", "CustomErrorResponses"):
        check_quantity(config[key])
    ids = {origin["Id"] for origin in config["Origins"]["Items"]}
    ids |= {group["Id"] for group in config["OriginGroups"].get("Items") or []}
    behaviours = [config["DefaultCacheBehavior"], *(config["CacheBehaviors"].get("Items") or [])]
    for behaviour in behaviours:
        if behaviour["TargetOriginId"] not in ids:
            raise ApiError(
                "NoSuchOrigin", 404, "One or more of your origins or origin groups do not exist."
            )
    if config["Staging"] and config["Aliases"]["Quantity"]:
        raise ApiError("InvalidArgument", 400, "A staging distribution can't have aliases")


def check_attach(primary: Json, staging: Json) -> None:
    """Whether this staging distribution may be attached to this primary. Raises ApiError."""
    for config in (primary, staging):
        if config["HttpVersion"] in ("http3", "http2and3"):
            raise ApiError(
                "InvalidArgument", 400, "Continuous deployment does not support HTTP/3"
            )
    different = [key for key in _EQUAL if primary[key] != staging[key]]
    if different:
        raise illegal(
            "One or more fields updated are not supported for continuous deployment: "
            + ", ".join(different)
        )


def check_attached_update(old: Json, new: Json) -> None:
    """Whether an attached distribution may be changed so. Raises ApiError."""
    different = [key for key in _FIXED if old[key] != new[key]]
    if different:
        raise illegal(
            "One or more fields updated are not supported for continuous deployment: "
            + ", ".join(different)
        )


_DEFAULTS: Json = {
    "Aliases": {"Quantity": 0},
    "DefaultRootObject": "",
    "OriginGroups": {"Quantity": 0},
    "CacheBehaviors": {"Quantity": 0},
    "CustomErrorResponses": {"Quantity": 0},
    "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
    "PriceClass": "PriceClass_All",
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": True,
    "ContinuousDeploymentPolicyId": "",
    "Staging": False,
}
_DEFAULT_CERTIFICATE: Json = {
    "CloudFrontDefaultCertificate": True,
    "SSLSupportMethod": "vip",
    "MinimumProtocolVersion": "TLSv1",
    "CertificateSource": "cloudfront",
}
_ORIGIN_DEFAULTS: Json = {
    "OriginPath": "",
    "CustomHeaders": {"Quantity": 0},
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginShield": {"Enabled": False},
    "OriginAccessControlId": "",
}
_BEHAVIOUR_DEFAULTS: Json = {
    "TrustedSigners": {"Enabled": False, "Quantity": 0},
    "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
    "AllowedMethods": {
        "Quantity": 2,
        "Items": ["HEAD", "GET"],
        "CachedMethods": {"Quantity": 2, "Items": ["HEAD", "GET"]},
    },
    "SmoothStreaming": False,
    "Compress": False,
    "LambdaFunctionAssociations": {"Quantity": 0},
    "FunctionAssociations": {"Quantity": 0},
    "FieldLevelEncryptionId": "",
}


def completed(config: Json) -> Json:
    """A configuration with what CloudFront fills in."""
    full: Json = {**copy.deepcopy(_DEFAULTS), **copy.deepcopy(config)}
    certificate = full.get("ViewerCertificate")
    if not certificate or certificate.get("CloudFrontDefaultCertificate"):
        full["ViewerCertificate"] = dict(_DEFAULT_CERTIFICATE)
    full["Origins"]["Items"] = [
        {**copy.deepcopy(_ORIGIN_DEFAULTS), **origin} for origin in full["Origins"]["Items"]
    ]
    full["DefaultCacheBehavior"] = _behaviour(full["DefaultCacheBehavior"])
    if full["CacheBehaviors"].get("Items"):
        full["CacheBehaviors"]["Items"] = [
            _behaviour(item) for item in full["CacheBehaviors"]["Items"]
        ]
    return full


def _behaviour(behaviour: Json) -> Any:
    return {**copy.deepcopy(_BEHAVIOUR_DEFAULTS), **behaviour}
