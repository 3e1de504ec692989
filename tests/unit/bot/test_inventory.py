from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.config
import pytest

from bot import aws_api, errors, inventory, kube_api, model
from infra import naming
from infra.readiness.connection import Connection
from tests.contract.world.aws.accounts import Account
from tests.unit.infra.readiness.api_server import ApiServer, Item, api_server
from tests.world.aws.process import CREDENTIALS, running

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

REGION = "us-east-1"
KEY = model.EnvironmentKey("acme/shop", 7)
NAME = naming.environment_name(KEY)
NAMESPACES = "/api/v1/namespaces"
NODES = "/api/v1/nodes"
VOLUMES = "/api/v1/persistentvolumes"
POOLS = "/apis/karpenter.sh/v1/nodepools"
CLAIMS = "/apis/karpenter.sh/v1/nodeclaims"
LABELS = naming.labels(NAME, KEY)
EXACT = {naming.ANNOTATION_REPOSITORY: KEY.repository, naming.ANNOTATION_DRIVER: "bot"}


def holdings(
    *sources: inventory.Source,
    known: Sequence[str] = (),
    keys: Sequence[model.EnvironmentKey] = (),
) -> Sequence[model.Holding]:
    there = inventory.Known(keys, known)
    return inventory.CloudInventory(sources, lambda: there).holdings()


# -- whose it is ----------------------------------------------------------------------------------


class Traces:
    """What a source found."""

    def __init__(self, *traces: inventory.Trace) -> None:
        self.found = traces

    def traces(self) -> Iterator[inventory.Trace]:
        yield from self.found


def trace(
    name: str = NAME,
    kind: str = "Namespace",
    key: model.EnvironmentKey | None = None,
    driver: str | None = None,
) -> inventory.Trace:
    return inventory.Trace(name, model.Remnant(kind, name), key, driver)


ADMIN = KEY.defined("admin")
MAIN = model.EnvironmentKey(KEY.repository, branch="main")


@pytest.mark.parametrize(
    ("told", "known", "key"),
    [
        pytest.param(KEY, [], KEY, id="exactly"),
        pytest.param(None, ["acme/other", "acme/shop"], KEY, id="by the name alone"),
        pytest.param(None, ["acme/other"], None, id="unknown repository"),
        pytest.param(model.EnvironmentKey("acme/shop", 8), ["acme/shop"], None, id="another's"),
        pytest.param(model.EnvironmentKey("acme/other", 7), ["acme/shop"], None, id="a lie"),
    ],
)
def test_a_key_is_told_or_fits_the_name(
    told: model.EnvironmentKey | None, known: list[str], key: model.EnvironmentKey | None
) -> None:
    (found,) = holdings(Traces(trace(key=told)), known=known)
    assert (found.name, found.key) == (NAME, key)


@pytest.mark.parametrize("key", [ADMIN, MAIN, MAIN.defined("admin")])
def test_what_has_only_a_name_is_one_of_those_that_are_known(key: model.EnvironmentKey) -> None:
    name = naming.environment_name(key)
    (found,) = holdings(Traces(trace(name)), known=[key.repository], keys=[KEY, key])
    assert (found.name, found.key) == (name, key)
    (found,) = holdings(Traces(trace(name)), known=[key.repository], keys=[KEY])
    assert found.key is None


def test_what_sources_find_of_one_environment_is_put_together() -> None:
    other = naming.environment_name(model.EnvironmentKey("acme/other", 1))
    one, two = holdings(
        Traces(trace(), trace(other, key=model.EnvironmentKey("acme/other", 1))),
        Traces(trace(kind="Node"), trace(kind="Node", key=KEY)),
    )
    assert (one.name, one.key) == (other, model.EnvironmentKey("acme/other", 1))
    assert (two.name, two.key) == (NAME, KEY)
    assert two.resources == (model.Remnant("Namespace", NAME), model.Remnant("Node", NAME))


def test_one_resource_of_a_person_makes_all_of_it_a_persons() -> None:
    (found,) = holdings(Traces(trace(driver="bot"), trace(kind="Node", driver="hand"), trace()))
    assert found.by_hand
    (found,) = holdings(Traces(trace(driver="bot"), trace(kind="Node")))
    assert not found.by_hand


def test_repositories_that_are_not_to_be_had_end_the_listing() -> None:
    def known() -> inventory.Known:
        raise errors.UnreachableError("GitHub did not answer")

    with pytest.raises(errors.UnreachableError):
        inventory.CloudInventory([Traces(trace())], known).holdings()


# -- the cluster ----------------------------------------------------------------------------------


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with api_server() as server:
        yield server


@pytest.fixture
def cluster(api: ApiServer, tmp_path: Path) -> Iterator[inventory.ClusterTraces]:
    connection: Connection = kube_api.connect(api.kubeconfig(tmp_path), None)
    yield inventory.ClusterTraces(connection)
    connection.close()


def item(
    name: str,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    **spec: object,
) -> Item:
    metadata = {"name": name, "uid": name, "labels": labels or {}, "annotations": annotations or {}}
    return {"metadata": metadata, "spec": spec}


def test_an_empty_cluster_holds_nothing(api: ApiServer, cluster: inventory.ClusterTraces) -> None:
    for path in (NAMESPACES, NODES, POOLS, CLAIMS):
        api.put(path, item("theirs", {"team": "theirs"}))
    api.put(VOLUMES, item("v1", claimRef={"namespace": "theirs"}))
    api.put(VOLUMES, item("v2"))
    assert holdings(cluster) == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (NAMESPACES, "Namespace"),
        (POOLS, "NodePool"),
        (CLAIMS, "NodeClaim"),
        (NODES, "Node"),
        (VOLUMES, "PersistentVolume"),
    ],
)
def test_every_kind_is_found_by_its_label(
    api: ApiServer, cluster: inventory.ClusterTraces, path: str, kind: str
) -> None:
    api.put(path, item("odd", LABELS))
    (found,) = holdings(cluster, known=["acme/shop"])
    assert found == model.Holding(NAME, KEY, (model.Remnant(kind, "odd"),))


def test_a_namespace_tells_whose_it_is(api: ApiServer, cluster: inventory.ClusterTraces) -> None:
    api.put(NAMESPACES, item(NAME, LABELS, EXACT))
    api.put(POOLS, item(NAME, LABELS))
    (found,) = holdings(cluster)
    assert (found.key, found.by_hand, len(found.resources)) == (KEY, False, 2)
    api.put(NAMESPACES, item(NAME, LABELS, EXACT | {naming.ANNOTATION_DRIVER: "hand"}))
    (found,) = holdings(cluster)
    assert found.by_hand


def test_a_volume_is_found_by_the_namespace_that_it_was_for(
    api: ApiServer, cluster: inventory.ClusterTraces
) -> None:
    api.put(VOLUMES, item("v1", claimRef={"namespace": NAME}))
    (found,) = holdings(cluster, known=["acme/shop"])
    assert found == model.Holding(NAME, KEY, (model.Remnant("PersistentVolume", "v1"),))


def test_long_lists_are_read_to_their_end(
    api: ApiServer, cluster: inventory.ClusterTraces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kube_api, "PAGE", 2)
    for number in range(5):
        api.put(NODES, item(f"n{number}", LABELS))
    (found,) = holdings(cluster)
    assert len(found.resources) == 5


def test_what_is_not_installed_can_not_be_there(
    api: ApiServer, cluster: inventory.ClusterTraces
) -> None:
    api.missing |= {POOLS, CLAIMS}
    api.put(NODES, item("n1", LABELS))
    assert len(holdings(cluster)) == 1


@pytest.mark.parametrize("part", ["namespaces", "nodepools", "nodeclaims", "nodes", "volumes"])
@pytest.mark.parametrize("status", [0, 403, 500])
def test_a_listing_that_fails_fails_all_of_it(
    api: ApiServer, cluster: inventory.ClusterTraces, part: str, status: int
) -> None:
    api.put(NAMESPACES, item(NAME, LABELS))
    api.statuses[part] = status
    with pytest.raises(errors.UnreachableError, match="API server"):
        holdings(cluster)


# -- AWS ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        with running(deploy_seconds=0.05) as address:
            yield address


@pytest.fixture
def account(endpoint: str) -> Iterator[Account]:
    one = Account(aws_api.cloudfront(REGION, endpoint))
    one.clear()
    yield one
    one.clear()


def edge(account: Account) -> inventory.EdgeTraces:
    return inventory.EdgeTraces(account.client)


TAGS = naming.tags(NAME, KEY, "bot")


def tag(account: Account, arn: str, tags: dict[str, str]) -> None:
    items = [{"Key": key, "Value": value} for key, value in tags.items()]
    account.client.tag_resource(Resource=arn, Tags={"Items": items})


def test_a_staging_distribution_is_found_by_its_tags(account: Account) -> None:
    account.create(Comment=naming.edge_comment(NAME))  # promoted to
    account.create(Staging=True, Comment="theirs")
    mine = account.create(Staging=True)
    tag(account, mine["ARN"], TAGS)
    assert holdings(edge(account)) == [
        model.Holding(NAME, KEY, (model.Remnant("Distribution", mine["Id"]),))
    ]
    tag(account, mine["ARN"], {naming.TAG_DRIVER: "hand"})
    assert [found.by_hand for found in holdings(edge(account))] == [True]


def test_a_staging_distribution_is_found_by_its_comment(account: Account) -> None:
    account.create(Staging=True, Comment=naming.edge_comment("of the marketing team"))
    mine = account.create(Staging=True, Comment=naming.edge_comment(NAME))
    assert holdings(edge(account), known=["acme/shop"]) == [
        model.Holding(NAME, KEY, (model.Remnant("Distribution", mine["Id"]),))
    ]


def test_a_policy_is_found_by_its_header(account: Account) -> None:
    for header in (naming.edge_header(NAME), f"{naming.EDGE_HEADER_PREFIX}beta"):
        staging = account.create(Staging=True)
        rule = {"Header": header, "Value": "secret"}
        account.policy(
            staging["DomainName"],
            TrafficConfig={"Type": "SingleHeader", "SingleHeaderConfig": rule},
        )
    weight = {"Type": "SingleWeight", "SingleWeightConfig": {"Weight": 0.1}}
    account.policy(account.create(Staging=True)["DomainName"], TrafficConfig=weight)
    (found,) = holdings(edge(account), known=["acme/shop"])
    assert (found.name, found.key) == (NAME, KEY)
    assert [one.kind for one in found.resources] == ["Policy"]


@pytest.fixture
def instance(endpoint: str) -> Iterator[tuple[EC2Client, Any]]:
    """Starts instances with tags; they end with the test."""
    client = aws_api.ec2(REGION, endpoint)
    image = client.describe_images()["Images"][0]["ImageId"]
    started: list[str] = []

    def start(tags: dict[str, str]) -> str:
        entries: Any = [{"Key": key, "Value": value} for key, value in tags.items()]
        answer = client.run_instances(
            ImageId=image,
            InstanceType="m5.large",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": entries}],
        )
        started.append(answer["Instances"][0]["InstanceId"])
        return started[-1]

    yield client, start
    if started:
        client.terminate_instances(InstanceIds=started)


@pytest.mark.parametrize("tags", [TAGS, {aws_api.TAG_NODE_POOL: NAME}], ids=["ours", "karpenter's"])
def test_an_instance_is_found_by_its_tags(
    instance: tuple[EC2Client, Any], tags: dict[str, str]
) -> None:
    client, start = instance
    start({aws_api.TAG_NODE_POOL: "default"})
    start({"team": "theirs"})
    mine = start(tags)
    source = inventory.InstanceTraces(client)
    assert holdings(source, known=["acme/shop"]) == [
        model.Holding(NAME, KEY, (model.Remnant("Instance", mine),))
    ]
    client.terminate_instances(InstanceIds=[mine])
    assert holdings(source) == []


def test_another_clusters_instances_are_not_ours(instance: tuple[EC2Client, Any]) -> None:
    client, start = instance
    start({aws_api.TAG_NODE_POOL: NAME, aws_api.TAG_CLUSTER: "another"})
    assert holdings(inventory.InstanceTraces(client, "staging")) == []
    assert len(holdings(inventory.InstanceTraces(client))) == 1


def test_an_aws_that_does_not_answer_fails_all_of_it(
    api: ApiServer, cluster: inventory.ClusterTraces, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = botocore.config.Config(retries={"total_max_attempts": 1})
    monkeypatch.setattr(aws_api, "BOUNDS", once)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    api.put(NAMESPACES, item(NAME, LABELS, EXACT))
    nowhere = "http://127.0.0.1:1"
    for source in (
        inventory.InstanceTraces(aws_api.ec2(REGION, nowhere)),
        inventory.EdgeTraces(aws_api.cloudfront(REGION, nowhere)),
    ):
        with pytest.raises(errors.UnreachableError, match="did not answer"):
            holdings(cluster, source)
