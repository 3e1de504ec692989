import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import autogenerate
from alembic.runtime import migration

from bot import clock, errors, model, ports
from bot.store import SqlStore, database, tables
from bot.store.store import DELIVERY_DAYS

VERSIONS = Path(database.__file__).parent / "migrations" / "versions"

KEY = model.EnvironmentKey("acme/shop", 7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "store.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


def test_migrations_make_the_tables_that_the_code_expects(url: str) -> None:
    opened = database.Database(url)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        context = migration.MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert autogenerate.compare_metadata(context, tables.Base.metadata) == []
    engine.dispose()
    opened.close()


def test_opening_again_changes_nothing(url: str, path: Path) -> None:
    for _ in range(2):
        store = SqlStore(url, clock.ManualClock())
        store.hint(KEY)
        store.close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT wanted FROM environments").fetchall() == [(2,)]
    newest = max(path.name[:4] for path in VERSIONS.glob("0*.py"))
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(newest,)]
    connection.close()


def test_stores_that_open_at_the_same_time_migrate_once(url: str) -> None:
    failures: list[Exception] = []

    def open_it() -> None:
        try:
            database.Database(url).close()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_database_of_a_newer_version_is_refused_and_left_alone(url: str, path: Path) -> None:
    database.Database(url).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(errors.UnderstudyError, match="another version of Understudy") as caught:
        database.Database(url)
    assert caught.value.reason == "unknown-database"
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]
    connection.close()


def test_only_its_owner_may_look_into_the_folder(url: str, path: Path) -> None:
    database.Database(url).close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("hunter2", "is no database address"),
        ("mysql://root:hunter2@host/x", "only sqlite and postgresql"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql+nodriver://u:hunter2@host/x", "is no database address"),
        ("sqlite:////dev/null/x/store.db", "can't be made"),
    ],
)
def test_an_unusable_address_is_refused_without_showing_it(url: str, sentence: str) -> None:
    with pytest.raises(errors.UnderstudyError, match=sentence) as caught:
        database.Database(url)
    assert "hunter2" not in caught.value.message
    assert "UNDERSTUDY_" in caught.value.message


def test_a_file_that_is_no_database_is_refused(url: str, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database, but text " * 100)
    with pytest.raises(errors.UnderstudyError, match="does not answer"):
        database.Database(url)


def test_a_reader_does_not_wait_for_a_writer(url: str) -> None:
    opened = database.Database(url)
    with opened.writing() as writer, opened.reading() as reader:
        writer.add(
            tables.Delivery(id="a", event="e", action="", received_at=clock.SystemClock().now())
        )
        writer.flush()
        assert reader.scalars(sa.select(tables.Delivery)).all() == []
    opened.close()


def test_a_writer_that_waits_too_long_for_another_process_says_so(
    url: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    store = SqlStore(url, clock.ManualClock())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(errors.UnreachableError, match="locked"):
        store.hint(KEY)
    other.execute("ROLLBACK")
    other.close()
    store.hint(KEY)
    assert len(store.rows()) == len(model.Lane)
    store.close()


def test_a_delivery_and_its_wish_are_stored_together_or_not_at_all(
    url: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqlStore(url, clock.ManualClock())

    def fail(*_: object) -> None:
        raise RuntimeError("in between")

    with monkeypatch.context() as patch:
        patch.setattr(store, "_raise_wanted", fail)
        with pytest.raises(RuntimeError):
            store.record_delivery(ports.Delivered("guid", "pull_request", "opened"), [KEY])
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM deliveries").fetchone() == (0,)
    connection.close()
    assert store.record_delivery(ports.Delivered("guid", "pull_request", "opened"), [KEY]) is True
    store.close()


def test_deliveries_are_forgotten_in_time(url: str) -> None:
    time = clock.ManualClock()
    store = SqlStore(url, time)
    store.record_delivery(ports.Delivered("old", "pull_request", "opened"), [KEY])
    time.advance(DELIVERY_DAYS * 86_400 + 1)
    store.record_delivery(ports.Delivered("new", "pull_request", "opened"), [KEY])
    store.prune()
    assert store.record_delivery(ports.Delivered("old", "pull_request", "opened"), [KEY]) is True
    assert store.record_delivery(ports.Delivered("new", "pull_request", "opened"), [KEY]) is False
    store.close()


def test_a_store_whose_tables_are_gone_is_not_healthy(url: str, path: Path) -> None:
    store = SqlStore(url, clock.ManualClock())
    assert store.healthy()
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE environments")
    connection.commit()
    connection.close()
    assert not store.healthy()
    store.close()


KILLED = """
import os, signal, sys
from bot import clock, model, ports
from bot.store import SqlStore, tables

store = SqlStore(sys.argv[1], clock.SystemClock())
key = model.EnvironmentKey("acme/shop", 7)
store.record_delivery(ports.Delivered("answered", "pull_request", "opened"), [key])
with store._database.writing() as session:
    found = session.query(tables.Environment).one()
    found.wanted = 99
    session.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_what_was_answered_and_no_half_transaction(url: str) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, url], env=os.environ, check=False)
    assert ended.returncode == -signal.SIGKILL
    store = SqlStore(url, clock.SystemClock())
    row, _ = store.rows()
    assert row.wanted == 1
    assert (
        store.record_delivery(ports.Delivered("answered", "pull_request", "opened"), [KEY]) is False
    )
    store.close()


class Busy:
    """A connection to a file that others make just now."""

    def __init__(self, times: int, words: str = "database is locked") -> None:
        self.left = times
        self.words = words
        self.set: list[str] = []

    def execute(self, statement: str) -> None:
        if self.left:
            self.left -= 1
            raise sqlite3.OperationalError(self.words)
        self.set.append(statement)


def test_a_file_that_others_make_just_now_is_waited_for() -> None:
    busy = Busy(3)
    database._set(busy, "journal_mode=WAL")
    assert busy.set == ["PRAGMA journal_mode=WAL"]


def test_what_else_is_wrong_with_a_file_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Busy(1, "disk I/O error")
    with pytest.raises(sqlite3.OperationalError):
        database._set(broken, "journal_mode=WAL")
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.0)
    with pytest.raises(sqlite3.OperationalError):
        database._set(Busy(10**9), "journal_mode=WAL")
