"""An environment's way through the production domain: staging distribution, policy, attachment."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import boto3
import botocore.exceptions
import pulumi
import pulumi_aws as aws

from infra import naming
from infra.cloudfront.attachment import EdgeAttachment
from infra.cloudfront.mirror import MirrorError, Shape, mirror
from infra.contract import Platform


@dataclasses.dataclass(frozen=True)
class EdgeArgs:
    """What the edge route is made from."""

    name: str
    tags: Mapping[str, str]
    host: str
    value: str
    platform: Platform


def primary_config(platform: Platform) -> Shape:
    """The primary's live DistributionConfig. Raises MirrorError when it can't be read."""
    client = boto3.client(
        "cloudfront", region_name=platform.aws_region, endpoint_url=platform.aws_endpoint
    )
    identifier = platform.primary_distribution_id or ""
    try:
        config: Shape = client.get_distribution_config(Id=identifier)["DistributionConfig"]
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
        raise MirrorError(
            f"primary distribution {identifier!r} can't be read: {error}"
        ) from error
    return config


class Edge(pulumi.ComponentResource):
    """Requests with the environment's header reach it through the primary distribution."""

    distribution: aws.cloudfront.Distribution
    host: str
    """The domain that people use: the primary's first alias, or else empty."""

    def __init__(self, args: EdgeArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("understudy:cloudfront:Edge", args.name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        primary = primary_config(args.platform)
        aliases = primary.get("Aliases", {}).get("Items") or []
        self.host = aliases[0] if aliases else ""
        self.distribution = aws.cloudfront.Distribution(
            args.name,
            comment=f"Understudy {args.name}",
            tags=dict(args.tags),
            # CloudFront takes minutes to reach every edge; nobody waits for that here.
            wait_for_deployment=False,
            **mirror(primary, args.host, args.platform.scheme, args.platform.port),
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
            primary_id=args.platform.primary_distribution_id or "",
            policy_id=policy.id,
            opts=child,
        )
        self.register_outputs({})
