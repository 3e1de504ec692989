from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.bot.engine import cluster as clusters
from tests.unit.bot.engine.stand import Stand as EngineStand
from tests.unit.bot.reconcile.stand import A, Stand


@pytest.fixture
def both() -> Stand:
    """The loop on fakes, both lanes; nothing has happened yet."""
    return Stand(with_edge=True)


@pytest.fixture
def up(both: Stand) -> Stand:
    """The same, with an environment that serves through CloudFront."""
    both.open(A)
    both.rest()
    return both


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineStand]:
    """The real engine with the real Pulumi."""
    with clusters.cluster() as made:
        yield EngineStand.of(tmp_path, made)
