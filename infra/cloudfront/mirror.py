"""The arguments of a staging distribution, out of its primary's live configuration.

CloudFront refuses to attach a staging distribution that differs from its primary in anything but
origins, cache behaviours, error responses, geo restrictions, root object, logging and comment
(IllegalUpdate). So everything is taken from the primary as it is now, and only the origin that
the default behaviour leads to is replaced. Pure: API shapes in, pulumi-aws arguments out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Shape = Mapping[str, Any]


class MirrorError(ValueError):
    """The primary has something that can't be mirrored; the message is one sentence."""


UNSUPPORTED = {
    "AnycastIpListId": "an Anycast IP list",
    "TenantConfig": "distribution tenants",
    "ViewerMtlsConfig": "mutual TLS with viewers",
    "ConnectionFunctionAssociation": "a connection function",
}
"""Not to be copied by arguments; continuous deployment is for standard distributions only."""


def mirror(primary: Shape, origin_host: str, scheme: str, port: int | None) -> dict[str, Any]:
    """The arguments of a staging distribution like `primary`, whose origin is `origin_host`.

    `primary` is the DistributionConfig of GetDistributionConfig. Raises MirrorError.
    """
    if primary.get("HttpVersion", "http2") in ("http3", "http2and3"):
        raise MirrorError(
            "the primary distribution supports HTTP/3, which CloudFront's continuous deployment "
            "does not: set its HTTP version to http2"
        )
    for key, what in UNSUPPORTED.items():
        if primary.get(key):
            raise MirrorError(
                f"the primary distribution has {what}, which a staging distribution can't "
                "mirror: choose another primary, or `edge: none`"
            )
    target = primary["DefaultCacheBehavior"]["TargetOriginId"]
    if target not in {origin["Id"] for origin in _items(primary["Origins"])}:
        raise MirrorError(
            f"the primary's default behaviour leads to origin group {target!r}: "
            "only a single origin can be replaced by an environment"
        )
    arguments: dict[str, Any] = {
        "enabled": True,
        "staging": True,
        "http_version": primary.get("HttpVersion", "http2"),
        "is_ipv6_enabled": primary.get("IsIPV6Enabled", False),
        "price_class": primary.get("PriceClass", "PriceClass_All"),
        "web_acl_id": primary.get("WebACLId") or None,
        "default_root_object": primary.get("DefaultRootObject") or None,
        "origins": [
            _environment_origin(origin, origin_host, scheme, port)
            if origin["Id"] == target
            else _origin(origin)
            for origin in _items(primary["Origins"])
        ],
        "origin_groups": [_origin_group(group) for group in _items(primary.get("OriginGroups"))],
        "default_cache_behavior": _behaviour(primary["DefaultCacheBehavior"]),
        "ordered_cache_behaviors": [
            {"path_pattern": behaviour["PathPattern"], **_behaviour(behaviour)}
            for behaviour in _items(primary.get("CacheBehaviors"))
        ],
        "custom_error_responses": [
            _present(
                {
                    "error_code": response["ErrorCode"],
                    "error_caching_min_ttl": response.get("ErrorCachingMinTTL"),
                    "response_code": int(response["ResponseCode"])
                    if response.get("ResponseCode")
                    else None,
                    "response_page_path": response.get("ResponsePagePath") or None,
                }
            )
            for response in _items(primary.get("CustomErrorResponses"))
        ],
        "restrictions": {"geo_restriction": _geo(primary.get("Restrictions", {}))},
        "viewer_certificate": _certificate(primary.get("ViewerCertificate", {})),
    }
    if primary.get("Logging", {}).get("Enabled"):
        logging = primary["Logging"]
        arguments["logging_config"] = {
            "bucket": logging["Bucket"],
            "include_cookies": logging["IncludeCookies"],
            "prefix": logging["Prefix"],
        }
    return _present(arguments)


def _items(container: Shape | None) -> list[Any]:
    return list((container or {}).get("Items") or [])


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None and value != []}


def _environment_origin(origin: Shape, host: str, scheme: str, port: int | None) -> dict[str, Any]:
    """The origin of the primary with the environment's host in its place.

    It keeps its id, so that every behaviour leads to it, and its custom headers, which the
    application may rely on; a bucket's access control makes no sense for a host.
    """
    custom = origin.get("CustomOriginConfig", {})
    return {
        "origin_id": origin["Id"],
        "domain_name": host,
        "custom_headers": _headers(origin),
        "custom_origin_config": {
            "http_port": port if port and scheme == "http" else 80,
            "https_port": port if port and scheme == "https" else 443,
            "origin_protocol_policy": f"{scheme}-only",
            "origin_ssl_protocols": _items(custom.get("OriginSslProtocols")) or ["TLSv1.2"],
            "origin_keepalive_timeout": custom.get("OriginKeepaliveTimeout", 5),
            "origin_read_timeout": custom.get("OriginReadTimeout", 30),
        },
    }


def _headers(origin: Shape) -> list[dict[str, str]]:
    return [
        {"name": header["HeaderName"], "value": header["HeaderValue"]}
        for header in _items(origin.get("CustomHeaders"))
    ]


def _origin(origin: Shape) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "origin_id": origin["Id"],
        "domain_name": origin["DomainName"],
        "origin_path": origin.get("OriginPath") or None,
        "connection_attempts": origin.get("ConnectionAttempts"),
        "connection_timeout": origin.get("ConnectionTimeout"),
        "origin_access_control_id": origin.get("OriginAccessControlId") or None,
        "custom_headers": _headers(origin),
    }
    if custom := origin.get("CustomOriginConfig"):
        fields["custom_origin_config"] = {
            "http_port": custom["HTTPPort"],
            "https_port": custom["HTTPSPort"],
            "origin_protocol_policy": custom["OriginProtocolPolicy"],
            "origin_ssl_protocols": _items(custom.get("OriginSslProtocols")) or ["TLSv1.2"],
            "origin_keepalive_timeout": custom.get("OriginKeepaliveTimeout", 5),
            "origin_read_timeout": custom.get("OriginReadTimeout", 30),
        }
    if (bucket := origin.get("S3OriginConfig")) and bucket.get("OriginAccessIdentity"):
        fields["s3_origin_config"] = {"origin_access_identity": bucket["OriginAccessIdentity"]}
    if vpc := origin.get("VpcOriginConfig"):
        fields["vpc_origin_config"] = {"vpc_origin_id": vpc["VpcOriginId"]}
    shield = origin.get("OriginShield", {})
    if shield.get("Enabled"):
        fields["origin_shield"] = {
            "enabled": True,
            "origin_shield_region": shield["OriginShieldRegion"],
        }
    return _present(fields)


def _origin_group(group: Shape) -> dict[str, Any]:
    return {
        "origin_id": group["Id"],
        "failover_criteria": {"status_codes": _items(group["FailoverCriteria"]["StatusCodes"])},
        "members": [{"origin_id": member["OriginId"]} for member in _items(group["Members"])],
    }


def _behaviour(behaviour: Shape) -> dict[str, Any]:
    allowed = behaviour.get("AllowedMethods", {})
    fields: dict[str, Any] = {
        "target_origin_id": behaviour["TargetOriginId"],
        "viewer_protocol_policy": behaviour["ViewerProtocolPolicy"],
        "allowed_methods": _items(allowed) or ["GET", "HEAD"],
        "cached_methods": _items(allowed.get("CachedMethods")) or ["GET", "HEAD"],
        "compress": behaviour.get("Compress", False),
        "smooth_streaming": behaviour.get("SmoothStreaming", False),
        "cache_policy_id": behaviour.get("CachePolicyId") or None,
        "origin_request_policy_id": behaviour.get("OriginRequestPolicyId") or None,
        "response_headers_policy_id": behaviour.get("ResponseHeadersPolicyId") or None,
        "field_level_encryption_id": behaviour.get("FieldLevelEncryptionId") or None,
        "realtime_log_config_arn": behaviour.get("RealtimeLogConfigArn") or None,
        "trusted_key_groups": _items(behaviour.get("TrustedKeyGroups")),
        "trusted_signers": _items(behaviour.get("TrustedSigners")),
        "function_associations": [
            {"event_type": item["EventType"], "function_arn": item["FunctionARN"]}
            for item in _items(behaviour.get("FunctionAssociations"))
        ],
        "lambda_function_associations": [
            {
                "event_type": item["EventType"],
                "lambda_arn": item["LambdaFunctionARN"],
                "include_body": item.get("IncludeBody", False),
            }
            for item in _items(behaviour.get("LambdaFunctionAssociations"))
        ],
    }
    if values := behaviour.get("ForwardedValues"):
        # Distributions from before cache policies; TTLs belong to this form alone.
        fields |= {
            "min_ttl": behaviour.get("MinTTL"),
            "default_ttl": behaviour.get("DefaultTTL"),
            "max_ttl": behaviour.get("MaxTTL"),
            "forwarded_values": {
                "query_string": values["QueryString"],
                "query_string_cache_keys": _items(values.get("QueryStringCacheKeys")),
                "headers": _items(values.get("Headers")),
                "cookies": {
                    "forward": values["Cookies"]["Forward"],
                    "whitelisted_names": _items(values["Cookies"].get("WhitelistedNames")),
                },
            },
        }
    return _present(fields)


def _geo(restrictions: Shape) -> dict[str, Any]:
    geo = restrictions.get("GeoRestriction", {})
    return {
        "restriction_type": geo.get("RestrictionType", "none"),
        "locations": _items(geo),
    }


def _certificate(certificate: Shape) -> dict[str, Any]:
    if certificate.get("CloudFrontDefaultCertificate", not certificate):
        return {"cloudfront_default_certificate": True}
    return _present(
        {
            "acm_certificate_arn": certificate.get("ACMCertificateArn"),
            "iam_certificate_id": certificate.get("IAMCertificateId"),
            "minimum_protocol_version": certificate.get("MinimumProtocolVersion"),
            "ssl_support_method": certificate.get("SSLSupportMethod"),
        }
    )
