"""What CloudFront fills in where a distribution's configuration says nothing.

GetDistributionConfig answers with every field, and an update has to bring them all again; so
configurations are kept complete and in one form, which is also what makes two comparable.
"""

from __future__ import annotations

import copy
from typing import Any

Config = dict[str, Any]

_CONFIG: Config = {
    "Aliases": {"Quantity": 0},
    "DefaultRootObject": "",
    "OriginGroups": {"Quantity": 0},
    "CacheBehaviors": {"Quantity": 0},
    "CustomErrorResponses": {"Quantity": 0},
    "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
    "PriceClass": "PriceClass_All",
    "ViewerCertificate": {},
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": True,
    "ContinuousDeploymentPolicyId": "",
    "Staging": False,
}
_ORIGIN: Config = {
    "OriginPath": "",
    "CustomHeaders": {"Quantity": 0},
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginShield": {"Enabled": False},
    "OriginAccessControlId": "",
}
_CUSTOM_ORIGIN: Config = {
    "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
    "OriginReadTimeout": 30,
    "OriginKeepaliveTimeout": 5,
}
_BEHAVIOUR: Config = {
    "TrustedSigners": {"Enabled": False, "Quantity": 0},
    "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
    "AllowedMethods": {"Quantity": 2, "Items": ["HEAD", "GET"]},
    "SmoothStreaming": False,
    "Compress": False,
    "LambdaFunctionAssociations": {"Quantity": 0},
    "FunctionAssociations": {"Quantity": 0},
    "FieldLevelEncryptionId": "",
}
_CACHED_METHODS: Config = {"Quantity": 2, "Items": ["HEAD", "GET"]}


def complete(config: Config) -> Config:
    """The configuration with everything filled in, in the one form that is kept."""
    whole = _filled(_without_nothing(config), _CONFIG)
    for origin in items(whole["Origins"]):
        _fill(origin, _ORIGIN)
        if "CustomOriginConfig" in origin:
            _fill(origin["CustomOriginConfig"], _CUSTOM_ORIGIN)
    for behaviour in behaviours(whole):
        _fill(behaviour, _BEHAVIOUR)
        _fill(behaviour["AllowedMethods"], {"CachedMethods": _CACHED_METHODS})
    whole["ViewerCertificate"] = _certificate(whole["ViewerCertificate"])
    return whole


def items(container: Config | None) -> list[Any]:
    """The items of one of CloudFront's lists, which are left out where there are none."""
    return (container or {}).get("Items") or []


def behaviours(config: Config) -> list[Config]:
    """The default cache behaviour, then the others."""
    return [config["DefaultCacheBehavior"], *items(config.get("CacheBehaviors"))]


def _certificate(certificate: Config) -> Config:
    """The certificate, with the deprecated fields that the API still answers with."""
    for field, source in (("ACMCertificateArn", "acm"), ("IAMCertificateId", "iam")):
        if identifier := certificate.get(field):
            return {
                "CloudFrontDefaultCertificate": False,
                field: identifier,
                "SSLSupportMethod": certificate.get("SSLSupportMethod", "sni-only"),
                "MinimumProtocolVersion": certificate.get("MinimumProtocolVersion", "TLSv1"),
                "Certificate": identifier,
                "CertificateSource": source,
            }
    return {
        "CloudFrontDefaultCertificate": True,
        "SSLSupportMethod": "vip",
        "MinimumProtocolVersion": "TLSv1",
        "CertificateSource": "cloudfront",
    }


def _filled(given: Config, standard: Config) -> Config:
    _fill(given, standard)
    return given


def _fill(given: Config, standard: Config) -> None:
    for name, value in standard.items():
        given.setdefault(name, copy.deepcopy(value))


def _without_nothing(value: Any) -> Any:
    """A copy in which nothing is null, and no list of items is there but empty."""
    if isinstance(value, dict):
        return {
            name: _without_nothing(item)
            for name, item in value.items()
            if item is not None and not (name == "Items" and item == [])
        }
    if isinstance(value, list):
        return [_without_nothing(item) for item in value]
    return value
