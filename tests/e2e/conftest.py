"""Each test walks pull requests of a repository of its own, in the session's world."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

import pytest

from tests.world.walk import STAGE_FILE, Walk
from tests.world.world import World


@pytest.fixture
def walk(world: World, request: pytest.FixtureRequest) -> Iterator[Walk]:
    """A walk in a fresh repository; what it opened is closed, and gone, after the test."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
    repository = f"acme/{name[:30]}-{secrets.token_hex(3)}"
    world.github.create_repository(repository, {".stage.yaml": STAGE_FILE})
    made = Walk(world, repository)
    try:
        yield made
        made.leave()
    finally:
        made.close_store()
