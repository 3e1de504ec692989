"""The main job on somebody's cluster, without Karpenter and operator; it is left as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import model
from infra import naming
from infra.identity import EnvironmentKey
from tests.world import production
from tests.world.cluster import NODE, Cluster
from tests.world.cluster.api import CORE
from tests.world.cluster.choice import CLUSTER, INGRESS, LOAD, choose
from tests.world.cluster.waiting import until
from tests.world.tools import ToolError
from tests.world.walk import REPOSITORY, STAGE_FILE, Walk
from tests.world.world import World

pytestmark = [pytest.mark.world, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def somebodys() -> Iterator[Cluster]:
    """A cluster that knows nothing of worlds."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def asked(somebodys: Cluster) -> Iterator[dict[str, str]]:
    """What somebody sets; the cluster has the same namespaces at the end as at the start."""
    port = somebodys.forward({"ingress": somebodys.ingress.address})["ingress"]
    socket = somebodys.nodes[NODE].socket
    before = _namespaces(somebodys)
    yield {
        CLUSTER: "kubeconfig",
        "KUBECONFIG": str(somebodys.kubeconfig),
        INGRESS: f"127.0.0.1:{port}",
        LOAD: f"ctr --address {socket} --namespace k8s.io images import {{}}",
    }
    assert _namespaces(somebodys) == before


def _namespaces(cluster: Cluster) -> set[str]:
    return cluster.api.names(f"{CORE}/namespaces")


def test_the_walk_and_what_is_left_open(somebodys: Cluster, asked: dict[str, str]) -> None:
    with World(cluster=choose(asked).make()) as world:
        world.start_bot()
        world.github.create_repository(REPOSITORY, {".stage.yaml": STAGE_FILE})
        walk = Walk(world)
        try:
            _walk(walk, somebodys)
            # What is open at the end is taken away as well.
            walk.open()
            walk.until_serving()
        finally:
            walk.close_store()
        # A second one is refused, and does not take away what is the first one's.
        with pytest.raises(ToolError, match="already"), World(cluster=choose(asked).make()):
            pass
        assert {walk.name, production.NAMESPACE} <= _namespaces(somebodys)


def _walk(walk: Walk, somebodys: Cluster) -> None:
    walk.open()
    walk.until_serving()
    walk.until("the edge route", lambda: walk.edge_page(walk.edge_headers()) == walk.commit)
    assert walk.edge_page({}) == production.COMMIT
    items = walk.world.through_edge("/api/items", walk.edge_headers()).json()
    assert items["web"] == items["api"]["commit"] == walk.commit
    assert walk.name in _namespaces(somebodys)
    walk.close()
    walk.until_phase(model.Phase.ABSENT, 180)
    walk.until("the last word", lambda: "Proved" in walk.comment())
    assert "NodePools (not installed)" in walk.comment().replace("\\", "")
    assert walk.name not in _namespaces(somebodys)


def test_ctrl_c_in_the_demo_leaves_nothing(somebodys: Cluster, asked: dict[str, str]) -> None:
    name = naming.environment_name(EnvironmentKey(REPOSITORY, 1))
    demo = subprocess.Popen(
        [sys.executable, "-m", "tests.world.demo"],
        cwd=ROOT,
        env={**os.environ, **asked},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with demo:
        try:
            until("the demo's environment", lambda: name in _namespaces(somebodys), 120, 0.2)
            demo.send_signal(signal.SIGINT)
            told, _ = demo.communicate(timeout=120)
        finally:
            demo.kill()
    assert demo.returncode == 130, told
    assert "left out there: Karpenter" in told
    assert "Traceback" not in told
