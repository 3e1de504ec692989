"""What an account has before the first environment: a cluster's surroundings, and production."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import boto3

REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "world", "AWS_SECRET_ACCESS_KEY": "world"}
NODE_ROLE = "understudy-node"
QUEUE = "understudy-interruptions"


@dataclass(frozen=True)
class Seeded:
    """The names of what was made."""

    primary_id: str
    primary_domain: str
    queue_name: str
    queue_url: str
    node_role: str
    image_id: str


def client(service: Any, endpoint: str) -> Any:
    """A client for the simulated AWS."""
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


def seed(
    endpoint: str,
    *,
    cluster: str,
    cluster_endpoint: str,
    alias: str,
    production_host: str,
    production_port: int,
) -> Seeded:
    """Make everything that Karpenter and the environments expect to find."""
    ec2 = client("ec2", endpoint)
    tag = [{"Key": "karpenter.sh/discovery", "Value": cluster}]
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]]
    groups = [
        group["GroupId"]
        for group in ec2.describe_security_groups()["SecurityGroups"]
        if group["GroupName"] == "default"
    ]
    ec2.create_tags(Resources=[*subnets, *groups], Tags=tag)
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
    role = client("iam", endpoint).create_role(
        RoleName=NODE_ROLE, AssumeRolePolicyDocument=json.dumps(trust)
    )["Role"]["Arn"]
    client("eks", endpoint).create_cluster(
        name=cluster, roleArn=role, resourcesVpcConfig={"subnetIds": subnets[:2]}
    )
    queue = client("sqs", endpoint).create_queue(QueueName=QUEUE)["QueueUrl"]
    primary = _primary(endpoint, alias, production_host, production_port)
    return Seeded(
        primary["Id"], primary["DomainName"], QUEUE, queue, NODE_ROLE, _image(ec2)
    )


def _image(ec2: Any) -> str:
    """An x86_64 image of Amazon Linux 2023 out of those that moto has."""
    filters = [
        {"Name": "name", "Values": ["al2023-ami-*-x86_64"]},
        {"Name": "architecture", "Values": ["x86_64"]},
    ]
    images = ec2.describe_images(Filters=filters)["Images"]
    return str(sorted(images, key=lambda image: image["Name"])[-1]["ImageId"])


def _primary(endpoint: str, alias: str, host: str, port: int) -> dict[str, str]:
    config = {
        "CallerReference": "production",
        "Comment": "production",
        "Enabled": True,
        "HttpVersion": "http2",
        "Aliases": {"Quantity": 1, "Items": [alias]},
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "production",
                    "DomainName": host,
                    "CustomOriginConfig": {
                        "HTTPPort": port,
                        "HTTPSPort": 443,
                        "OriginProtocolPolicy": "http-only",
                        "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
                    },
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "production",
            "ViewerProtocolPolicy": "allow-all",
            # AWS's managed policy CachingDisabled, by its published id
            "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        },
    }
    answer = client("cloudfront", endpoint).create_distribution(DistributionConfig=config)
    made: dict[str, str] = answer["Distribution"]
    return made
