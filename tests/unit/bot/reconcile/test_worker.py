from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

import pytest
import structlog

from bot import errors, model, ports, reconcile
from bot.model import Phase
from bot.reconcile import deadlines, lease
from tests.unit.bot.reconcile.stand import KEY, A, Stand

OTHER = model.EnvironmentKey("acme/shop", 8)
SECONDS = 10.0
"""Only a broken test waits so long."""


class Passes:
    """A loop whose passes last until they are let go."""

    def __init__(self, store: ports.Store) -> None:
        self.store = store
        self.begun: list[model.EnvironmentKey] = []
        self.at_once = self.most_at_once = 0
        self.failures: list[Exception] = []
        self.changed = threading.Condition()
        self.go = threading.Event()

    def run(self, row: ports.Row, held: ports.Lease, stopping: Callable[[], bool]) -> None:
        with self.changed:
            self.begun.append(row.key)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.changed.notify_all()
        try:
            while not self.go.wait(0.01):
                if stopping():
                    break
            if self.failures:
                raise self.failures.pop()
        finally:
            with self.changed:
                self.at_once -= 1
        self.store.release(held, row.wanted, None)

    def until(self, begun: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.begun) >= begun, SECONDS)


@contextlib.contextmanager
def working(loop: object, store: ports.Store, count: int) -> Iterator[reconcile.Workers]:
    workers = reconcile.Workers(loop, store, count)  # type: ignore[arg-type]
    workers.start()
    try:
        yield workers
    finally:
        workers.stop()


@pytest.fixture
def passes(stand: Stand) -> Passes:
    return Passes(stand.store)


def test_a_hint_wakes_at_once(
    stand: Stand, passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "IDLE_SECONDS", 3600.0)
    passes.go.set()
    with working(passes, stand.store, 2) as workers:
        for count in (1, 2, 3):
            stand.store.hint(KEY)
            workers.wake()
            passes.until(count)


def test_what_becomes_due_is_found_without_a_hint(
    stand: Stand, passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "IDLE_SECONDS", 0.01)
    passes.go.set()
    with working(passes, stand.store, 1):
        stand.store.hint(KEY)
        passes.until(1)


def test_lanes_side_by_side_but_none_twice(stand: Stand, passes: Passes) -> None:
    for key in (KEY, OTHER):
        stand.store.hint(key)
    with working(passes, stand.store, 5) as workers:
        passes.until(4)
        stand.store.hint(KEY)
        workers.wake()
        passes.go.set()
        passes.until(6)
    assert passes.most_at_once == 4
    assert sorted(passes.begun) == [KEY] * 4 + [OTHER] * 2


def test_a_worker_keeps_itself_free_for_clusters(stand: Stand, passes: Passes) -> None:
    """However many edges are due, a push finds somebody."""
    for number in range(1, 6):
        key = model.EnvironmentKey("acme/shop", number)
        stand.store.hint(key)
        while taken := stand.store.take("test", 60.0, [model.Lane.CLUSTER]):
            stand.store.release(taken[1], taken[0].wanted, None)
    with working(passes, stand.store, 2):
        passes.until(1)
        stand.store.hint(OTHER)
        passes.until(2)
    assert passes.begun[1] == OTHER


def test_nothing_is_begun_without_memory(
    stand: Stand, passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "IDLE_SECONDS", 0.01)
    asked = threading.Semaphore(0)
    free = threading.Event()

    def room() -> bool:
        asked.release()
        return free.is_set()

    passes.go.set()
    stand.store.hint(KEY)
    workers = reconcile.Workers(passes, stand.store, 1, room)  # type: ignore[arg-type]
    workers.start()
    try:
        for _ in range(3):
            assert asked.acquire(timeout=SECONDS)
        assert not passes.begun
        free.set()
        passes.until(1)
    finally:
        workers.stop()


def test_a_worker_outlives_what_goes_wrong(stand: Stand, passes: Passes) -> None:
    passes.failures = [errors.UnreachableError("the database did not answer")]
    passes.go.set()
    stand.store.hint(KEY)
    with structlog.testing.capture_logs() as logs, working(passes, stand.store, 1) as workers:
        passes.until(1)
        stand.store.hint(OTHER)
        workers.wake()
        passes.until(2)
        assert workers.alive()
    assert "worker failed" in [line["event"] for line in logs]


def test_stopping_ends_passes_orderly_and_gives_leases_back(stand: Stand, passes: Passes) -> None:
    stand.store.hint(KEY)
    with working(passes, stand.store, 1) as workers:
        passes.until(1)
        workers.stop()
        assert not workers.alive()
    stand.store.hint(KEY)
    assert stand.store.take("another", 60) is not None


def test_workers_that_were_not_started_can_be_stopped(stand: Stand, passes: Passes) -> None:
    workers = reconcile.Workers(passes, stand.store, 2)  # type: ignore[arg-type]
    assert not workers.alive()
    workers.stop()


def test_stopping_interrupts_the_engine(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real loop: the engine's operation is cancelled, and the environment is left to others."""
    stand.engine.seconds = 1e9
    monkeypatch.setattr(deadlines, "READY_SECONDS", 1e12)
    stand.open(A)
    with working(stand.loop, stand.store, 1) as workers:
        while not stand.engine.operations:
            assert workers.alive()
        workers.stop()
    assert stand.engine.operations[0].cancelled
    assert (stand.row.phase, stand.row.seen) == (Phase.PROVISIONING, stand.row.wanted)
    assert stand.row.due_at is not None
    assert stand.store.take("another", 60) is not None


# -- the heartbeat --------------------------------------------------------------------------------


def test_the_heartbeat_goes_on_while_the_pass_waits(stand: Stand) -> None:
    stand.store.hint(KEY)
    taken = stand.store.take("test", 0.6)
    assert taken is not None
    renewed = threading.Event()
    renew = stand.store.renew

    def listen(held: ports.Lease, seconds: float) -> ports.Lease:
        renewed.set()
        return renew(held, seconds)

    stand.store.renew = listen  # type: ignore[method-assign,assignment]
    with lease.HeldLease(stand.store, taken[1], stand.clock, seconds=0.6) as held:
        stand.clock.advance(0.15)
        assert renewed.wait(SECONDS)
    assert held.lease.until > taken[1].until


def test_a_lease_is_lost_well_before_it_ends_when_the_store_is_away(stand: Stand) -> None:
    stand.store.hint(KEY)
    taken = stand.store.take("test", 60)
    assert taken is not None

    def away(*_: object) -> ports.Lease:
        raise errors.UnreachableError("the database did not answer")

    stand.store.renew = away  # type: ignore[method-assign,assignment]
    with (
        structlog.testing.capture_logs(),
        lease.HeldLease(stand.store, taken[1], stand.clock) as held,
    ):
        stand.clock.advance(29)
        assert not held.lost()
        stand.clock.advance(2)
        assert held.lost()
        assert held.known_lost()
        with pytest.raises(errors.LeaseLostError, match="acme/shop#7"):
            held.check()
    assert (taken[1].until - stand.clock.now()).total_seconds() > 25, "time to end the engine"


def test_a_lease_that_was_taken_over_is_lost_at_the_next_beat(stand: Stand) -> None:
    stand.store.hint(KEY)
    taken = stand.store.take("test", 60)
    assert taken is not None
    with lease.HeldLease(stand.store, taken[1], stand.clock) as held:
        stand.clock.advance(61)
        assert stand.store.take("another", 60) is not None
        assert held.lost()
