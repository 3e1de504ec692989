"""Which processes are found, and killed."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos import victims
from tests.chaos.holders import SETTLE_SECONDS, Sightings
from tests.chaos.victims import Process, Processes

SLEEP = "import time; print('up', flush=True); time.sleep(60)"


def _start(folder: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEP],
        env={victims.VARIABLE: str(folder)},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = _start(tmp_path)
    yield process
    process.kill()
    process.communicate()


def test_a_process_is_found_by_its_data_folder_until_it_ends(
    sleeper: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    processes = Processes(str(tmp_path))
    (found,) = processes.now()
    assert (found.pid, found.session) == (sleeper.pid, sleeper.pid)
    assert found.words[0] == sys.executable
    assert Processes(str(tmp_path / "other")).now() == []
    sleeper.kill()
    sleeper.wait()
    assert processes.now() == []


def test_engines_are_the_other_sessions(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    assert Processes(str(tmp_path)).engines(sleeper.pid) == []
    assert Processes(str(tmp_path)).engines(1) == [sleeper.pid]


def test_a_caller_is_known_by_the_port_that_its_connection_comes_from(tmp_path: Path) -> None:
    code = (
        "import socket, sys, time; s = socket.create_connection(('127.0.0.1', int(sys.argv[1])));"
        "print(s.getsockname()[1], flush=True); time.sleep(60)"
    )
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        subprocess.Popen(
            [sys.executable, "-c", code, str(server.getsockname()[1])],
            env={victims.VARIABLE: str(tmp_path)},
            stdout=subprocess.PIPE,
            start_new_session=True,
        ) as process,
    ):
        assert process.stdout is not None
        port = int(process.stdout.readline())
        assert Processes(str(tmp_path)).caller(port) == process.pid
        assert Processes(str(tmp_path / "other")).caller(port) is None
        process.kill()


def test_a_group_is_killed_once(sleeper: subprocess.Popen[bytes]) -> None:
    assert victims.kill(sleeper.pid)
    assert sleeper.wait() == -9
    assert not victims.kill(sleeper.pid)


@pytest.mark.parametrize(
    ("words", "stack"),
    [
        (("/cache/pulumi", "up", "--yes", "--stack", "pr-1"), "pr-1"),
        (("/cache/pulumi", "destroy", "--stack", "pr-1", "--yes"), "pr-1"),
        (("/cache/pulumi", "stack", "ls", "--stack", "pr-1"), None),
        (("/cache/pulumi", "up", "--stack"), None),
        (("/cache/pulumi-resource-aws", "up", "--stack", "pr-1"), None),
        ((), None),
    ],
)
def test_the_stack_is_read_from_the_command_line_of_who_writes(
    words: tuple[str, ...], stack: str | None
) -> None:
    assert Process(1, 1, words).stack == stack


def _pulumi(pid: int, session: int, stack: str) -> Process:
    return Process(pid, session, ("pulumi", "up", "--stack", stack))


def test_two_sessions_of_one_stack_are_two_holders() -> None:
    sightings = Sightings()
    two = [_pulumi(1, 10, "a"), _pulumi(2, 20, "a"), _pulumi(3, 30, "b")]
    sightings.see(two, 0.0)
    assert sightings.doubles == {}
    sightings.see(two, SETTLE_SECONDS)
    assert list(sightings.doubles) == [10]


def test_a_plugin_that_outlives_its_engine_is_a_holder() -> None:
    sightings = Sightings()
    sightings.see([_pulumi(1, 10, "a"), Process(2, 10, ("plugin",))], 0.0)
    for now in (1.0, 1.0 + SETTLE_SECONDS):
        sightings.see([Process(2, 10, ("plugin",)), _pulumi(3, 20, "a")], now)
    assert sightings.doubles == {10: "a: ['plugin'] and ['pulumi']"}


def test_one_after_the_other_is_no_double() -> None:
    sightings = Sightings()
    for now, session in ((0.0, 10), (5.0, 20), (6.0, 20)):
        sightings.see([_pulumi(session, session, "a")], now)
    assert sightings.doubles == {}


def test_a_short_overlap_at_the_end_is_no_double() -> None:
    sightings = Sightings()
    both = [_pulumi(1, 10, "a"), _pulumi(2, 20, "a")]
    sightings.see(both, 0.0)
    sightings.see(both[1:], 0.3)
    sightings.see(both, 5.0)
    assert sightings.doubles == {}
