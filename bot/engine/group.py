"""The processes of one operation, as the kernel tells them, and the record that names them.

An operation is a session: its guard leads it, and the engine's plugins, which the engine puts into
process groups of their own (RegisterProcessGroup in Pulumi's cmdutil), belong to it all the same.
Numbers of processes are used again, so a process counts only with the proof that it is the recorded
one: the leader by its start time, the others by a random mark in their environment.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

MARK = "UNDERSTUDY_ENGINE_MARK"
"""The environment variable that every process of an operation has."""
POLL_SECONDS = 0.05
KILL_SECONDS = 5.0
"""How long the kernel may take to end what was killed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """Who works on a stack."""

    stack: str
    host: str
    boot: str
    """The kernel's boot id: numbers of processes mean nothing after another boot."""
    session: int
    """The leader's process id, which is the session's and the process group's as well."""
    started: int
    """When the leader started, in clock ticks since the boot (/proc/PID/stat)."""
    mark: str


@dataclasses.dataclass(frozen=True, slots=True)
class Process:
    """One line of /proc/PID/stat."""

    pid: int
    parent: int
    group: int
    session: int
    started: int


def of(leader: int, stack: str, mark: str) -> Record:
    """The record of the session that a process leads, or led."""
    found = _process(leader)
    started = found.started if found else 0
    return Record(stack, socket.gethostname(), _boot(), leader, started, mark)


def write(record: Record, path: Path) -> None:
    """Keep a record, whole or not at all. Raises OSError."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        json.dump(dataclasses.asdict(record), file)
    Path(file.name).replace(path)


def read(path: Path) -> Record | None:
    """The record that was kept; None without one. Raises OSError."""
    try:
        return Record(**json.loads(path.read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        # It is written whole: what can't be read is of another version, or damaged with the disk.
        return None


def members(record: Record) -> list[Process]:
    """The living processes of a record on this host and in this boot, the leader among them."""
    if record.host != socket.gethostname() or record.boot != _boot():
        return []
    found = [one for one in _processes() if record.session in (one.session, one.parent)]
    if any(one.pid == record.session and one.started == record.started for one in found):
        return found
    return [one for one in found if record.mark in _environment(one.pid)]


def end(record: Record, grace: float) -> bool:
    """End what is left of an operation: interrupt, wait `grace` seconds, kill.

    Returns whether nothing is left of it.
    """
    if not members(record):
        return True
    # Only the group of the engine itself: plugins finish what they do and are ended by the engine.
    for one in members(record):
        if one.group == record.session:
            _signal(one.pid, signal.SIGINT)
    if _gone(record, grace):
        return True
    return kill(record)


def kill(record: Record, spare: int | None = None) -> bool:
    """Kill every process of an operation but `spare`; returns whether nothing else is left."""
    end_at = time.monotonic() + KILL_SECONDS
    while True:
        # Again and again: a process may have made another one meanwhile.
        found = [one for one in members(record) if one.pid != spare]
        if not found:
            return True
        if time.monotonic() > end_at:
            return False
        for one in found:
            _signal(one.pid, signal.SIGKILL)
        reap()
        time.sleep(POLL_SECONDS)


def reap() -> None:
    """Take note of the end of every child that has ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _gone(record: Record, seconds: float) -> bool:
    end_at = time.monotonic() + seconds
    while members(record):
        if time.monotonic() > end_at:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _processes() -> Iterator[Process]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (found := _process(int(entry.name))):
            yield found


def _process(pid: int) -> Process | None:
    """None for a process that has ended, or that only waits for its parent to note its end."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    # The name, in brackets, may hold spaces and brackets itself (proc(5)).
    fields = text.rpartition(")")[2].split()
    if fields[0] in ("Z", "X"):
        return None
    return Process(pid, int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


def _environment(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_text(errors="replace")
    except OSError:
        return ""


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
