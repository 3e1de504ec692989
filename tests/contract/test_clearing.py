"""Stuck deletes on a real API server, with the real controllers that end deletions."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import yaml

from bot import clock, kube_api, model
from bot.clearing import Bounds, ClusterClearer
from infra import naming, ownership
from infra.identity import EnvironmentKey
from infra.readiness.connection import Connection
from tests.contract.world.plugins.control_plane import ControlPlane, control_plane
from tests.world.tools import crds

pytestmark = [pytest.mark.world, pytest.mark.timeout(240)]

SPACES = "/api/v1/namespaces"
POOLS = "/apis/karpenter.sh/v1/nodepools"
CLAIMS = "/apis/karpenter.sh/v1/nodeclaims"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PATIENCE = 60.0
SHORT = Bounds(finalizer_seconds=2.0)


def labels(name: str) -> dict[str, str]:
    return naming.labels(name, EnvironmentKey("acme/shop", 7))


def until(reached: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := reached()):
        assert time.monotonic() < deadline, what
        time.sleep(0.2)
    return found


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with control_plane(tmp_path_factory.mktemp("clearing"), deleting=True) as running:
        yield running


@pytest.fixture(scope="module")
def connection(
    cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Connection]:
    kubeconfig = tmp_path_factory.mktemp("kubeconfig") / "kubeconfig"
    kubeconfig.write_text(cluster.kubeconfig)
    connection = kube_api.connect(str(kubeconfig), None)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def clearer(connection: Connection) -> ClusterClearer:
    return ClusterClearer(connection, clock.SystemClock(), SHORT)


@pytest.fixture(scope="module")
def karpenter(cluster: ControlPlane) -> None:
    """Karpenter's kinds, without Karpenter."""
    for file in crds("karpenter").glob("*.yaml"):
        for document in filter(None, yaml.safe_load_all(file.read_text())):
            create(cluster, DEFINITIONS, document)
    until(lambda: cluster.call("GET", POOLS)[0] == 200, "NodePools are never served")
    until(lambda: cluster.call("GET", CLAIMS)[0] == 200, "NodeClaims are never served")


def create(cluster: ControlPlane, path: str, item: dict[str, Any]) -> dict[str, Any]:
    status, answer = cluster.call("POST", path, item)
    assert status == 201, answer
    return answer


def space(cluster: ControlPlane, name: str, given: dict[str, str]) -> None:
    create(cluster, SPACES, {"metadata": {"name": name, "labels": given}})


def config(cluster: ControlPlane, name: str, *finalizers: str) -> str:
    """A ConfigMap in the namespace; its path."""
    path = f"{SPACES}/{name}/configmaps"
    create(cluster, path, {"metadata": {"name": "settings", "finalizers": list(finalizers)}})
    return f"{path}/settings"


def about(obstacles: Sequence[model.Obstacle], words: str) -> list[model.Obstacle]:
    return [one for one in obstacles if words in one.why]


def test_a_foreign_finalizer_is_explained_and_after_its_time_taken_away(
    cluster: ControlPlane, clearer: ClusterClearer
) -> None:
    name = "pr-1-shop-abcdef"
    space(cluster, name, labels(name))
    path = config(cluster, name, "example.com/keep")

    # The state forgot the namespace, so nobody deletes it.
    (forgotten,) = clearer.clear(name, 0)
    assert forgotten.done == f"deleted namespace {name}"

    held = "ConfigMap settings is held by finalizer example.com/keep"
    found: list[model.Obstacle] = until(
        lambda: about(clearer.clear(name, 1), held), "the finalizer is never named"
    )
    assert found[0].remnant == model.Remnant("Namespace", name)
    until(
        lambda: (
            [one for one in about(clearer.clear(name, 2), held) if one.done]
            or cluster.get(path) is None
        ),
        "the finalizer is never taken away",
    )
    until(lambda: cluster.get(path) is None, "the ConfigMap stays")
    until(lambda: cluster.get(f"{SPACES}/{name}") is None, "the namespace stays")
    assert clearer.clear(name, 3) == []


def test_a_namespace_of_the_same_name_without_our_labels_is_never_deleted(
    cluster: ControlPlane, clearer: ClusterClearer
) -> None:
    name = "pr-2-shop-abcdef"
    space(cluster, name, {naming.LABEL_ENVIRONMENT: name})
    path = config(cluster, name, "example.com/keep")
    (told,) = clearer.clear(name, 9999)
    assert "somebody else made it" in told.why
    assert told.done == ""

    # Not even where its owner deletes it, and it does not go.
    cluster.call("DELETE", f"{SPACES}/{name}")
    until(
        lambda: "deletionTimestamp" in (cluster.get(path) or {"metadata": {}})["metadata"],
        "the controller never deletes the ConfigMap",
    )
    time.sleep(SHORT.finalizer_seconds)
    assert [one.done for one in clearer.clear(name, 9999)] == [""]
    assert cluster.get(path) is not None
    cluster.patch(path, {"metadata": {"finalizers": []}})


def test_an_object_that_was_changed_since_it_was_read_keeps_its_finalizers(
    cluster: ControlPlane, connection: Connection
) -> None:
    name = "pr-3-shop-abcdef"
    space(cluster, name, labels(name))
    path = config(cluster, name, "example.com/keep")
    overtaken = Overtaken(connection, lambda: cluster.patch(path, {"data": {"a": "b"}}))
    clearer = ClusterClearer(overtaken, clock.SystemClock(), SHORT)  # type: ignore[arg-type]
    clearer.clear(name, 0)
    until(lambda: clearer.clear(name, 1) and overtaken.times, "nothing is ever patched")
    kept = cluster.get(path)
    assert kept is not None
    assert kept["metadata"]["finalizers"] == ["example.com/keep"]
    until(lambda: not about(clearer.clear(name, 2), "ConfigMap"), "the ConfigMap stays")


class Overtaken:
    """A connection before whose first patch somebody else writes."""

    def __init__(self, connection: Connection, write: Callable[[], object]) -> None:
        self._connection = connection
        self._write = write
        self.times = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def patch(self, path: str, operations: list[dict[str, Any]], manager: str) -> None:
        assert manager == ownership.CLEARING
        self.times += 1
        if self.times == 1:
            self._write()
        self._connection.patch(path, operations, manager)


def test_a_planted_pool_is_deleted_and_its_claim_after_it(
    cluster: ControlPlane, karpenter: None, clearer: ClusterClearer
) -> None:
    name = "pr-4-shop-abcdef"
    reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"}
    spec = {"nodeClassRef": reference, "requirements": []}
    kind = {"apiVersion": "karpenter.sh/v1"}
    pool = {"template": {"spec": spec}}
    create(
        cluster,
        POOLS,
        {**kind, "kind": "NodePool", "metadata": {"name": name, "labels": labels(name)}}
        | {"spec": pool},
    )
    create(
        cluster,
        POOLS,
        {**kind, "kind": "NodePool", "metadata": {"name": "shared"}, "spec": pool},
    )
    grown = {naming.LABEL_ENVIRONMENT: name, kube_api.LABEL_NODE_POOL: name}
    create(
        cluster,
        CLAIMS,
        {**kind, "kind": "NodeClaim", "metadata": {"name": f"{name}-x", "labels": grown}}
        | {"spec": spec},
    )
    told = clearer.clear(name, 60)
    assert [(one.remnant.kind, one.done) for one in told] == [
        ("NodePool", f"deleted NodePool {name}"),
        ("NodeClaim", f"deleted NodeClaim {name}-x"),
    ]
    until(lambda: clearer.clear(name, 61) == [], "something of the pool stays")
    assert cluster.get(f"{POOLS}/shared") is not None
