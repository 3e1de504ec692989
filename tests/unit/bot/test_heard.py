from __future__ import annotations

import pytest

from bot import errors, testing
from bot.heard import Heard


@pytest.fixture
def store() -> testing.MemoryStore:
    return testing.MemoryStore(testing.SimulatedClock())


def test_a_webhook_that_came_is_known_also_to_other_replicas(store: testing.MemoryStore) -> None:
    first, second = (Heard(store, testing.SimulatedClock()) for _ in range(2))
    assert not first.knows("7")
    first.note("7")
    assert first.knows("7")
    assert second.knows("7")
    assert not second.knows("8")


def test_what_can_not_be_kept_fails_nothing_and_is_kept_later(store: testing.MemoryStore) -> None:
    heard = Heard(store, testing.SimulatedClock())
    store.fault = errors.UnreachableError("the database does not answer")
    heard.note("7")
    store.fault = None
    assert not heard.knows("7")
    heard.note("7")
    assert heard.knows("7")


def test_what_is_known_is_not_written_again(store: testing.MemoryStore) -> None:
    heard = Heard(store, testing.SimulatedClock())
    heard.note("7")
    store.fault = errors.UnreachableError("the database does not answer")
    heard.note("7")
    assert heard.knows("7")
