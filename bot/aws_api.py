"""What the bot asks of AWS: how CloudFront stands, and whether anything is left.

The only importer of boto3 here. It creates and changes nothing; that is the engine's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3

from bot import errors, model, proof
from infra import naming
from infra.amazon import BOUNDS, NO_ANSWER

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient
    from mypy_boto3_cloudfront.type_defs import (
        ContinuousDeploymentPolicyTypeDef,
        DistributionSummaryTypeDef,
    )
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import FilterTypeDef

NOT_GONE = ("pending", "running", "shutting-down", "stopping", "stopped")
"""Every state of an instance but `terminated`, which AWS goes on telling for an hour."""
TAG_NODE_POOL = "karpenter.sh/nodepool"
"""Karpenter puts the NodePool's name, which is the environment's, on its instances."""
TAG_CLUSTER = "eks:eks-cluster-name"


def cloudfront(region: str, endpoint: str | None) -> CloudFrontClient:
    """A client whose every call ends soon."""
    return boto3.client("cloudfront", region_name=region, endpoint_url=endpoint, config=BOUNDS)


def ec2(region: str, endpoint: str | None) -> EC2Client:
    """A client whose every call ends soon."""
    return boto3.client("ec2", region_name=region, endpoint_url=endpoint, config=BOUNDS)


def caller(region: str, endpoint: str | None) -> str:
    """The ARN that we act as. Raises UnreachableError."""
    with reachable("STS"):
        client = boto3.client("sts", region_name=region, endpoint_url=endpoint, config=BOUNDS)
        return str(client.get_caller_identity()["Arn"])


def keys(
    *, bucket: str, prefix: str, region: str | None, endpoint: str | None, profile: str | None
) -> list[str]:
    """The keys in an S3 bucket that begin with a prefix. Raises UnreachableError."""
    with reachable("S3"):
        client = boto3.Session(profile_name=profile, region_name=region).client(
            "s3", endpoint_url=endpoint, config=BOUNDS
        )
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [one["Key"] for page in pages for one in page.get("Contents", ())]


def status(client: CloudFrontClient, distribution_id: str) -> str | None:
    """How a distribution stands; None where there is none. Raises UnreachableError."""
    with reachable("CloudFront"):
        try:
            answer = client.get_distribution(Id=distribution_id)
        except client.exceptions.NoSuchDistribution:
            return None
        return answer["Distribution"]["Status"]


class CloudEdge:
    """Implements `bot.ports.Edge`."""

    def __init__(self, client: CloudFrontClient) -> None:
        self._client = client

    def deployed(self, distribution_id: str) -> bool:
        """Whether the latest configuration is at all edges; a distribution that is gone is not."""
        return status(self._client, distribution_id) == "Deployed"


def instances(
    client: EC2Client, *filters: FilterTypeDef, cluster: str | None = None
) -> Iterator[tuple[str, dict[str, str]]]:
    """Id and tags of each instance that is not gone; of one cluster, where it is named."""
    pages = client.get_paginator("describe_instances").paginate(
        Filters=[*filters, {"Name": "instance-state-name", "Values": list(NOT_GONE)}]
    )
    for page in pages:
        for reservation in page["Reservations"]:
            for instance in reservation["Instances"]:
                found = {entry["Key"]: entry["Value"] for entry in instance.get("Tags", ())}
                # An instance without the cluster's tag is nobody else's.
                if cluster is None or found.get(TAG_CLUSTER) in {None, cluster}:
                    yield instance["InstanceId"], found


class InstanceListing:
    """Implements `bot.proof.Source` for EC2.

    Names are unique in a cluster only: where an account has several, `cluster` tells them apart.
    """

    def __init__(self, client: EC2Client, cluster: str | None = None) -> None:
        self._client = client
        self._cluster = cluster

    def look(self, name: str) -> Iterator[proof.Listing]:
        """List instances by Karpenter's tag and by our own. See `bot.proof.Source`."""
        with reachable("EC2"):
            found = [
                identifier
                for tag in (TAG_NODE_POOL, naming.TAG_ENVIRONMENT)
                for identifier, _ in instances(
                    self._client, {"Name": f"tag:{tag}", "Values": [name]}, cluster=self._cluster
                )
            ]
        yield proof.Listing(
            "EC2 instances", tuple(model.Remnant("Instance", one) for one in dict.fromkeys(found))
        )


class EdgeListing:
    """Implements `bot.proof.Source` for CloudFront."""

    def __init__(self, client: CloudFrontClient, primary_id: str) -> None:
        self._client = client
        self._primary_id = primary_id

    def look(self, name: str) -> Iterator[proof.Listing]:
        """List distributions, policies, and what the primary leads to. See `bot.proof.Source`."""
        with reachable("CloudFront"):
            staging = staging_distributions(self._client)
            distributions = [one for one in staging if self._belongs(one, name)]
            yield _listing("CloudFront distributions", "Distribution", distributions)
            hosts = {one["DomainName"] for one in distributions}
            leading = [one for one in policies(self._client) if _leads(one, name, hosts)]
            yield _listing("CloudFront policies", "Policy", leading)
            attached = attached_policy(self._client, self._primary_id)
            mine = attached in {one["Id"] for one in leading}
            remnant = model.Remnant("Attachment", f"{self._primary_id}/{attached}")
            yield proof.Listing(
                "attachment to the primary distribution", (remnant,) if mine else ()
            )

    def _belongs(self, summary: DistributionSummaryTypeDef, name: str) -> bool:
        if summary["Comment"] == naming.edge_comment(name):
            return True
        return tags(self._client, summary["ARN"]).get(naming.TAG_ENVIRONMENT) == name


def staging_distributions(client: CloudFrontClient) -> Iterator[DistributionSummaryTypeDef]:
    """Every staging distribution; environments have no others.

    A promotion copies such a one's comment to the primary, which must not pass for an
    environment's.
    """
    for page in client.get_paginator("list_distributions").paginate():
        for summary in page["DistributionList"].get("Items", ()):
            if summary["Staging"]:
                yield summary


def tags(client: CloudFrontClient, arn: str) -> dict[str, str]:
    """A distribution's tags; none where it has gone since it was listed."""
    try:
        answer = client.list_tags_for_resource(Resource=arn)
    except client.exceptions.NoSuchResource:
        return {}
    return {tag["Key"]: tag.get("Value", "") for tag in answer["Tags"].get("Items", ())}


def policies(client: CloudFrontClient) -> Iterator[ContinuousDeploymentPolicyTypeDef]:
    """Every continuous deployment policy."""
    marker = ""
    while True:
        # No paginator exists for this operation.
        answer = client.list_continuous_deployment_policies(
            **({"Marker": marker} if marker else {})
        )["ContinuousDeploymentPolicyList"]
        for summary in answer.get("Items", ()):
            yield summary["ContinuousDeploymentPolicy"]
        marker = answer.get("NextMarker", "")
        if not marker:
            return


def attached_policy(client: CloudFrontClient, primary_id: str) -> str:
    """The id of the policy that a primary leads to; empty without one or a primary."""
    try:
        answer = client.get_distribution_config(Id=primary_id)
    except client.exceptions.NoSuchDistribution:
        return ""
    return answer["DistributionConfig"].get("ContinuousDeploymentPolicyId", "")


def _leads(policy: ContinuousDeploymentPolicyTypeDef, name: str, hosts: set[str]) -> bool:
    """Whether a policy leads to the environment, by its header or by its distribution."""
    config = policy["ContinuousDeploymentPolicyConfig"]
    rule = config.get("TrafficConfig", {}).get("SingleHeaderConfig", {})
    targets = config["StagingDistributionDnsNames"].get("Items", ())
    return rule.get("Header") == naming.edge_header(name) or not hosts.isdisjoint(targets)


def _listing(
    what: str,
    kind: str,
    found: list[DistributionSummaryTypeDef] | list[ContinuousDeploymentPolicyTypeDef],
) -> proof.Listing:
    return proof.Listing(what, tuple(model.Remnant(kind, one["Id"]) for one in found))


@contextlib.contextmanager
def reachable(service: str) -> Iterator[None]:
    """Turn AWS's silence or refusal inside the block into UnreachableError."""
    try:
        yield
    except NO_ANSWER as error:
        raise errors.UnreachableError(
            f"{service} did not answer as expected ({error}): check the bot's AWS credentials, "
            "its permission to list, and the region"
        ) from error
