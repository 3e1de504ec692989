"""What several replicas promise one another on one database, also while its server restarts."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import errors, model, ports
from tests.world.postgres import Postgres

KEY = model.EnvironmentKey("acme/shop", 7)
OTHER = model.EnvironmentKey("acme/shop", 8)
LEASE = 60.0
CLUSTER = (model.Lane.CLUSTER,)
LONG = 30.0
"""Seconds after which a test that waits has failed."""
ROOT = Path(__file__).resolve().parents[2]

Open = Callable[[], ports.Store]

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
stopped_or_crashed = pytest.mark.parametrize("crash", [False, True], ids=["stopped", "crashed"])


@dataclass
class Slow:
    """A worker whose transactions wait before they are committed."""

    pool: ThreadPoolExecutor
    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def wait(self, _connection: sa.Connection) -> None:
        if threading.current_thread().name.startswith("slow"):
            self.reached.set()
            assert self.go_on.wait(LONG)


@pytest.fixture
def slow() -> Iterator[Slow]:
    with ThreadPoolExecutor(1, thread_name_prefix="slow") as pool:
        worker = Slow(pool)
        sa.event.listen(sa.Engine, "commit", worker.wait)
        yield worker
        worker.go_on.set()
        sa.event.remove(sa.Engine, "commit", worker.wait)


# -- sharing the work -----------------------------------------------------------------------------


def test_replicas_share_the_work_and_never_hold_one_environment_twice(open_store: Open) -> None:
    replicas = [open_store(), open_store()]
    keys = [model.EnvironmentKey("acme/shop", number) for number in range(1, 13)]
    for key in keys:
        replicas[0].hint(key)
    guard = threading.Lock()
    held: set[model.EnvironmentKey] = set()
    passes: list[tuple[model.EnvironmentKey, int]] = []
    twice: list[model.EnvironmentKey] = []

    def work(index: int) -> None:
        store = replicas[index % 2]
        while (found := store.take(f"worker-{index}", LEASE, CLUSTER)) is not None:
            row, lease = found
            with guard:
                if row.key in held:
                    twice.append(row.key)
                held.add(row.key)
                passes.append((row.key, lease.token))
            if row.wanted < 3:
                store.hint(row.key)
            with guard:
                held.discard(row.key)
            store.release(lease, row.wanted, None)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert twice == []
    assert Counter(key for key, _ in passes) == dict.fromkeys(keys, 3)
    assert len(set(passes)) == len(passes), "a token is given out once"


@on_postgresql
def test_a_replica_does_not_wait_for_what_another_is_just_taking(
    open_store: Open, slow: Slow
) -> None:
    first, second = open_store(), open_store()
    first.hint(KEY)
    first.hint(OTHER)
    taking = slow.pool.submit(first.take, "first", LEASE, CLUSTER)
    assert slow.reached.wait(LONG)
    with ThreadPoolExecutor(1) as pool:
        try:
            found = pool.submit(second.take, "second", LEASE, CLUSTER).result(LONG / 3)
            none_left = pool.submit(second.take, "second", LEASE, CLUSTER).result(LONG / 3)
        finally:
            slow.go_on.set()
    assert found is not None
    assert found[0].key == OTHER
    assert none_left is None
    taken = taking.result(LONG)
    assert taken is not None
    assert taken[0].key == KEY


OPENING = """
import sys
from bot import clock, model
from bot.store import SqlStore

print("here", flush=True)
sys.stdin.readline()
store = SqlStore(sys.argv[1], clock.SystemClock())
store.hint(model.EnvironmentKey("acme/shop", 7))
store.close()
"""


def test_replicas_that_start_at_once_make_the_tables_once(
    database_url: str, open_store: Open
) -> None:
    words = [sys.executable, "-W", "error", "-c", OPENING, database_url]
    count = 2
    with contextlib.ExitStack() as stack:
        replicas = [
            stack.enter_context(
                subprocess.Popen(
                    words,
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(count)
        ]
        for replica in replicas:
            assert replica.stdout is not None
            assert replica.stdout.readline() == "here\n"
        for replica in replicas:
            assert replica.stdin is not None
            replica.stdin.write("go\n")
            replica.stdin.flush()
        ended = [(replica.communicate(timeout=60)[1], replica.returncode) for replica in replicas]
    assert ended == [("", 0)] * count
    row, _ = open_store().rows()
    assert row.wanted == count


# -- a server that goes away and comes back -------------------------------------------------------


def verbs(store: ports.Store, lease: ports.Lease) -> dict[str, Callable[[], object]]:
    return {
        "record_delivery": lambda: store.record_delivery(
            ports.Delivered("guid", "ping", ""), [KEY]
        ),
        "hint": lambda: store.hint(KEY),
        "take": lambda: store.take("worker", LEASE, CLUSTER),
        "renew": lambda: store.renew(lease, LEASE),
        "save": lambda: store.save(lease, reason="never stored"),
        "remember": lambda: store.remember(KEY, comment_id=1),
        "release": lambda: store.release(lease, 1, None),
        "row": lambda: store.row(KEY),
        "rows": store.rows,
        "note": lambda: store.note(KEY, "never stored"),
        "timeline": lambda: store.timeline(KEY),
    }


@on_postgresql
@stopped_or_crashed
def test_a_store_works_again_when_its_server_is_back(
    open_store: Open, postgres: Postgres, crash: bool
) -> None:
    store = open_store()
    store.hint(KEY)
    found = store.take("worker", LEASE, CLUSTER)
    assert found is not None
    before, lease = found
    postgres.stop(crash=crash)
    try:
        for name, verb in verbs(store, lease).items():
            with pytest.raises(errors.UnreachableError, match="does not answer"):
                verb()
                pytest.fail(f"{name} answered")
        assert not store.healthy()
    finally:
        postgres.start()
    assert store.healthy()
    assert store.row(KEY) == before, "nothing is lost and nothing was stored meanwhile"
    assert store.timeline(KEY) == []
    for verb in verbs(store, lease).values():
        verb()


@on_postgresql
@stopped_or_crashed
def test_a_restart_between_two_calls_is_not_noticed(
    open_store: Open, postgres: Postgres, crash: bool
) -> None:
    replicas = [open_store(), open_store()]
    for store in replicas:
        store.hint(KEY)
    postgres.restart(crash=crash)
    for store in replicas:
        store.hint(KEY)
    row, _ = replicas[0].rows()
    assert row.wanted == 4


@on_postgresql
@stopped_or_crashed
def test_what_the_servers_end_interrupts_is_not_stored_in_part(
    open_store: Open, postgres: Postgres, slow: Slow, crash: bool
) -> None:
    store = open_store()
    store.hint(OTHER)
    before = store.rows()
    recording = slow.pool.submit(
        store.record_delivery, ports.Delivered("guid", "pull_request", "opened"), [KEY]
    )
    assert slow.reached.wait(LONG)
    postgres.restart(crash=crash)
    slow.go_on.set()
    with pytest.raises(errors.UnreachableError):
        recording.result(LONG)
    assert store.rows() == before
    assert (
        store.record_delivery(ports.Delivered("guid", "pull_request", "opened"), [KEY]) is True
    ), "sent once more"
