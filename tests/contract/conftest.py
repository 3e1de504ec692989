"""The databases that a store's contract holds on."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import clock, ports
from bot.store import SqlStore
from tests.world.postgres import Postgres


@pytest.fixture
def time() -> clock.ManualClock:
    return clock.ManualClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of the test's own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    name = f"store_{uuid.uuid4().hex}"
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def open_store(database_url: str, time: clock.ManualClock) -> Iterator[Callable[[], ports.Store]]:
    """Opens a store on the same database each time; everything is closed at the end."""
    opened: list[SqlStore] = []

    def open_again() -> ports.Store:
        opened.append(SqlStore(database_url, time))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()
