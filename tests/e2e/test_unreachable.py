"""Pulumi's state, Kubernetes or AWS does not answer: it is told, and nothing is made."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from bot import model
from infra import naming
from tests.world.cluster import Cluster, kubeconfig
from tests.world.cluster.api import CORE, KARPENTER
from tests.world.walk import STAGE_FILE, Walk
from tests.world.world import SECRET, World

pytestmark = [pytest.mark.world, pytest.mark.slow]

NOBODY = "127.0.0.1:9"
"""The discard port, where nothing listens in a world."""


@pytest.fixture(params=["Pulumi", "Kubernetes", "AWS"])
def broken(world: World, request: pytest.FixtureRequest) -> Iterator[Walk]:
    """A walk with a bot of its own that can't reach one service."""
    name = f"bot-without-{request.param.lower()}"
    platform = world.platform()
    settings: dict[str, Any] = {}
    if request.param == "Pulumi":
        settings["pulumi_backend_url"] = "file:///does/not/exist"
    elif request.param == "Kubernetes":
        assert isinstance(world.cluster, Cluster)
        plane = world.cluster.plane
        path = world.cluster.folder / "nobody.kubeconfig"
        kubeconfig.write(path, f"https://{NOBODY}", plane.authority.certificate, plane.admin)
        platform = platform.model_copy(update={"kubeconfig": str(path)})
    else:
        platform = platform.model_copy(update={"aws_endpoint": f"http://{NOBODY}"})
    world.start_bot(name, platform, label=name, **settings)
    repository = f"acme/{name}-{secrets.token_hex(3)}"
    world.github.create_repository(repository, {".stage.yaml": STAGE_FILE})
    world.github.add_hook(f"{world.bots[name]}/webhook", SECRET, repository)
    walk = Walk(world, repository, bot=name, label=name)
    try:
        yield walk
    finally:
        world.stop_bot(name)
        walk.close_store()


def test_it_is_told_and_nothing_is_made(broken: Walk) -> None:
    world = broken.world
    broken.open(publish=False)
    broken.until("a sentence in the comment", lambda: _told(broken), 120)
    assert broken.row() is not model.Phase.READY
    assert "Traceback" not in broken.comment()
    api = world.cluster.api
    assert broken.name not in api.names(f"{CORE}/namespaces")
    assert broken.name not in api.names(f"{KARPENTER}/nodepools")
    listed = world.aws("cloudfront").list_distributions()["DistributionList"].get("Items", [])
    assert [item for item in listed if item["Comment"] == naming.edge_comment(broken.name)] == []


def _told(walk: Walk) -> bool:
    """Whether the comment says what does not answer."""
    text = walk.comment().replace("\\", "").lower()
    words = ("can't be used", "can't be read", "refused", "not answer", "connect")
    return any(word in text for word in words)
