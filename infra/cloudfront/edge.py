"""An environment's way through the production domain: staging distribution, policy, attachment."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws

from infra import naming
from infra.amazon import BOUNDS, NO_ANSWER
from infra.cloudfront.attachment import EdgeAttachment
from infra.cloudfront.mirror import MirrorError, Shape, mirror
from infra.contract import Platform


@dataclasses.dataclass(frozen=True)
class EdgeArgs:
    """What the edge route is made from."""

    name: str
    tags: Mapping[str, str]
    value: str
    primary_id: str
    primary: Primary


@dataclasses.dataclass(frozen=True)
class Primary:
    """What an environment takes over from its primary."""

    arguments: Mapping[str, Any]
    """The arguments of a staging distribution like it."""
    host: str
    """The domain that people use: the primary's first alias, or else empty."""


def read_primary(platform: Platform, host: str) -> Primary:
    """Read the primary as it is now, for an environment that is served at `host`.

    Raises MirrorError. Asked before anything is made, so that nothing is when it fails.
    """
    config = _config(platform)
    aliases = config.get("Aliases", {}).get("Items") or []
    return Primary(
        mirror(config, host, platform.scheme, platform.port), aliases[0] if aliases else ""
    )


def _config(platform: Platform) -> Shape:
    client = boto3.client(
        "cloudfront",
        region_name=platform.aws_region,
        endpoint_url=platform.aws_endpoint,
        config=BOUNDS,
    )
    identifier = platform.primary_distribution_id or ""
    try:
        config: Shape = client.get_distribution_config(Id=identifier)["DistributionConfig"]
    except NO_ANSWER as error:
        raise MirrorError(
            f"primary distribution {identifier!r} can't be read ({error}): check the platform's "
            "primary_distribution_id, aws_region and the AWS credentials"
        ) from error
    return config


class Edge(pulumi.ComponentResource):
    """Requests with the environment's header reach it through the primary distribution."""

    distribution: aws.cloudfront.Distribution

    def __init__(self, args: EdgeArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("understudy:cloudfront:Edge", args.name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.distribution = aws.cloudfront.Distribution(
            args.name,
            comment=naming.edge_comment(args.name),
            tags=dict(args.tags),
            # CloudFront takes minutes to reach every edge; nobody waits for that here.
            wait_for_deployment=False,
            **args.primary.arguments,
            opts=child,
        )
        policy = aws.cloudfront.ContinuousDeploymentPolicy(
            args.name,
            enabled=True,
            staging_distribution_dns_names={
                "quantity": 1,
                "items": [self.distribution.domain_name],
            },
            traffic_config={
                "type": "SingleHeader",
                "single_header_config": {
                    "header": naming.edge_header(args.name),
                    "value": pulumi.Output.secret(args.value),
                },
            },
            opts=child,
        )
        EdgeAttachment(
            args.name,
            primary_id=args.primary_id,
            policy_id=policy.id,
            opts=child,
        )
        self.register_outputs({})
