"""From the provider's properties to CloudFront's shapes, by tables; pure.

A table says for each property where it goes. A property that no table has is refused with its path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.world.plugins.serve import Refused

Json = dict[str, Any]
Convert = Callable[[Any, str], Any]


@dataclass(frozen=True)
class Into:
    """The name in CloudFront's shape, and how the value is converted."""

    name: str
    convert: Convert = lambda value, _path: value


Table = Mapping[str, Into]


def structure(table: Table) -> Convert:
    """An object by its table."""

    def convert(value: Any, path: str) -> Json:
        made: Json = {}
        for key, item in value.items():
            if key not in table:
                raise Refused(f"Property {path}.{key} is not known to the stand-in for AWS.")
            into = table[key]
            made[into.name] = into.convert(item, f"{path}.{key}")
        return made

    return convert


def counted(convert: Convert = lambda value, _path: value) -> Convert:
    """A list as CloudFront wants it: with its length."""

    def inner(value: Any, path: str) -> Json:
        items = [convert(item, f"{path}[{index}]") for index, item in enumerate(value)]
        return {"Quantity": len(items), **({"Items": items} if items else {})}

    return inner


def _text(value: Any, _path: str) -> str:
    return str(value)


_LIST = counted()
_CUSTOM_ORIGIN: Table = {
    "httpPort": Into("HTTPPort"),
    "httpsPort": Into("HTTPSPort"),
    "originProtocolPolicy": Into("OriginProtocolPolicy"),
    "originSslProtocols": Into("OriginSslProtocols", _LIST),
    "originKeepaliveTimeout": Into("OriginKeepaliveTimeout"),
    "originReadTimeout": Into("OriginReadTimeout"),
}
_HEADER: Table = {"name": Into("HeaderName"), "value": Into("HeaderValue")}
_SHIELD: Table = {"enabled": Into("Enabled"), "originShieldRegion": Into("OriginShieldRegion")}
_ORIGIN: Table = {
    "originId": Into("Id"),
    "domainName": Into("DomainName"),
    "originPath": Into("OriginPath"),
    "connectionAttempts": Into("ConnectionAttempts"),
    "connectionTimeout": Into("ConnectionTimeout"),
    "originAccessControlId": Into("OriginAccessControlId"),
    "customHeaders": Into("CustomHeaders", counted(structure(_HEADER))),
    "customOriginConfig": Into("CustomOriginConfig", structure(_CUSTOM_ORIGIN)),
    "s3OriginConfig": Into(
        "S3OriginConfig", structure({"originAccessIdentity": Into("OriginAccessIdentity")})
    ),
    "vpcOriginConfig": Into("VpcOriginConfig", structure({"vpcOriginId": Into("VpcOriginId")})),
    "originShield": Into("OriginShield", structure(_SHIELD)),
}
_GROUP: Table = {
    "originId": Into("Id"),
    "failoverCriteria": Into(
        "FailoverCriteria", structure({"statusCodes": Into("StatusCodes", _LIST)})
    ),
    "members": Into("Members", counted(structure({"originId": Into("OriginId")}))),
}
_FUNCTION: Table = {"eventType": Into("EventType"), "functionArn": Into("FunctionARN")}
_LAMBDA: Table = {
    "eventType": Into("EventType"),
    "lambdaArn": Into("LambdaFunctionARN"),
    "includeBody": Into("IncludeBody"),
}
_COOKIES: Table = {
    "forward": Into("Forward"),
    "whitelistedNames": Into("WhitelistedNames", _LIST),
}
_FORWARDED: Table = {
    "queryString": Into("QueryString"),
    "queryStringCacheKeys": Into("QueryStringCacheKeys", _LIST),
    "headers": Into("Headers", _LIST),
    "cookies": Into("Cookies", structure(_COOKIES)),
}
_BEHAVIOUR: Table = {
    "pathPattern": Into("PathPattern"),
    "targetOriginId": Into("TargetOriginId"),
    "viewerProtocolPolicy": Into("ViewerProtocolPolicy"),
    "allowedMethods": Into("AllowedMethods", _LIST),
    "cachedMethods": Into("CachedMethods", _LIST),
    "compress": Into("Compress"),
    "smoothStreaming": Into("SmoothStreaming"),
    "cachePolicyId": Into("CachePolicyId"),
    "originRequestPolicyId": Into("OriginRequestPolicyId"),
    "responseHeadersPolicyId": Into("ResponseHeadersPolicyId"),
    "fieldLevelEncryptionId": Into("FieldLevelEncryptionId"),
    "realtimeLogConfigArn": Into("RealtimeLogConfigArn"),
    "trustedKeyGroups": Into("TrustedKeyGroups", _LIST),
    "trustedSigners": Into("TrustedSigners", _LIST),
    "functionAssociations": Into("FunctionAssociations", counted(structure(_FUNCTION))),
    "lambdaFunctionAssociations": Into("LambdaFunctionAssociations", counted(structure(_LAMBDA))),
    "minTtl": Into("MinTTL"),
    "defaultTtl": Into("DefaultTTL"),
    "maxTtl": Into("MaxTTL"),
    "forwardedValues": Into("ForwardedValues", structure(_FORWARDED)),
}


def _behaviour(value: Any, path: str) -> Json:
    made: Json = structure(_BEHAVIOUR)(value, path)
    # CloudFront keeps the cached methods inside the allowed ones.
    cached = made.pop("CachedMethods", None)
    if "AllowedMethods" in made and cached is not None:
        made["AllowedMethods"]["CachedMethods"] = cached
    for key in ("TrustedKeyGroups", "TrustedSigners"):
        if key in made:
            made[key]["Enabled"] = bool(made[key]["Quantity"])
    return made


def _geo(value: Any, path: str) -> Json:
    table: Table = {"restrictionType": Into("RestrictionType"), "locations": Into("Locations")}
    made = structure(table)(value, path)
    return {
        "RestrictionType": made["RestrictionType"],
        **_LIST(made.get("Locations", []), path),
    }


_ERROR: Table = {
    "errorCode": Into("ErrorCode"),
    "errorCachingMinTtl": Into("ErrorCachingMinTTL"),
    "responseCode": Into("ResponseCode", _text),
    "responsePagePath": Into("ResponsePagePath"),
}
_CERTIFICATE: Table = {
    "cloudfrontDefaultCertificate": Into("CloudFrontDefaultCertificate"),
    "acmCertificateArn": Into("ACMCertificateArn"),
    "iamCertificateId": Into("IAMCertificateId"),
    "minimumProtocolVersion": Into("MinimumProtocolVersion"),
    "sslSupportMethod": Into("SSLSupportMethod"),
}
_LOGGING: Table = {
    "bucket": Into("Bucket"),
    "includeCookies": Into("IncludeCookies"),
    "prefix": Into("Prefix"),
}
DISTRIBUTION: Table = {
    "enabled": Into("Enabled"),
    "staging": Into("Staging"),
    "comment": Into("Comment"),
    "aliases": Into("Aliases", _LIST),
    "httpVersion": Into("HttpVersion"),
    "isIpv6Enabled": Into("IsIPV6Enabled"),
    "priceClass": Into("PriceClass"),
    "webAclId": Into("WebACLId"),
    "defaultRootObject": Into("DefaultRootObject"),
    "origins": Into("Origins", counted(structure(_ORIGIN))),
    "originGroups": Into("OriginGroups", counted(structure(_GROUP))),
    "defaultCacheBehavior": Into("DefaultCacheBehavior", _behaviour),
    "orderedCacheBehaviors": Into("CacheBehaviors", counted(_behaviour)),
    "customErrorResponses": Into("CustomErrorResponses", counted(structure(_ERROR))),
    "restrictions": Into(
        "Restrictions", structure({"geoRestriction": Into("GeoRestriction", _geo)})
    ),
    "viewerCertificate": Into("ViewerCertificate", structure(_CERTIFICATE)),
    "loggingConfig": Into(
        "Logging", lambda value, path: {"Enabled": True, **structure(_LOGGING)(value, path)}
    ),
}
OWN = frozenset({"tags", "tagsAll", "waitForDeployment", "retainOnDelete"})
"""Properties that are the provider's business rather than CloudFront's configuration."""


def distribution(properties: Json) -> Json:
    """A DistributionConfig without its caller reference. Raises Refused."""
    known = {key: value for key, value in properties.items() if key not in OWN}
    config: Json = structure(DISTRIBUTION)(known, "Distribution")
    config.setdefault("Comment", "")
    config.setdefault("HttpVersion", "http2")
    config.setdefault("IsIPV6Enabled", False)
    return config


_STICKINESS: Table = {"idleTtl": Into("IdleTTL"), "maximumTtl": Into("MaximumTTL")}
_WEIGHT: Table = {
    "weight": Into("Weight"),
    "sessionStickinessConfig": Into("SessionStickinessConfig", structure(_STICKINESS)),
}
_TRAFFIC: Table = {
    "type": Into("Type"),
    "singleHeaderConfig": Into(
        "SingleHeaderConfig", structure({"header": Into("Header"), "value": Into("Value")})
    ),
    "singleWeightConfig": Into("SingleWeightConfig", structure(_WEIGHT)),
}
_NAMES: Table = {"quantity": Into("Quantity"), "items": Into("Items")}
POLICY: Table = {
    "enabled": Into("Enabled"),
    "stagingDistributionDnsNames": Into("StagingDistributionDnsNames", structure(_NAMES)),
    "trafficConfig": Into("TrafficConfig", structure(_TRAFFIC)),
}


def policy(properties: Json) -> Json:
    """A ContinuousDeploymentPolicyConfig. Raises Refused."""
    config: Json = structure(POLICY)(properties, "ContinuousDeploymentPolicy")
    return config
