"""The main job on somebody's cluster, without Karpenter and operator; it is left as it was."""

from __future__ import annotations

import pytest

from bot import model
from tests.world import production
from tests.world.cluster import NODE, Cluster
from tests.world.cluster.api import CORE
from tests.world.cluster.choice import CLUSTER, INGRESS, LOAD, choose
from tests.world.tools import ToolError
from tests.world.walk import REPOSITORY, STAGE_FILE, Walk
from tests.world.world import World

pytestmark = [pytest.mark.world, pytest.mark.slow, pytest.mark.timeout(600)]


def _world(somebodys: Cluster) -> World:
    port = somebodys.forward({"ingress": somebodys.ingress.address})["ingress"]
    socket = somebodys.nodes[NODE].socket
    choice = choose(
        {
            CLUSTER: "kubeconfig",
            "KUBECONFIG": str(somebodys.kubeconfig),
            INGRESS: f"127.0.0.1:{port}",
            LOAD: f"ctr --address {socket} --namespace k8s.io images import {{}}",
        }
    )
    return World(cluster=choice.make())


def _walk(world: World) -> None:
    world.start_bot()
    world.github.create_repository(REPOSITORY, {".stage.yaml": STAGE_FILE})
    walk = Walk(world)
    try:
        walk.open()
        walk.until_serving()
        walk.until("the edge route", lambda: walk.edge_page(walk.edge_headers()) == walk.commit)
        assert walk.edge_page({}) == production.COMMIT
        items = world.through_edge("/api/items", walk.edge_headers()).json()
        assert items["web"] == items["api"]["commit"] == walk.commit
        assert walk.name in world.cluster.api.names(f"{CORE}/namespaces")
        walk.close()
        walk.until_phase(model.Phase.ABSENT, 180)
        walk.until("the last word", lambda: "Proved" in walk.comment())
        assert "NodePools (not installed)" in walk.comment().replace("\\", "")
        assert walk.name not in world.cluster.api.names(f"{CORE}/namespaces")
        # What a broken-off demo leaves open is taken away as well.
        walk.open()
        walk.until_serving()
    finally:
        walk.close_store()


def test_a_given_cluster_serves_and_is_left_as_it_was() -> None:
    with Cluster() as somebodys:
        namespaces = f"{CORE}/namespaces"
        before = somebodys.api.names(namespaces)
        with _world(somebodys) as world:
            _walk(world)
            assert production.NAMESPACE in somebodys.api.names(namespaces)
            with pytest.raises(ToolError, match="already"), _world(somebodys):
                pass
            # The second one has not taken away what is the first one's.
            assert production.NAMESPACE in somebodys.api.names(namespaces)
        assert somebodys.api.names(namespaces) == before
