"""The databases that a store's contract holds on."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import clock, ports
from bot.store import SqlStore
from bot.testing import MemoryStore
from tests.world.postgres import Postgres

Open = Callable[[], ports.Store]
DATABASES = ("sqlite", "postgresql")


@pytest.fixture
def time() -> clock.ManualClock:
    return clock.ManualClock()


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of the test's own."""
    with _database(request, tmp_path) as url:
        yield url


@pytest.fixture
def open_store(database_url: str, time: clock.ManualClock) -> Iterator[Open]:
    """Opens a store on the same database each time; everything is closed at the end."""
    with _opening(database_url, time) as opener:
        yield opener


@pytest.fixture(params=["memory", *DATABASES])
def open_any(
    request: pytest.FixtureRequest, tmp_path: Path, time: clock.ManualClock
) -> Iterator[Open]:
    """The same for every store that there is, also the one in memory."""
    if request.param == "memory":
        store = MemoryStore(time)
        yield lambda: store
        return
    with _database(request, tmp_path) as url, _opening(url, time) as opener:
        yield opener


@contextlib.contextmanager
def _database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{folder / 'store.db'}"
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    name = f"store_{uuid.uuid4().hex}"
    yield postgres.url(name)
    postgres.drop(name)


@contextlib.contextmanager
def _opening(url: str, time: clock.ManualClock) -> Iterator[Open]:
    opened: list[SqlStore] = []

    def open_again() -> ports.Store:
        opened.append(SqlStore(url, time))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()
