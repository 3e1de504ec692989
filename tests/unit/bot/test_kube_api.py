import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import errors, kube_api, model, proof
from infra import naming
from infra.readiness.connection import Connection
from tests.unit.infra.readiness.api_server import ApiServer, Item, api_server
from tests.unit.infra.readiness.cluster_objects import SHA, deployment, ready_pod, replica_set

NAME = "pr-7-shop-abcdef"
NAMESPACES = "/api/v1/namespaces"
NODES = "/api/v1/nodes"
VOLUMES = "/api/v1/persistentvolumes"
POOLS = "/apis/karpenter.sh/v1/nodepools"
CLAIMS = "/apis/karpenter.sh/v1/nodeclaims"


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with api_server() as server:
        yield server


@pytest.fixture
def connection(api: ApiServer, tmp_path: Path) -> Iterator[Connection]:
    connection = kube_api.connect(api.kubeconfig(tmp_path), None)
    yield connection
    connection.close()


def item(name: str, labels: dict[str, str] | None = None, **spec: object) -> Item:
    return {"metadata": {"name": name, "uid": name, "labels": labels or {}}, "spec": spec}


def look(connection: Connection) -> list[proof.Listing]:
    return list(kube_api.ClusterListing(connection).look(NAME))


def found(connection: Connection) -> list[tuple[str, str]]:
    return [
        (remnant.kind, remnant.name) for listing in look(connection) for remnant in listing.remnants
    ]


MINE = {naming.LABEL_ENVIRONMENT: NAME}
OF_POOL = {kube_api.LABEL_NODE_POOL: NAME}


def test_an_empty_cluster_has_nothing_and_says_what_was_listed(connection: Connection) -> None:
    assert look(connection) == [
        proof.Listing("namespaces"),
        proof.Listing("NodePools"),
        proof.Listing("NodeClaims"),
        proof.Listing("nodes"),
        proof.Listing("volumes"),
    ]


@pytest.mark.parametrize(
    ("path", "one", "kind"),
    [
        pytest.param(NAMESPACES, item(NAME), "Namespace", id="namespace by name"),
        pytest.param(NAMESPACES, item("odd", MINE), "Namespace", id="namespace by label"),
        pytest.param(POOLS, item(NAME), "NodePool", id="pool by name"),
        pytest.param(POOLS, item("odd", MINE), "NodePool", id="pool by label"),
        pytest.param(CLAIMS, item("c1", MINE), "NodeClaim", id="claim by our label"),
        pytest.param(CLAIMS, item("c1", OF_POOL), "NodeClaim", id="claim by its pool"),
        pytest.param(NODES, item("n1", MINE | OF_POOL), "Node", id="node by both labels"),
        pytest.param(NODES, item("n1", OF_POOL), "Node", id="node by its pool"),
        pytest.param(
            VOLUMES, item("v1", claimRef={"namespace": NAME}), "PersistentVolume", id="volume"
        ),
    ],
)
def test_whatever_carries_the_name_is_found_once(
    api: ApiServer, connection: Connection, path: str, one: Item, kind: str
) -> None:
    api.put(path, one)
    for other in (NAMESPACES, POOLS, CLAIMS, NODES):
        api.put(other, item("pr-8", {naming.LABEL_ENVIRONMENT: "pr-8"}))
    api.put(VOLUMES, item("v8", claimRef={"namespace": "pr-8"}))
    assert found(connection) == [(kind, one["metadata"]["name"])]


def test_long_lists_are_read_to_their_end(
    api: ApiServer, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kube_api, "PAGE", 2)
    names = [f"n{number}" for number in range(5)]
    for name in names:
        api.put(NODES, item(name, MINE))
    assert found(connection) == [("Node", name) for name in names]


def test_what_is_not_installed_can_not_be_there(api: ApiServer, connection: Connection) -> None:
    api.missing |= {POOLS, CLAIMS}
    assert [listing.what for listing in look(connection)] == [
        "namespaces",
        "NodePools (not installed)",
        "NodeClaims (not installed)",
        "nodes",
        "volumes",
    ]


@pytest.mark.parametrize("part", ["namespaces", "nodepools", "nodeclaims", "nodes", "volumes"])
@pytest.mark.parametrize("status", [0, 403, 500, 503])
def test_a_listing_that_fails_proves_nothing(
    api: ApiServer, connection: Connection, part: str, status: int
) -> None:
    api.statuses[part] = status
    with pytest.raises(errors.UnreachableError, match="API server"):
        look(connection)


def test_nodes_are_always_installed(api: ApiServer, connection: Connection) -> None:
    api.missing.add(NODES)
    with pytest.raises(errors.UnreachableError, match="404"):
        look(connection)


def test_a_kubeconfig_that_can_not_be_used_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(errors.UnreachableError, match="can't be used"):
        kube_api.connect(str(tmp_path / "missing"), None)


def test_the_watch_follows_to_the_end(api: ApiServer, connection: Connection) -> None:
    api.put(f"/apis/apps/v1/namespaces/{NAME}/deployments", deployment())
    api.put(f"/apis/apps/v1/namespaces/{NAME}/replicasets", replica_set())
    api.put(f"/api/v1/namespaces/{NAME}/pods", ready_pod())
    (progress,) = kube_api.ClusterWatch(connection).follow(NAME, SHA, lambda: False)
    assert progress.services[0].pods == (model.PodProgress("web", "web-1-a", True, "Running"),)


def test_a_watch_that_is_refused_is_unreachable(api: ApiServer, connection: Connection) -> None:
    api.statuses["/pods"] = 403
    with pytest.raises(errors.UnreachableError, match="403"):
        list(kube_api.ClusterWatch(connection).follow(NAME, SHA, lambda: False))


# -- registries' logins ---------------------------------------------------------------------------


SECRET = "/api/v1/namespaces/understudy/secrets/registry"
LOGINS = {"auths": {"registry.example.com": {"username": "ada", "password": "swordfish"}}}


def secret(content: object) -> dict[str, object]:
    encoded = base64.b64encode(json.dumps(content).encode()).decode()
    return {"metadata": {"name": "registry"}, "data": {kube_api.DOCKER_CONFIG: encoded}}


def test_logins_are_read_from_a_secret(api: ApiServer, connection: Connection) -> None:
    api.objects[SECRET] = secret(LOGINS)
    login = kube_api.pull_secret(connection, "understudy/registry").of(
        "registry.example.com", "acme/web"
    )
    assert login is not None
    assert (login.user, login.password) == ("ada", "swordfish")


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"data": None},
        {"data": {"password": "c3dvcmRmaXNo"}},
        {"data": {kube_api.DOCKER_CONFIG: "swordfish!"}},
        secret({"auth": "swordfish"}),
    ],
)
def test_a_secret_of_another_kind_is_explained_and_not_shown(
    api: ApiServer, connection: Connection, content: dict[str, object]
) -> None:
    api.objects[SECRET] = {"metadata": {"name": "registry"}, **content}
    with pytest.raises(errors.UnreachableError, match="holds no registries' logins") as caught:
        kube_api.pull_secret(connection, "understudy/registry")
    assert "swordfish" not in caught.value.message
    assert caught.value.__cause__ is None


def test_a_secret_that_is_missing_or_hidden_is_named(
    api: ApiServer, connection: Connection
) -> None:
    with pytest.raises(errors.UnreachableError, match=r"Secret understudy/registry .*make it"):
        kube_api.pull_secret(connection, "understudy/registry")
    api.statuses[SECRET] = 403
    with pytest.raises(errors.UnreachableError, match="let the bot `get` it"):
        kube_api.pull_secret(connection, "understudy/registry")
