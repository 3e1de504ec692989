"""Who ends the engine when nobody vouches for it: real processes, signalled by hand."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot import errors
from bot.engine import group
from tests.unit.bot.engine.stand import NAME, Stand, wait

PARENT = """
import sys
from pathlib import Path
from tests.unit.bot.engine.cluster import Cluster
from tests.unit.bot.engine.stand import NAME, Stand

def main():
    cluster = Cluster()
    cluster.address = sys.argv[2]
    stand = Stand.of(Path(sys.argv[1]), cluster, watchdog_seconds=float(sys.argv[3]))
    stand.engine.warm()
    operation = stand.engine.up(NAME, stand.config(), lambda _: None)
    while not operation.done():
        operation.beat()
        operation._ended.wait(0.1)

if __name__ == "__main__":
    main()
"""
ROOT = Path(__file__).parents[4]


def parent(stand: Stand, watchdog_seconds: float) -> subprocess.Popen[bytes]:
    """A process of its own that runs an update and beats; the cluster never answers it."""
    stand.cluster.hold("deployments/web", handled_first=False)
    script = stand.folder / "parent.py"
    script.write_text(PARENT)
    process = subprocess.Popen(
        [
            sys.executable,
            str(script),
            str(stand.folder),
            stand.cluster.address,
            str(watchdog_seconds),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert stand.cluster.waiting.wait(60)
    return process


def plugins(record: group.Record) -> list[int]:
    return [one.pid for one in group.members(record) if one.group != record.session]


@pytest.mark.parametrize(
    "number",
    [signal.SIGSTOP, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)],
)
def test_the_child_ends_by_itself_when_its_parent_is_stopped_or_gone(
    stand: Stand, number: signal.Signals
) -> None:
    process = parent(stand, watchdog_seconds=3.0)
    try:
        record = stand.record()
        assert plugins(record), "the plugins have groups of their own, or this tests nothing"
        process.send_signal(number)
        wait(lambda: not group.members(record))
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_child_that_is_vouched_for_lives_longer_than_its_patience(stand: Stand) -> None:
    process = parent(stand, watchdog_seconds=3.0)
    try:
        record = stand.record()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(8)
        assert plugins(record)
    finally:
        process.kill()
        process.wait()
    wait(lambda: not group.members(record))


@pytest.mark.slow
def test_a_bot_that_ends_leaves_no_process_of_the_group(stand: Stand) -> None:
    stand.cluster.hold("deployments/web", handled_first=False)
    operation = stand.engine.up(NAME, stand.config(), stand.said.append)
    assert stand.cluster.waiting.wait(60)
    record = stand.record()
    operation.cancel()
    assert operation.done()
    assert group.members(record) == []
    with pytest.raises(errors.EngineError):
        operation.result(0)


@pytest.mark.slow
def test_a_guard_that_hangs_is_ended_by_the_parent(stand: Stand) -> None:
    stand.cluster.hold("deployments/web", handled_first=False)
    stand = Stand.of(stand.folder, stand.cluster, cancel_seconds=1.0)
    operation = stand.engine.up(NAME, stand.config(), stand.said.append)
    assert stand.cluster.waiting.wait(60)
    record = stand.record()
    os.kill(record.session, signal.SIGSTOP)
    operation.cancel()
    assert operation.done()
    assert group.members(record) == []


@pytest.mark.slow
def test_an_operation_first_ends_what_an_earlier_one_left_on_the_stack(stand: Stand) -> None:
    process = parent(stand, watchdog_seconds=600.0)
    try:
        before = stand.record()
        # Neither the parent nor the guard does anything any more, and the lease was lost.
        process.send_signal(signal.SIGSTOP)
        os.kill(before.session, signal.SIGSTOP)
        stand.cluster.release()
        stand.engine.up(NAME, stand.config(), stand.said.append).result(120)
        assert group.members(before) == []
        assert any("deployments" in path for path in stand.cluster.objects)
    finally:
        process.kill()
        process.wait()


def test_a_number_that_was_used_again_is_never_signalled() -> None:
    other = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        record = group.of(other.pid, "s", "the-mark")
        assert [one.pid for one in group.members(record)] == [other.pid]
        again = dataclasses.replace(record, started=record.started - 1)
        assert group.members(again) == []
        assert group.end(again, grace=0)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("changes", [{"host": "elsewhere"}, {"boot": "earlier"}])
def test_a_record_of_another_host_or_boot_names_nobody_here(changes: dict[str, str]) -> None:
    other = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        record = dataclasses.replace(group.of(other.pid, "s", "m"), **changes)  # type: ignore[arg-type]
        assert group.members(record) == []
    finally:
        other.kill()
        other.wait()


def test_what_outlives_its_leader_is_known_by_the_mark() -> None:
    script = "sleep 60 & echo $!; kill -9 $$"
    leader = subprocess.Popen(
        ["sh", "-c", script],
        start_new_session=True,
        stdout=subprocess.PIPE,
        env={**os.environ, group.MARK: "the-mark"},
    )
    assert leader.stdout is not None
    orphan = int(leader.stdout.readline())
    leader.stdout.close()
    record = group.of(leader.pid, "s", "the-mark")
    leader.wait()
    other = dataclasses.replace(record, mark="another-mark")
    assert group.members(other) == []
    assert [one.pid for one in group.members(record)] == [orphan]
    assert group.kill(record)


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    record = group.of(os.getpid(), "s", "m")
    group.write(record, tmp_path / "owner.json")
    assert group.read(tmp_path / "owner.json") == record
    assert [one.name for one in tmp_path.iterdir()] == ["owner.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stack": "s"}'])
def test_a_damaged_record_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "owner.json").write_text(text)
    assert group.read(tmp_path / "owner.json") is None
    assert group.read(tmp_path / "missing.json") is None
