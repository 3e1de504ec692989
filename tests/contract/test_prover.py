"""The proof of absence and the watch, on a real API server and the simulated AWS.

The shipped program makes an environment through the real engine, and what it made has to be found
by listing alone; after the destroy, nothing. No controller runs: what they would do to workloads
is written here, and no container has to start.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pydantic
import pytest
import yaml
from pulumi import automation

from bot import aws_api, clock, inventory, kube_api, model, proof
from infra import naming, preview
from infra.contract import Platform, PreviewInputs, StageFile
from infra.identity import EnvironmentKey
from infra.readiness import gate
from infra.readiness.connection import Connection
from tests.contract.world.aws.accounts import Account
from tests.contract.world.plugins.control_plane import ControlPlane, control_plane
from tests.world.aws.process import CREDENTIALS, running
from tests.world.aws.seed import Seeded, seed
from tests.world.plugins import path_folder
from tests.world.tools import crds, tool

SHA = "0123456789abcdef0123456789abcdef01234567"
NAME = naming.environment_name(EnvironmentKey("acme/shop", 7))
STAGE = StageFile.parse(
    """
services:
  web: {image: 'registry.test/web:{sha}', port: 8080, route: /, probe: {}, language: python}
  api: {image: 'registry.test/api:{sha}', port: 9090}
"""
)
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAME}/deployments"
PATIENCE = 60.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prover")


@pytest.fixture(scope="module")
def bare(folder: Path) -> Iterator[ControlPlane]:
    """An API server without Karpenter."""
    with control_plane(folder) as running_plane:
        (folder / "kubeconfig").write_text(running_plane.kubeconfig)
        yield running_plane


@pytest.fixture(scope="module")
def connection(bare: ControlPlane, folder: Path) -> Iterator[Connection]:
    connection = kube_api.connect(str(folder / "kubeconfig"), None)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[str, Seeded]]:
    with pytest.MonkeyPatch.context() as patch, running(deploy_seconds=0.05) as endpoint:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield (
            endpoint,
            seed(
                endpoint,
                cluster_name="world",
                cluster_endpoint="https://10.96.0.1:6443",
                primary_alias="shop.test",
                production_host="production.test",
                production_port=8000,
            ),
        )


@pytest.fixture(scope="module")
def prover(connection: Connection, aws: tuple[str, Seeded]) -> proof.Prover:
    endpoint, seeded = aws
    sources: dict[model.Lane, list[proof.Source]] = {
        model.Lane.CLUSTER: [
            kube_api.ClusterListing(connection),
            aws_api.InstanceListing(aws_api.ec2("us-east-1", endpoint)),
        ],
        model.Lane.EDGE: [
            aws_api.EdgeListing(aws_api.cloudfront("us-east-1", endpoint), seeded.primary_id)
        ],
    }
    return proof.Prover(sources, clock.SystemClock())


def until(reached: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def install(plane: ControlPlane, name: str) -> None:
    """Install a tool's custom resource definitions and wait until they are served."""
    for file in crds(name).glob("*.yaml"):
        for document in yaml.safe_load_all(file.read_text()):
            if document:
                status, answer = plane.call("POST", DEFINITIONS, document)
                assert status in (201, 409), answer
                path = f"{DEFINITIONS}/{document['metadata']['name']}"
                until(lambda path=path: established(plane, path), f"{path} is never served")  # type: ignore[misc]


def established(plane: ControlPlane, path: str) -> bool:
    conditions = ((plane.get(path) or {}).get("status") or {}).get("conditions") or []
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)


@pytest.fixture(scope="module")
def cluster(bare: ControlPlane, prover: proof.Prover) -> ControlPlane:
    """The same with the definitions of Karpenter and of the OpenTelemetry Operator."""
    assert "NodePools (not installed)" in prover.look(NAME).checked
    install(bare, "karpenter")
    install(bare, "opentelemetry-operator")
    return bare


@pytest.fixture
def stack(
    tmp_path: Path,
    folder: Path,
    cluster: ControlPlane,
    aws: tuple[str, Seeded],
    monkeypatch: pytest.MonkeyPatch,
) -> automation.Stack:
    """The shipped program, as a person runs it."""
    path = [str(path_folder()), str(tool("pulumi").parent), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(path))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    (tmp_path / "state").mkdir()
    endpoint, seeded = aws
    inputs = PreviewInputs(
        repository="acme/shop",
        pull_request=7,
        commit=SHA,
        stage=STAGE,
        platform=Platform(
            domain="preview.test",
            scheme="http",
            port=8000,
            kubeconfig=str(folder / "kubeconfig"),
            otlp_endpoint="http://10.244.0.1:4318",
            primary_distribution_id=seeded.primary_id,
            aws_endpoint=endpoint,
        ),
        edge_value=pydantic.SecretStr("secret"),
    )
    stack = automation.create_or_select_stack(
        NAME,
        project_name=naming.PROJECT,
        program=preview.program,
        opts=automation.LocalWorkspaceOptions(
            env_vars={
                "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
                "PULUMI_CONFIG_PASSPHRASE": "x",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
            }
        ),
    )
    stack.set_all_config(
        {key: automation.ConfigValue(value) for key, value in inputs.to_config().items()}
    )
    return stack


def serve(cluster: ControlPlane, name: str) -> None:
    """What the controllers and the kubelet do to a Deployment: replica set, pod, Ready."""
    deployment = cluster.get(f"{DEPLOYMENTS}/{name}")
    assert deployment is not None
    template = deployment["spec"]["template"]
    revision = {"deployment.kubernetes.io/revision": "1"}
    cluster.patch(f"{DEPLOYMENTS}/{name}", {"metadata": {"annotations": revision}})
    replica_set = made(
        cluster,
        f"/apis/apps/v1/namespaces/{NAME}/replicasets",
        owned(deployment, "apps/v1", "Deployment", f"{name}-1")
        | {"spec": {"selector": deployment["spec"]["selector"], "template": template}},
        annotations=revision,
        labels=template["metadata"]["labels"],
    )
    pod = made(
        cluster,
        f"/api/v1/namespaces/{NAME}/pods",
        owned(replica_set, "apps/v1", "ReplicaSet", f"{name}-1-a") | {"spec": template["spec"]},
        labels=template["metadata"]["labels"],
    )
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    cluster.patch(
        f"/api/v1/namespaces/{NAME}/pods/{pod['metadata']['name']}/status", {"status": status}
    )
    # The annotation made another generation, perhaps.
    deployment = cluster.get(f"{DEPLOYMENTS}/{name}") or {}
    cluster.patch(
        f"{DEPLOYMENTS}/{name}/status",
        {"status": {"observedGeneration": deployment["metadata"]["generation"]}},
    )


def owned(owner: dict[str, Any], version: str, kind: str, name: str) -> dict[str, Any]:
    reference = {
        "apiVersion": version,
        "kind": kind,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }
    return {"metadata": {"name": name, "ownerReferences": [reference]}}


def made(cluster: ControlPlane, path: str, item: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    item["metadata"] |= metadata
    status, answer = cluster.call("POST", path, item)
    assert status == 201, answer
    return answer


def finalize(cluster: ControlPlane) -> None:
    """What the namespace controller and the garbage collector do at the end."""
    path = f"/api/v1/namespaces/{NAME}"
    namespace = cluster.get(path)
    assert namespace is not None
    assert "deletionTimestamp" in namespace["metadata"]
    namespace["spec"]["finalizers"] = []
    namespace["metadata"]["finalizers"] = []
    status, answer = cluster.call("PUT", f"{path}/finalize", namespace)
    assert status == 200, answer
    for going in (path, f"/apis/karpenter.sh/v1/nodepools/{NAME}"):
        if cluster.get(going):
            cluster.patch(going, {"metadata": {"finalizers": []}})


def kinds(absence: model.Absence) -> set[str]:
    return {remnant.kind for remnant in absence.remnants}


@pytest.mark.timeout(240)
@pytest.mark.slow
def test_what_the_program_makes_is_found_and_its_absence_is_proved(
    cluster: ControlPlane,
    stack: automation.Stack,
    prover: proof.Prover,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    absence = prover.look(NAME)
    assert absence.proved
    assert absence.checked == (
        "namespaces",
        "NodePools",
        "NodeClaims",
        "nodes",
        "volumes",
        "EC2 instances",
        "CloudFront distributions",
        "CloudFront policies",
        "attachment to the primary distribution",
    )

    # Nobody runs the workloads yet, so the gate keeps the program from ending well.
    monkeypatch.setattr(gate, "READY_SECONDS", 2.0)
    with pytest.raises(automation.CommandError) as caught:
        stack.up()
    assert "Not ready within 2 s: api: 0 of 1 ready." in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert kinds(prover.look(NAME)) == {
        "Namespace",
        "NodePool",
        "Distribution",
        "Policy",
        "Attachment",
    }

    watched: list[model.Progress] = []
    watch = kube_api.ClusterWatch(connection)
    deadline = time.monotonic() + PATIENCE
    follower = threading.Thread(
        target=lambda: watched.extend(watch.follow(NAME, SHA, lambda: time.monotonic() > deadline))
    )
    follower.start()
    for name in ("api", "web"):
        serve(cluster, name)
    follower.join()
    assert not watched[0].ready
    assert watched[-1].ready

    # Now that they serve, the same program ends well, and the same resources are there.
    monkeypatch.setattr(gate, "READY_SECONDS", 30.0)
    result = stack.up()
    assert set(result.summary.resource_changes or {}) == {"same"}
    assert "web: 1 of 1 ready" in result.stdout

    made(
        cluster,
        "/apis/karpenter.sh/v1/nodeclaims",
        {
            "apiVersion": "karpenter.sh/v1",
            "kind": "NodeClaim",
            "metadata": {"name": f"{NAME}-x"},
            "spec": {
                "nodeClassRef": {
                    "group": "karpenter.k8s.aws",
                    "kind": "EC2NodeClass",
                    "name": "default",
                },
                "requirements": [],
            },
        },
        labels={kube_api.LABEL_NODE_POOL: NAME},
    )
    stack.destroy()
    until(lambda: "Policy" not in kinds(prover.look(NAME)), "the edge route is still there")
    # What controllers end by themselves, later.
    assert kinds(prover.look(NAME)) == {"Namespace", "NodePool", "NodeClaim"}
    cluster.call("DELETE", f"/apis/karpenter.sh/v1/nodeclaims/{NAME}-x")
    finalize(cluster)
    assert prover.look(NAME).proved


def test_the_listing_reads_real_json(cluster: ControlPlane, connection: Connection) -> None:
    """Every kind that is listed is served under the path that is asked."""
    listings = [listing.what for listing in kube_api.ClusterListing(connection).look("nothing")]
    assert listings == ["namespaces", "NodePools", "NodeClaims", "nodes", "volumes"]
    assert json.dumps(listings).count("not installed") == 0


def test_the_inventory_finds_what_nobody_remembers(
    cluster: ControlPlane, connection: Connection, aws: tuple[str, Seeded]
) -> None:
    endpoint, _ = aws
    cloudfront = aws_api.cloudfront("us-east-1", endpoint)
    known: list[str] = []
    listing = inventory.CloudInventory(
        [
            inventory.ClusterTraces(connection),
            inventory.InstanceTraces(aws_api.ec2("us-east-1", endpoint)),
            inventory.EdgeTraces(cloudfront),
        ],
        lambda: inventory.Known(repositories=known),
    )
    keys = {at: model.EnvironmentKey("acme/left-over", at) for at in (1, 2, 3)}
    names = {at: naming.environment_name(key) for at, key in keys.items()}
    labels = {at: naming.labels(name, keys[at]) for at, name in names.items()}

    def found() -> dict[str, tuple[model.EnvironmentKey | None, set[str], bool]]:
        return {
            one.name: (one.key, {remnant.kind for remnant in one.resources}, one.by_hand)
            for one in listing.holdings()
            if one.name in names.values()
        }

    assert found() == {}
    exact = {
        naming.ANNOTATION_REPOSITORY: "acme/left-over",
        naming.ANNOTATION_DRIVER: inventory.BY_HAND,
    }
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": names[1]}}
    made(cluster, "/api/v1/namespaces", namespace, labels=labels[1], annotations=exact)
    requirement = {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}
    node_class = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"}
    pool = {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": names[2]},
        "spec": {"template": {"spec": {"nodeClassRef": node_class, "requirements": [requirement]}}},
    }
    made(cluster, "/apis/karpenter.sh/v1/nodepools", pool, labels=labels[2])
    staging = Account(cloudfront).create(Staging=True)
    tags = naming.tags(names[3], keys[3], "bot")
    cloudfront.tag_resource(
        Resource=staging["ARN"],
        Tags={"Items": [{"Key": key, "Value": value} for key, value in tags.items()]},
    )
    assert found() == {
        names[1]: (keys[1], {"Namespace"}, True),
        # A label can't hold a repository's name: only who knows it can tell.
        names[2]: (None, {"NodePool"}, False),
        names[3]: (keys[3], {"Distribution"}, False),
    }
    known.append("acme/left-over")
    assert found()[names[2]] == (keys[2], {"NodePool"}, False)
