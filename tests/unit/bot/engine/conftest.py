from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.bot.engine import cluster as clusters
from tests.unit.bot.engine.stand import Stand


@pytest.fixture
def cluster() -> Iterator[clusters.Cluster]:
    with clusters.cluster() as made:
        yield made


@pytest.fixture
def stand(tmp_path: Path, cluster: clusters.Cluster) -> Stand:
    return Stand.of(tmp_path, cluster)
