"""The properties of the two resource types, by pulumi-aws 7.51.1 and the API of 2020-05-31."""

from typing import Final

from tests.world.plugins.aws.fields import Field, Many, field

DISTRIBUTION: Final = "aws:cloudfront/distribution:Distribution"
POLICY: Final = "aws:cloudfront/continuousDeploymentPolicy:ContinuousDeploymentPolicy"

_EVENTS: Final = ("viewer-request", "viewer-response", "origin-request", "origin-response")

_FORWARDED: Final = (
    field("queryString", bool, required=True),
    field("queryStringCacheKeys", str, many=Many.LIST, computed=True),
    field("headers", str, many=Many.SET, computed=True),
    field(
        "cookies",
        (
            field("forward", str, required=True, choices=("all", "none", "whitelist")),
            field("whitelistedNames", str, many=Many.SET, computed=True),
        ),
        required=True,
    ),
)

_BEHAVIOUR: Final = (
    field("targetOriginId", str, required=True),
    field(
        "viewerProtocolPolicy",
        str,
        required=True,
        choices=("allow-all", "https-only", "redirect-to-https"),
    ),
    field("allowedMethods", str, many=Many.SET, required=True),
    field("cachedMethods", str, "AllowedMethods.CachedMethods", many=Many.SET, required=True),
    field("cachePolicyId", str),
    field("compress", bool, default=False),
    field("defaultTtl", int, "DefaultTTL", computed=True),
    field("maxTtl", int, "MaxTTL", computed=True),
    field("minTtl", int, "MinTTL", default=0),
    field("fieldLevelEncryptionId", str, blank=True),
    field("forwardedValues", _FORWARDED),
    field(
        "functionAssociations",
        (
            field("eventType", str, required=True, choices=_EVENTS),
            field("functionArn", str, "FunctionARN", required=True),
        ),
        many=Many.SET,
        key="eventType",
    ),
    field(
        "lambdaFunctionAssociations",
        (
            field("eventType", str, required=True, choices=_EVENTS),
            field("lambdaArn", str, "LambdaFunctionARN", required=True),
            field("includeBody", bool, default=False),
        ),
        many=Many.SET,
        key="eventType",
    ),
    field("originRequestPolicyId", str),
    field("realtimeLogConfigArn", str),
    field("responseHeadersPolicyId", str),
    field("smoothStreaming", bool),
    field("trustedKeyGroups", str, many=Many.LIST, computed=True),
    field("trustedSigners", str, many=Many.LIST, computed=True),
)

_CUSTOM_ORIGIN: Final = (
    field("httpPort", int, "HTTPPort", required=True),
    field("httpsPort", int, "HTTPSPort", required=True),
    field(
        "originProtocolPolicy",
        str,
        required=True,
        choices=("http-only", "https-only", "match-viewer"),
    ),
    field(
        "originSslProtocols",
        str,
        many=Many.SET,
        required=True,
        choices=("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"),
    ),
    field("originKeepaliveTimeout", int, default=5),
    field("originReadTimeout", int, default=30),
)

_ORIGIN: Final = (
    field("originId", str, "Id", required=True),
    field("domainName", str, required=True),
    field("originPath", str, default="", blank=True),
    field("connectionAttempts", int, default=3),
    field("connectionTimeout", int, default=10),
    field("originAccessControlId", str, blank=True),
    field(
        "customHeaders",
        (
            field("name", str, "HeaderName", required=True),
            field("value", str, "HeaderValue", required=True),
        ),
        many=Many.SET,
        key="name",
    ),
    field("customOriginConfig", _CUSTOM_ORIGIN),
    field(
        "s3OriginConfig",
        (field("originAccessIdentity", str, required=True),),
        "S3OriginConfig",
    ),
    field(
        "vpcOriginConfig",
        (
            field("vpcOriginId", str, required=True),
            field("originKeepaliveTimeout", int, default=5),
            field("originReadTimeout", int, default=30),
        ),
    ),
    field(
        "originShield",
        (field("enabled", bool, required=True), field("originShieldRegion", str)),
    ),
)

_ORIGIN_GROUP: Final = (
    field("originId", str, "Id", required=True),
    field(
        "failoverCriteria",
        (field("statusCodes", int, many=Many.SET, required=True),),
        required=True,
    ),
    field(
        "members",
        (field("originId", str, required=True),),
        many=Many.LIST,
        required=True,
        length=2,
    ),
)

_CERTIFICATE: Final = (
    field("acmCertificateArn", str, "ACMCertificateArn"),
    field("cloudfrontDefaultCertificate", bool, "CloudFrontDefaultCertificate"),
    field("iamCertificateId", str, "IAMCertificateId"),
    field("minimumProtocolVersion", str, default="TLSv1"),
    field("sslSupportMethod", str, "SSLSupportMethod", choices=("vip", "sni-only", "static-ip")),
)

_GEO: Final = (
    field(
        "restrictionType",
        str,
        required=True,
        choices=("none", "whitelist", "blacklist"),
    ),
    field("locations", str, "", many=Many.SET, computed=True),
)

_ERROR_RESPONSE: Final = (
    field("errorCode", int, required=True),
    field("errorCachingMinTtl", int, "ErrorCachingMinTTL"),
    field("responseCode", int, wire=str),
    field("responsePagePath", str),
)

DISTRIBUTION_CONFIG: Final = (
    field("aliases", str, many=Many.SET),
    field("comment", str, blank=True, longest=128),
    field("continuousDeploymentPolicyId", str, computed=True),
    field("customErrorResponses", _ERROR_RESPONSE, many=Many.SET, key="errorCode"),
    field("defaultCacheBehavior", _BEHAVIOUR, required=True),
    field("defaultRootObject", str, blank=True),
    field("enabled", bool, required=True),
    field(
        "httpVersion",
        str,
        default="http2",
        choices=("http1.1", "http2", "http2and3", "http3"),
    ),
    field("isIpv6Enabled", bool, "IsIPV6Enabled", default=False),
    field(
        "loggingConfig",
        (
            field("bucket", str, blank=True),
            field("includeCookies", bool, default=False),
            field("prefix", str, default="", blank=True),
        ),
        "Logging",
    ),
    field(
        "orderedCacheBehaviors",
        (field("pathPattern", str, required=True), *_BEHAVIOUR),
        "CacheBehaviors",
        many=Many.LIST,
    ),
    field("originGroups", _ORIGIN_GROUP, many=Many.SET, key="originId"),
    field("origins", _ORIGIN, many=Many.SET, required=True, key="originId"),
    field(
        "priceClass",
        str,
        default="PriceClass_All",
        choices=("PriceClass_All", "PriceClass_200", "PriceClass_100"),
    ),
    field("restrictions", (field("geoRestriction", _GEO, required=True),), required=True),
    field("staging", bool, default=False, replaces=True),
    field("viewerCertificate", _CERTIFICATE, required=True),
    field("webAclId", str, "WebACLId", blank=True),
)
"""What goes into a DistributionConfig."""

DISTRIBUTION_OWN: Final = (
    field("retainOnDelete", bool, default=False),
    field("waitForDeployment", bool, default=True),
)
"""What only the plugin heeds."""

POLICY_CONFIG: Final = (
    field("enabled", bool, required=True),
    field(
        "stagingDistributionDnsNames",
        (
            field("quantity", int, required=True),
            field("items", str, many=Many.SET, bare=True),
        ),
        required=True,
    ),
    field(
        "trafficConfig",
        (
            field("type", str, required=True, choices=("SingleWeight", "SingleHeader")),
            field(
                "singleHeaderConfig",
                (field("header", str, required=True), field("value", str, required=True)),
            ),
            field(
                "singleWeightConfig",
                (
                    field("weight", float, required=True),
                    field(
                        "sessionStickinessConfig",
                        (
                            field("idleTtl", int, "IdleTTL", required=True),
                            field("maximumTtl", int, "MaximumTTL", required=True),
                        ),
                    ),
                ),
            ),
        ),
    ),
)

INPUTS: Final[dict[str, tuple[Field, ...]]] = {
    DISTRIBUTION: (*DISTRIBUTION_CONFIG, *DISTRIBUTION_OWN),
    POLICY: POLICY_CONFIG,
}
"""What a program may set, but for `tags`, which is a map (of distributions only)."""

TAGGED: Final = frozenset({DISTRIBUTION})

COMPUTED: Final[dict[str, tuple[str, ...]]] = {
    DISTRIBUTION: (
        "arn",
        "callerReference",
        "domainName",
        "etag",
        "hostedZoneId",
        "inProgressValidationBatches",
        "lastModifiedTime",
        "loggingV1Enabled",
        "status",
        "trustedKeyGroups",
        "trustedSigners",
    ),
    POLICY: ("arn", "etag", "lastModifiedTime"),
}
"""What only the service knows: unknown in the preview of a creation."""

CHANGING: Final[dict[str, tuple[str, ...]]] = {
    DISTRIBUTION: (),
    POLICY: ("etag", "lastModifiedTime"),
}
"""What is unknown in the preview of an update."""
