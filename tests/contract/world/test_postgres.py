"""A PostgreSQL server comes from nothing, outlives its restarts, and leaves nothing behind."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.world import postgres
from tests.world.cluster.waiting import until
from tests.world.postgres import Postgres
from tests.world.tools import ToolError

ROOT = Path(__file__).resolve().parents[3]


def outside() -> list[str]:
    """What a server could leave on the machine: mounts, files, shared memory of both kinds."""
    mounts = Path("/proc/mounts").read_text().splitlines()
    shared = Path("/proc/sysvipc/shm").read_text().splitlines()
    places = {"/dev/shm": "PostgreSQL*", "/var/lib/postgresql": "*", "/tmp": ".s.PGSQL*"}
    files = [str(path) for place, names in places.items() for path in Path(place).glob(names)]
    return [line for line in mounts if "postgresql" in line] + shared + files


def namespace(url: str) -> str:
    """The mount namespace in which the server of this address is."""
    found = re.search(r"/proc/\d+/", urllib.parse.unquote(url))
    assert found is not None
    return str(Path(found.group(), "ns/mnt").readlink())


def inside(namespace: str) -> list[str]:
    """The processes of a mount namespace; it is gone when there are none."""

    def is_inside(process: Path) -> bool:
        try:
            return str((process / "ns/mnt").readlink()) == namespace
        except OSError:
            return False

    return [process.name for process in Path("/proc").glob("[0-9]*") if is_inside(process)]


def ask(url: str, sql: str) -> object:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        cursor = connection.execute(sql.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    yield postgres.url("of_this_test")
    postgres.drop("of_this_test")


@pytest.mark.parametrize("crash", [False, True], ids=["stopped", "crashed"])
def test_what_was_committed_outlives_a_restart(
    postgres: Postgres, database: str, crash: bool
) -> None:
    ask(database, "CREATE TABLE kept AS SELECT 7 AS value")
    postgres.stop(crash=crash)
    with pytest.raises(psycopg.OperationalError):
        ask(database, "SELECT 1")
    postgres.start()
    assert ask(database, "SELECT value FROM kept") == 7


def test_a_name_is_one_database(postgres: Postgres, database: str) -> None:
    assert ask(database, "SELECT current_database()") == "of_this_test"
    with pytest.raises(psycopg.errors.DuplicateDatabase):
        postgres.url("of_this_test")


def test_it_is_reached_from_a_network_without_a_way_out(database: str) -> None:
    # As a bot does that runs in a world's network namespace.
    script = "import psycopg, sys; psycopg.connect(sys.argv[1]).close()"
    words = [sys.executable, "-c", script, database.replace("+psycopg", "")]
    subprocess.run(["unshare", "--net", *words], check=True)


def test_servers_stand_side_by_side_and_leave_nothing(database: str) -> None:
    before = outside()
    with Postgres() as other:
        url = other.url("of_this_test")
        ask(url, "CREATE TABLE mine (value integer)")
        assert ask(database, "SELECT to_regclass('mine')") is None
        assert outside() == before, "not even while it runs is anything to be seen"
        room = namespace(url)
        assert len(inside(room)) > 2
    assert inside(room) == []
    assert outside() == before
    with pytest.raises(ToolError, match="outside of its `with` block"):
        other.start()


OWNER = """
import sys, threading
import psycopg
from tests.world.postgres import Postgres

with Postgres() as server:
    url = server.url("x")
    sleeper = psycopg.connect(url.replace("+psycopg", ""))
    asleep = threading.Thread(target=sleeper.execute, args=["SELECT pg_sleep(600)"], daemon=True)
    asleep.start()
    print(url, flush=True)
    sys.stdin.read()
"""


def test_a_killed_owner_takes_everything_with_it() -> None:
    before = outside()
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        room = namespace(owner.stdout.readline())
        assert len(inside(room)) > 2
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        until("the end of the server", lambda: not inside(room), 30)
    assert outside() == before


def test_a_server_that_does_not_start_says_why_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = outside()
    monkeypatch.setitem(postgres._SETTINGS, "port", "none")
    with pytest.raises(ToolError, match=r'did not start.*"port": "none"'), Postgres():
        pytest.fail("it runs")
    assert outside() == before
