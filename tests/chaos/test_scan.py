"""The scan finds each kind of thing that can be left over; a scan that is blind finds nothing."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import scan, track
from tests.world import production
from tests.world.aws.seed import primary_config
from tests.world.cluster.api import CORE, KARPENTER
from tests.world.cluster.services import INGRESS_PORT
from tests.world.cluster.waiting import until
from tests.world.world import World

pytestmark = pytest.mark.world

LABEL = "understudy.dev/environment"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
PROJECT = "understudy-preview"


class Ground:
    """Where leaks are planted: a name that nobody uses, and a primary and a state of its own."""

    def __init__(self, world: World, state: Path) -> None:
        self.world = world
        self.api = world.cluster.api
        self.name = f"pr-1-planted-{secrets.token_hex(3)}"
        self.state = state
        self.primary_id = self._distribution({})
        self.undo: list[Callable[[], object]] = []

    def left(self) -> list[str]:
        """What the scan says."""
        return track.left(self.world, self.primary_id, self.state, {self.name})

    def object(self, path: str, name: str, **body: Any) -> None:
        """Plant one of Kubernetes' objects."""
        labels = body.pop("labels", {})
        self.api.create(path, {"metadata": {"name": name, "labels": labels}, **body})
        self.undo.append(lambda: self.api.delete(f"{path}/{name}"))

    def instance(self) -> str:
        """Plant an instance as Karpenter would have tagged it."""
        ec2 = self.world.aws("ec2")
        image = self.world.seeded.ami_id
        made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]
        identifier = str(made["InstanceId"])
        self.undo.append(lambda: ec2.terminate_instances(InstanceIds=[identifier]))
        # Not Karpenter's own tag, which would let a node be booted for it.
        self.tag(identifier)
        return identifier

    def tag(self, resource: str) -> None:
        """Say whose it is."""
        tags = [{"Key": "understudy:environment", "Value": self.name}]
        self.world.aws("ec2").create_tags(Resources=[resource], Tags=tags)

    def staging(self, *, comment: str = "", tagged: bool = False) -> str:
        """Plant a staging distribution; its domain name."""
        cloudfront = self.world.aws("cloudfront")
        etag = cloudfront.get_distribution_config(Id=self.primary_id)["ETag"]
        made = cloudfront.copy_distribution(
            PrimaryDistributionId=self.primary_id,
            Staging=True,
            IfMatch=etag,
            CallerReference=secrets.token_hex(4),
            Enabled=True,
        )
        identifier = str(made["Distribution"]["Id"])
        config = copy.deepcopy(made["Distribution"]["DistributionConfig"])
        config["Comment"] = comment or "nothing to see"
        cloudfront.update_distribution(
            Id=identifier, IfMatch=made["ETag"], DistributionConfig=config
        )
        if tagged:
            tags = {"Items": [{"Key": "understudy:environment", "Value": self.name}]}
            cloudfront.tag_resource(Resource=made["Distribution"]["ARN"], Tags=tags)
        return str(made["Distribution"]["DomainName"])

    def policy(self, host: str, header: str) -> str:
        """Plant a policy; its id."""
        rule = {"Header": header, "Value": "x"}
        made = self.world.aws("cloudfront").create_continuous_deployment_policy(
            ContinuousDeploymentPolicyConfig={
                "StagingDistributionDnsNames": {"Quantity": 1, "Items": [host]},
                "Enabled": True,
                "TrafficConfig": {"Type": "SingleHeader", "SingleHeaderConfig": rule},
            }
        )
        return str(made["ContinuousDeploymentPolicy"]["Id"])

    def file(self, *parts: str) -> None:
        """Plant a file of the state backend."""
        path = self.state.joinpath(".pulumi", *parts)
        path.parent.mkdir(parents=True)
        path.write_text("{}")

    def _distribution(self, changes: dict[str, Any]) -> str:
        alias = f"{self.name}.shop.test"
        certificate = self.world.aws("acm").request_certificate(
            DomainName=alias, ValidationMethod="DNS"
        )["CertificateArn"]
        config = primary_config(alias, certificate, production.HOST, INGRESS_PORT) | changes
        # The primary is production's: it has nothing of the environment's name but here.
        made = self.world.aws("cloudfront").create_distribution(DistributionConfig=config)
        return str(made["Distribution"]["Id"])


@pytest.fixture
def ground(world: World, tmp_path: Path) -> Iterator[Ground]:
    made = Ground(world, tmp_path)
    assert made.left() == []
    yield made
    for undo in reversed(made.undo):
        undo()


def _namespace(ground: Ground) -> str:
    ground.object(f"{CORE}/namespaces", ground.name)
    return f"namespaces {ground.name}"


def _inside(ground: Ground) -> str:
    ground.object(f"{CORE}/namespaces", ground.name)
    ground.object(f"{CORE}/namespaces/{ground.name}/configmaps", "a-thing")
    return f"configmaps {ground.name}/a-thing"


def _cluster_role(ground: Ground) -> str:
    name = f"planted-{secrets.token_hex(3)}"
    ground.object(f"{RBAC}/clusterroles", name, labels={LABEL: ground.name}, rules=[])
    return f"rbac.authorization.k8s.io/clusterroles {name}"


def _node_pool(ground: Ground) -> str:
    reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "none"}
    ground.object(
        f"{KARPENTER}/nodepools",
        ground.name,
        apiVersion="karpenter.sh/v1",
        kind="NodePool",
        spec={"template": {"spec": {"nodeClassRef": reference, "requirements": []}}},
    )
    return f"karpenter.sh/nodepools {ground.name}"


def _node(ground: Ground) -> str:
    name = f"planted-{secrets.token_hex(3)}"
    ground.object(f"{CORE}/nodes", name, labels={"karpenter.sh/nodepool": ground.name})
    return f"nodes {name}"


def _volume(ground: Ground) -> str:
    name = f"planted-{secrets.token_hex(3)}"
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": "/nowhere"},
        "claimRef": {"namespace": ground.name, "name": "data"},
    }
    ground.object(f"{CORE}/persistentvolumes", name, spec=spec)
    return f"persistentvolumes {name} (claimed)"


def _instance(ground: Ground) -> str:
    return f"instance {ground.instance()}"


def _spot_request(ground: Ground) -> str:
    (made,) = ground.world.aws("ec2").request_spot_instances(
        InstanceCount=1, LaunchSpecification={"ImageId": ground.world.seeded.ami_id}
    )["SpotInstanceRequests"]
    ground.tag(made["SpotInstanceRequestId"])
    return f"spot-instance-request {made['SpotInstanceRequestId']}"


def _disk(ground: Ground) -> str:
    made = ground.world.aws("ec2").create_volume(AvailabilityZone="us-east-1a", Size=1)
    ground.tag(made["VolumeId"])
    return f"volume {made['VolumeId']}"


def _distribution_by_comment(ground: Ground) -> str:
    ground.staging(comment=f"Understudy {ground.name}")
    return "distribution "


def _distribution_by_tag(ground: Ground) -> str:
    ground.staging(tagged=True)
    return "distribution "


def _policy_by_header(ground: Ground) -> str:
    host = ground.staging()
    return f"policy {ground.policy(host, f'aws-cf-cd-{ground.name}')}"


def _policy_by_distribution(ground: Ground) -> str:
    host = ground.staging(comment=f"Understudy {ground.name}")
    return f"policy {ground.policy(host, 'aws-cf-cd-other')}"


def _stack(ground: Ground) -> str:
    ground.file("stacks", PROJECT, f"{ground.name}.json")
    return f"state stacks/{PROJECT}/{ground.name}.json"


def _lock(ground: Ground) -> str:
    ground.file("locks", "organization", PROJECT, ground.name, "123.json")
    return f"state locks/organization/{PROJECT}/{ground.name}/123.json"


@pytest.mark.parametrize(
    "plant",
    [
        _namespace,
        _inside,
        _cluster_role,
        _node_pool,
        _node,
        _volume,
        _instance,
        _spot_request,
        _disk,
        _distribution_by_comment,
        _distribution_by_tag,
        _policy_by_header,
        _policy_by_distribution,
        _stack,
        _lock,
    ],
)
def test_a_planted_leak_is_found(ground: Ground, plant: Callable[[Ground], str]) -> None:
    planted = plant(ground)
    assert [found for found in ground.left() if found.startswith(planted)]


def test_an_attachment_to_a_policy_that_is_gone_is_found(ground: Ground) -> None:
    cloudfront = ground.world.aws("cloudfront")
    policy = ground.policy(ground.staging(), "aws-cf-cd-other")
    found = cloudfront.get_distribution_config(Id=ground.primary_id)
    config = found["DistributionConfig"] | {"ContinuousDeploymentPolicyId": policy}
    cloudfront.update_distribution(
        Id=ground.primary_id, IfMatch=found["ETag"], DistributionConfig=config
    )
    assert ground.left() == []

    class Forgetful:
        """CloudFront after somebody took the policy away under the primary."""

        def __getattr__(self, name: str) -> Any:
            return getattr(cloudfront, name)

        def list_continuous_deployment_policies(self) -> dict[str, Any]:
            return {"ContinuousDeploymentPolicyList": {"Items": []}}

    def client(service: str) -> Any:
        return Forgetful() if service == "cloudfront" else ground.world.aws(service)

    (left,) = scan.Amazon(client, ground.primary_id).left({ground.name})
    assert left == f"attachment of {ground.primary_id} to {policy}, which is gone"


def test_a_launch_template_is_found_in_the_end(ground: Ground) -> None:
    made = ground.world.aws("ec2").create_launch_template(
        LaunchTemplateName=f"planted-{secrets.token_hex(3)}",
        LaunchTemplateData={"ImageId": ground.world.seeded.ami_id},
    )
    identifier = made["LaunchTemplate"]["LaunchTemplateId"]
    ground.tag(identifier)
    amazon = scan.Amazon(ground.world.aws, ground.primary_id)
    assert amazon.templates({ground.name}) == [f"launch-template {identifier} of {ground.name}"]
    assert amazon.templates({"pr-2-other"}) == []
    ground.world.aws("ec2").delete_launch_template(LaunchTemplateId=identifier)
    assert amazon.templates({ground.name}) == []


def test_what_has_ended_and_what_is_another_environments_is_not_found(ground: Ground) -> None:
    identifier = ground.instance()
    ec2 = ground.world.aws("ec2")
    ec2.terminate_instances(InstanceIds=[identifier])
    until("the instance's end", lambda: ground.left() == [])
    ground.object(f"{CORE}/namespaces", f"{ground.name}-2", labels={LABEL: f"{ground.name}-2"})
    ground.file("backups", PROJECT, ground.name, "1.json")
    ground.file("stacks", PROJECT, f"{ground.name}-2.json")
    assert ground.left() == []
