"""A node that Karpenter can't drain is explained, and goes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import clock, kube_api
from bot.clearing import ClusterClearer
from bot.clearing.nodes import ENDS_AT
from infra import naming
from infra.contract import StageFile
from infra.identity import EnvironmentKey
from infra.karpenter import node_pool
from infra.readiness.connection import Connection
from tests.world.cluster.api import CORE, KARPENTER
from tests.world.cluster.waiting import until
from tests.world.images import BUSYBOX
from tests.world.karpenter.controller import NODE_CLASS
from tests.world.world import World

pytestmark = [pytest.mark.world, pytest.mark.slow]

KEY = EnvironmentKey("acme/clearing", 7)
NAME = naming.environment_name(KEY)
LABELS = naming.labels(NAME, KEY)
STAGE = StageFile.parse("services: {web: {image: 'registry.test/web:{sha}', port: 8080}}")
PODS = f"{CORE}/namespaces/{NAME}/pods"
POOL = f"{KARPENTER}/nodepools/{NAME}"
PATIENCE = 90.0


@pytest.fixture
def connection(world: World) -> Iterator[Connection]:
    connection = kube_api.connect(str(world.cluster.kubeconfig), None)
    yield connection
    connection.close()


def plant(world: World) -> None:
    """A namespace, a pool, and a pod on a node of it that is not to be disrupted."""
    api = world.cluster.api
    api.create(f"{CORE}/namespaces", {"metadata": {"name": NAME, "labels": LABELS}})
    args = node_pool.NodePoolArgs(NAME, LABELS, {}, STAGE, NODE_CLASS)
    pool = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool"}
    spec = node_pool.specification(args)
    metadata = {"name": NAME, "labels": LABELS}
    api.create(f"{KARPENTER}/nodepools", {**pool, "metadata": metadata, "spec": spec})
    until(
        "the namespace's account",
        lambda: api.find(f"{CORE}/namespaces/{NAME}/serviceaccounts/default") is not None,
        30,
    )
    protected = {"name": "web", "annotations": {"karpenter.sh/do-not-disrupt": "true"}}
    container = {"name": "web", "image": BUSYBOX, "command": ["sleep", "3600"]}
    pod = {
        "nodeSelector": node_pool.node_selector(NAME),
        "tolerations": [node_pool.toleration(NAME)],
        "containers": [container],
        "terminationGracePeriodSeconds": 1,
    }
    api.create(PODS, {"metadata": protected, "spec": pod})
    until(
        "the pod on its own node",
        lambda: api.get(f"{PODS}/web")["status"]["phase"] == "Running",
        PATIENCE,
    )


@pytest.mark.timeout(300)
def test_a_pod_that_is_not_to_be_disrupted_is_named_and_taken_away(
    world: World, connection: Connection
) -> None:
    plant(world)
    api = world.cluster.api
    clearer = ClusterClearer(connection, clock.SystemClock())
    api.delete(POOL)

    def draining() -> bool:
        claims = api.items(f"{KARPENTER}/nodeclaims", labelSelector=f"karpenter.sh/nodepool={NAME}")
        noted = [ENDS_AT in one["metadata"].get("annotations", {}) for one in claims]
        return bool(noted) and all(noted)

    until("Karpenter to note when the claim ends at the latest", draining, 30)
    blocked = [one for one in clearer.clear(NAME, 0) if "karpenter.sh/do-not-disrupt" in one.why]
    assert [one.remnant.kind for one in blocked] == ["NodeClaim"]
    assert f"Pod {NAME}/web" in blocked[0].why
    assert "at the latest" in blocked[0].why
    assert blocked[0].done == f"deleted Pod {NAME}/web"

    told: list[str] = []

    def gone() -> bool:
        told.extend(one.why for one in clearer.clear(NAME, 1))
        left = [
            remnant
            for listing in kube_api.ClusterListing(connection).look(NAME)
            for remnant in listing.remnants
        ]
        return not left

    until("everything to go", gone, PATIENCE, 0.5, lambda: f": {told[-5:]}")
    assert clearer.clear(NAME, 2) == []
