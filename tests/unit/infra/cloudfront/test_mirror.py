from typing import Any

import pytest

from infra.cloudfront.mirror import MirrorError, mirror

POLICY = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"


def primary(**changes: Any) -> dict[str, Any]:
    return {
        "HttpVersion": "http2",
        "IsIPV6Enabled": True,
        "PriceClass": "PriceClass_100",
        "WebACLId": "",
        "DefaultRootObject": "",
        "Comment": "production",
        "Aliases": {"Quantity": 1, "Items": ["shop.test"]},
        "Origins": {
            "Quantity": 2,
            "Items": [
                {
                    "Id": "app",
                    "DomainName": "app.shop.test",
                    "CustomHeaders": {
                        "Quantity": 1,
                        "Items": [{"HeaderName": "x-tenant", "HeaderValue": "shop"}],
                    },
                    "CustomOriginConfig": {
                        "HTTPPort": 80,
                        "HTTPSPort": 443,
                        "OriginProtocolPolicy": "https-only",
                        "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
                        "OriginReadTimeout": 45,
                        "OriginKeepaliveTimeout": 5,
                    },
                },
                {
                    "Id": "assets",
                    "DomainName": "assets.s3.amazonaws.com",
                    "OriginAccessControlId": "OAC1",
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                },
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "app",
            "ViewerProtocolPolicy": "redirect-to-https",
            "CachePolicyId": POLICY,
            "AllowedMethods": {
                "Quantity": 2,
                "Items": ["HEAD", "GET"],
                "CachedMethods": {"Quantity": 2, "Items": ["HEAD", "GET"]},
            },
        },
        "CacheBehaviors": {
            "Quantity": 1,
            "Items": [
                {
                    "PathPattern": "/static/*",
                    "TargetOriginId": "assets",
                    "ViewerProtocolPolicy": "https-only",
                    "CachePolicyId": POLICY,
                }
            ],
        },
        "ViewerCertificate": {
            "ACMCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
            "CloudFrontDefaultCertificate": False,
        },
        **changes,
    }


def mirrored(**changes: Any) -> dict[str, Any]:
    return mirror(primary(**changes), "pr-7.preview.test", "http", 8000)


def test_only_the_default_origin_is_replaced() -> None:
    app, assets = mirrored()["origins"]
    assert app["domain_name"] == "pr-7.preview.test"
    assert app["origin_id"] == "app"
    assert app["custom_origin_config"]["http_port"] == 8000
    assert app["custom_origin_config"]["origin_protocol_policy"] == "http-only"
    assert assets["domain_name"] == "assets.s3.amazonaws.com"
    assert assets["origin_access_control_id"] == "OAC1"


def test_headers_that_the_application_relies_on_are_kept() -> None:
    assert mirrored()["origins"][0]["custom_headers"] == [{"name": "x-tenant", "value": "shop"}]


def test_what_must_not_differ_does_not() -> None:
    arguments = mirrored()
    assert arguments["http_version"] == "http2"
    assert arguments["price_class"] == "PriceClass_100"
    assert arguments["is_ipv6_enabled"] is True
    assert arguments["viewer_certificate"]["minimum_protocol_version"] == "TLSv1.2_2021"


def test_a_staging_distribution_has_no_aliases_and_no_policy() -> None:
    arguments = mirrored()
    assert arguments["staging"] is True
    assert not {"aliases", "continuous_deployment_policy_id"} & arguments.keys()


def test_further_behaviours_keep_their_pattern_and_origin() -> None:
    (behaviour,) = mirrored()["ordered_cache_behaviors"]
    assert behaviour["path_pattern"] == "/static/*"
    assert behaviour["target_origin_id"] == "assets"


def test_ttls_are_set_only_where_there_is_no_cache_policy() -> None:
    assert "min_ttl" not in mirrored()["default_cache_behavior"]
    legacy = {
        "TargetOriginId": "app",
        "ViewerProtocolPolicy": "allow-all",
        "MinTTL": 0,
        "DefaultTTL": 60,
        "MaxTTL": 120,
        "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "all"}},
    }
    behaviour = mirrored(DefaultCacheBehavior=legacy)["default_cache_behavior"]
    assert behaviour["default_ttl"] == 60
    assert behaviour["forwarded_values"]["cookies"]["forward"] == "all"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"HttpVersion": "http2and3"}, "HTTP/3"),
        ({"AnycastIpListId": "aip-1"}, "Anycast"),
        (
            {"DefaultCacheBehavior": {"TargetOriginId": "group", "ViewerProtocolPolicy": "x"}},
            "origin group",
        ),
    ],
)
def test_what_cannot_be_mirrored_is_refused_with_the_way_out(
    changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(MirrorError, match=words):
        mirrored(**changes)
