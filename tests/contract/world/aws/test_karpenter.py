"""The calls of Karpenter's AWS provider v1.14, with the parameters that it gives."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.world.aws.offers import FAMILIES
from tests.world.aws.process import running
from tests.world.aws.seed import Seeded, seed

CLUSTER = "world"
SERVER = "https://10.96.0.1:6443"


@pytest.fixture(scope="module")
def seeded(session: Any) -> Iterator[tuple[Any, Seeded]]:
    """A seeded account of its own: the other tests clear theirs."""
    with running(deploy_seconds=0.05) as endpoint:
        made = seed(
            endpoint,
            cluster_name=CLUSTER,
            cluster_endpoint=SERVER,
            primary_alias="shop.test",
            production_host="production.test",
            production_port=8000,
        )
        yield lambda service: session.client(service, endpoint_url=endpoint), made


@pytest.fixture(scope="module")
def ec2(seeded: tuple[Any, Seeded]) -> Any:
    return seeded[0]("ec2")


@pytest.fixture(scope="module")
def account(seeded: tuple[Any, Seeded]) -> Seeded:
    return seeded[1]


@pytest.fixture(scope="module")
def template(ec2: Any, account: Seeded) -> str:
    """A launch template as Karpenter makes it, with a security group that is not the default."""
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)
    ec2.create_launch_template(
        LaunchTemplateName="karpenter.k8s.aws/1",
        LaunchTemplateData={
            "ImageId": account.ami_id,
            "IamInstanceProfile": {"Name": "profile"},
            "SecurityGroupIds": [group["GroupId"]],
            "UserData": "",
            "Monitoring": {"Enabled": False},
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "Placement": {"Tenancy": "default"},
        },
    )
    found = ec2.describe_launch_templates(LaunchTemplateNames=["karpenter.k8s.aws/1"])
    assert len(found["LaunchTemplates"]) == 1
    return str(group["GroupId"])


def launch(ec2: Any, account: Seeded, kind: str, types: list[str], count: int = 1) -> Any:
    zone = ec2.describe_subnets(SubnetIds=account.subnet_ids[:1])["Subnets"][0]["AvailabilityZone"]
    strategy = "price-capacity-optimized" if kind == "spot" else "lowest-price"
    options = {"spot": "SpotOptions", "on-demand": "OnDemandOptions"}[kind]
    tags = [
        {"Key": "karpenter.sh/nodepool", "Value": "pr-7"},
        {"Key": "karpenter.k8s.aws/ec2nodeclass", "Value": "default"},
        {"Key": "eks:eks-cluster-name", "Value": CLUSTER},
    ]
    return ec2.create_fleet(
        Type="instant",
        LaunchTemplateConfigs=[
            {
                "LaunchTemplateSpecification": {
                    "LaunchTemplateName": "karpenter.k8s.aws/1",
                    "Version": "$Latest",
                },
                "Overrides": [
                    {
                        "InstanceType": name,
                        "SubnetId": account.subnet_ids[0],
                        "ImageId": account.ami_id,
                        "AvailabilityZone": zone,
                        "Priority": 1.0,
                    }
                    for name in types
                ],
            }
        ],
        TargetCapacitySpecification={
            "DefaultTargetCapacityType": kind,
            "TotalTargetCapacity": count,
        },
        TagSpecifications=[
            {"ResourceType": resource, "Tags": tags} for resource in ("instance", "volume", "fleet")
        ],
        **{options: {"AllocationStrategy": strategy}},
    )


def test_what_karpenter_discovers_is_there(ec2: Any, account: Seeded) -> None:
    tag = [{"Name": "tag:karpenter.sh/discovery", "Values": [CLUSTER]}]
    subnets = ec2.describe_subnets(Filters=tag)["Subnets"]
    assert {one["SubnetId"] for one in subnets} == set(account.subnet_ids)
    assert len({one["AvailabilityZone"] for one in subnets}) == 3
    groups = ec2.describe_security_groups(Filters=tag)["SecurityGroups"]
    assert [one["GroupId"] for one in groups] == list(account.security_group_ids)
    (image,) = ec2.describe_images(ImageIds=[account.ami_id])["Images"]
    assert image["Architecture"] == "x86_64"
    assert image["Name"].startswith("al2023-ami-")


def test_the_cluster_says_where_the_real_api_server_is(seeded: tuple[Any, Seeded]) -> None:
    cluster = seeded[0]("eks").describe_cluster(name=CLUSTER)["cluster"]
    assert cluster["endpoint"] == SERVER
    assert cluster["status"] == "ACTIVE"


@pytest.mark.parametrize("kind", ["spot", "on-demand"])
def test_a_fleet_launches_the_cheapest_of_what_is_offered(
    ec2: Any, account: Seeded, template: str, kind: str
) -> None:
    answer = launch(ec2, account, kind, ["m5.4xlarge", "t3.medium", "g5.xlarge"])
    (fleet,) = answer["Instances"]
    assert fleet["InstanceType"] == "t3.medium"
    assert fleet["Lifecycle"] == kind
    assert fleet["LaunchTemplateAndOverrides"]["Overrides"]["ImageId"] == account.ami_id
    (identifier,) = fleet["InstanceIds"]
    (reservation,) = ec2.describe_instances(InstanceIds=[identifier])["Reservations"]
    (instance,) = reservation["Instances"]
    assert [group["GroupId"] for group in instance["SecurityGroups"]] == [template]
    assert instance["SubnetId"] == account.subnet_ids[0]
    assert instance["Placement"]["AvailabilityZone"].startswith("us-east-1")
    assert ("SpotInstanceRequestId" in instance) is (kind == "spot")
    assert instance["ImageId"] == account.ami_id


def test_a_batch_of_a_fleet_is_as_many_instances(ec2: Any, account: Seeded, template: str) -> None:
    answer = launch(ec2, account, "spot", ["t3.medium"], count=3)
    identifiers = [one for fleet in answer["Instances"] for one in fleet["InstanceIds"]]
    assert len(set(identifiers)) == 3


def test_karpenter_lists_and_terminates_its_instances(
    ec2: Any, account: Seeded, template: str
) -> None:
    answer = launch(ec2, account, "spot", ["t3.medium"])
    (identifier,) = answer["Instances"][0]["InstanceIds"]
    filters = [
        {"Name": "tag-key", "Values": ["karpenter.sh/nodepool"]},
        {"Name": "tag-key", "Values": ["karpenter.k8s.aws/ec2nodeclass"]},
        {"Name": "tag:eks:eks-cluster-name", "Values": [CLUSTER]},
        {
            "Name": "instance-state-name",
            "Values": ["pending", "running", "stopping", "stopped", "shutting-down"],
        },
    ]

    def listed() -> set[str]:
        pages = ec2.get_paginator("describe_instances").paginate(
            Filters=filters, PaginationConfig={"PageSize": 1000}
        )
        return {
            instance["InstanceId"]
            for page in pages
            for reservation in page["Reservations"]
            for instance in reservation["Instances"]
        }

    assert identifier in listed()
    ec2.create_tags(Resources=[identifier], Tags=[{"Key": "Name", "Value": "node"}])
    statuses = ec2.describe_instance_status(InstanceIds=[identifier])["InstanceStatuses"]
    assert statuses[0]["InstanceStatus"]["Status"] == "ok"
    ec2.terminate_instances(InstanceIds=[identifier])
    assert identifier not in listed()


def test_prices_follow_the_size_and_spot_is_cheaper(ec2: Any, seeded: tuple[Any, Seeded]) -> None:
    history = ec2.describe_spot_price_history(
        InstanceTypes=["m5.large", "m5.4xlarge"], ProductDescriptions=["Linux/UNIX"]
    )["SpotPriceHistory"]
    spot = {(one["InstanceType"], one["AvailabilityZone"]): one["SpotPrice"] for one in history}
    assert len({zone for _, zone in spot}) > 2
    demand = on_demand_prices(seeded[0]("pricing"))
    for (name, zone), price in spot.items():
        assert 0 < float(price) < demand[name], (name, zone)
    assert demand["m5.large"] < demand["m5.4xlarge"]


def on_demand_prices(pricing: Any) -> dict[str, float]:
    """As Karpenter reads the price list."""
    filters = {
        "regionCode": "us-east-1",
        "serviceCode": "AmazonEC2",
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "marketoption": "OnDemand",
    }
    found = {}
    for page in pricing.get_paginator("get_products").paginate(
        ServiceCode="AmazonEC2",
        Filters=[
            {"Field": field, "Type": "TERM_MATCH", "Value": value}
            for field, value in filters.items()
        ],
        PaginationConfig={"PageSize": 100},
    ):
        for text in page["PriceList"]:
            item = json.loads(text)
            (term,) = item["terms"]["OnDemand"].values()
            (dimension,) = term["priceDimensions"].values()
            name = item["product"]["attributes"]["instanceType"]
            found[name] = float(dimension["pricePerUnit"]["USD"])
    return found


def test_instance_types_and_their_offers_are_listed(ec2: Any) -> None:
    filters = [{"Name": "supported-virtualization-type", "Values": ["hvm"]}]
    types = [
        one
        for page in ec2.get_paginator("describe_instance_types").paginate(Filters=filters)
        for one in page["InstanceTypes"]
    ]
    assert {one["InstanceType"].partition(".")[0] for one in types} == FAMILIES
    offers = ec2.describe_instance_type_offerings(LocationType="availability-zone")
    assert offers["InstanceTypeOfferings"]


def test_there_are_no_placement_groups_and_no_reservations(ec2: Any) -> None:
    assert ec2.describe_placement_groups()["PlacementGroups"] == []
    assert ec2.describe_capacity_reservations()["CapacityReservations"] == []


def test_an_instance_profile_is_made_for_the_node_role(
    seeded: tuple[Any, Seeded], account: Seeded
) -> None:
    iam = seeded[0]("iam")
    assert iam.get_role(RoleName=account.node_role_name)["Role"]["Arn"]
    name = "world_1"
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_instance_profile(InstanceProfileName=name)
    iam.create_instance_profile(
        InstanceProfileName=name, Path="/karpenter/", Tags=[{"Key": "a", "Value": "b"}]
    )
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=account.node_role_name)
    iam.tag_instance_profile(InstanceProfileName=name, Tags=[{"Key": "c", "Value": "d"}])
    profile = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    assert [role["RoleName"] for role in profile["Roles"]] == [account.node_role_name]
    listed = iam.list_instance_profiles(PathPrefix="/karpenter/")["InstanceProfiles"]
    assert [one["InstanceProfileName"] for one in listed] == [name]
    iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=account.node_role_name)
    iam.delete_instance_profile(InstanceProfileName=name)


def test_the_image_of_an_alias_is_a_parameter(seeded: tuple[Any, Seeded]) -> None:
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    parameter = seeded[0]("ssm").get_parameter(Name=name)["Parameter"]
    assert parameter["Value"].startswith("ami-")


def test_an_interruption_comes_through_the_queue(
    seeded: tuple[Any, Seeded], account: Seeded
) -> None:
    sqs = seeded[0]("sqs")
    url = sqs.get_queue_url(QueueName=account.queue_name)["QueueUrl"]
    assert url == account.queue_url
    warning = {
        "source": "aws.ec2",
        "detail-type": "EC2 Spot Instance Interruption Warning",
        "detail": {"instance-id": "i-1", "instance-action": "terminate"},
    }
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(warning))
    answer = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        VisibilityTimeout=20,
        WaitTimeSeconds=1,
        MessageSystemAttributeNames=["SentTimestamp"],
        MessageAttributeNames=["All"],
    )
    (message,) = answer["Messages"]
    assert json.loads(message["Body"]) == warning
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_the_primary_is_deployed_and_leads_to_production(
    seeded: tuple[Any, Seeded], account: Seeded
) -> None:
    primary = seeded[0]("cloudfront").get_distribution(Id=account.primary_id)["Distribution"]
    assert primary["Status"] == "Deployed"
    assert primary["DomainName"] == account.primary_domain
    config = primary["DistributionConfig"]
    assert config["Aliases"]["Items"] == ["shop.test"]
    (origin,) = config["Origins"]["Items"]
    assert origin["DomainName"] == "production.test"
    assert origin["CustomOriginConfig"]["HTTPPort"] == 8000
