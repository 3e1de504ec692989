"""What an account has before the first pull request: network, cluster, queue, production's edge.

Enters: a fresh simulated AWS. Leaves: what Karpenter discovers by tag, and a primary distribution
that is deployed and leads to production.
"""

from __future__ import annotations

import dataclasses
import json
import time
from typing import TYPE_CHECKING, Any

import boto3

from tests.world.aws.paths import ENDPOINT_TAG

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient

REGION = "us-east-1"
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
NODE_ROLE = "understudy-node"
DEPLOY_SECONDS = 60.0
_CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
_ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""AWS's managed policies: cache nothing; pass everything on but Host, so that the origin, which
may be another for each distribution, is asked by its own name."""


@dataclasses.dataclass(frozen=True)
class Seeded:
    """What was made, for whoever configures the platform."""

    primary_id: str
    primary_domain: str
    queue_name: str
    queue_url: str
    node_role_name: str
    ami_id: str
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]


def seed(
    endpoint: str,
    *,
    cluster_name: str,
    cluster_endpoint: str,
    primary_alias: str,
    production_host: str,
    production_port: int,
) -> Seeded:
    """Make it all; it takes as long as CloudFront takes to deploy the primary."""
    client = _Clients(endpoint)
    primary = _primary(client, primary_alias, production_host, production_port)
    subnets, groups = _network(client, cluster_name)
    role = _role(client)
    client.of("eks").create_cluster(
        name=cluster_name,
        roleArn=role,
        resourcesVpcConfig={"subnetIds": subnets, "securityGroupIds": groups},
        tags={ENDPOINT_TAG: cluster_endpoint},
    )
    queue = client.of("sqs").create_queue(
        QueueName=cluster_name, Attributes={"MessageRetentionPeriod": "300"}
    )
    _wait_deployed(client.of("cloudfront"), primary["Id"])
    return Seeded(
        primary_id=primary["Id"],
        primary_domain=primary["DomainName"],
        queue_name=cluster_name,
        queue_url=queue["QueueUrl"],
        node_role_name=NODE_ROLE,
        ami_id=_image(client),
        subnet_ids=tuple(subnets),
        security_group_ids=tuple(groups),
    )


class _Clients:
    """One client a service."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        # A session of its own: the default one would read whatever credentials a machine has.
        self._session = boto3.Session("test", "test", region_name=REGION)

    def of(self, service: Any) -> Any:
        return self._session.client(service, endpoint_url=self._endpoint)


def _network(client: _Clients, cluster_name: str) -> tuple[list[str], list[str]]:
    """The default subnets and security group, tagged so that Karpenter finds them."""
    ec2 = client.of("ec2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]
    mine = {"Name": "vpc-id", "Values": [vpc["VpcId"]]}
    zones = {"Name": "availability-zone", "Values": list(ZONES)}
    subnets = [one["SubnetId"] for one in ec2.describe_subnets(Filters=[mine, zones])["Subnets"]]
    default = {"Name": "group-name", "Values": ["default"]}
    groups = [
        one["GroupId"]
        for one in ec2.describe_security_groups(Filters=[mine, default])["SecurityGroups"]
    ]
    ec2.create_tags(
        Resources=[*subnets, *groups],
        Tags=[{"Key": "karpenter.sh/discovery", "Value": cluster_name}],
    )
    return subnets, groups


def _role(client: _Clients) -> str:
    """The role of the nodes; its ARN."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = client.of("iam").create_role(
        RoleName=NODE_ROLE, AssumeRolePolicyDocument=json.dumps(trust)
    )
    return str(role["Role"]["Arn"])


def _image(client: _Clients) -> str:
    """The newest Amazon Linux 2023 image for x86_64."""
    images = client.of("ec2").describe_images(
        Filters=[
            {"Name": "name", "Values": ["al2023-ami-*"]},
            {"Name": "architecture", "Values": ["x86_64"]},
        ]
    )["Images"]
    return str(max(images, key=lambda image: image["CreationDate"])["ImageId"])


def _primary(client: _Clients, alias: str, host: str, port: int) -> dict[str, Any]:
    """Production's distribution, with the certificate that an alias needs."""
    certificate = client.of("acm").request_certificate(
        DomainName=alias, ValidationMethod="DNS", IdempotencyToken="primary"
    )["CertificateArn"]
    answer: dict[str, Any] = client.of("cloudfront").create_distribution(
        DistributionConfig=primary_config(alias, certificate, host, port)
    )["Distribution"]
    return answer


def primary_config(alias: str, certificate: str, host: str, port: int) -> dict[str, Any]:
    """The DistributionConfig of a primary that leads to one host."""
    return {
        "CallerReference": f"production-{alias}",
        "Comment": f"production of {alias}",
        "Enabled": True,
        "HttpVersion": "http2",
        "Aliases": {"Quantity": 1, "Items": [alias]},
        "ViewerCertificate": {
            "ACMCertificateArn": certificate,
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
        },
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "app",
                    "DomainName": host,
                    "CustomOriginConfig": {
                        "HTTPPort": port,
                        "HTTPSPort": 443,
                        "OriginProtocolPolicy": "http-only",
                    },
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "app",
            # The world's edge speaks HTTP only.
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": _CACHING_DISABLED,
            "OriginRequestPolicyId": _ALL_BUT_HOST,
            "AllowedMethods": {
                "Quantity": 7,
                "Items": ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
            },
        },
    }


def _wait_deployed(cloudfront: CloudFrontClient, identifier: str) -> None:
    deadline = time.monotonic() + DEPLOY_SECONDS
    while cloudfront.get_distribution(Id=identifier)["Distribution"]["Status"] != "Deployed":
        if time.monotonic() > deadline:
            raise TimeoutError(f"distribution {identifier} is not deployed: see the log of AWS")
        time.sleep(0.1)
