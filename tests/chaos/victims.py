"""Finds a bot's processes in /proc, by the data folder in their environment, and kills groups.

The bot is the process group that the world started: server, workers and fork server. An engine is
each session of its own with the same data folder, whoever its parent is by now. Zombies have no
environment any more and are not found.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import signal
import threading
import time
from pathlib import Path

VARIABLE = "UNDERSTUDY_DATA_DIR"
_PROC = Path("/proc")
_LOOPBACK = "0100007F"
"""127.0.0.1 as /proc/net/tcp writes it (proc_pid_net(5))."""
_OPERATIONS = frozenset({"up", "destroy", "refresh", "import", "cancel", "state"})


@dataclasses.dataclass(frozen=True)
class Process:
    """One process of a bot."""

    pid: int
    session: int
    words: tuple[str, ...]

    @property
    def stack(self) -> str | None:
        """The stack that it works on, where it is the engine's command line and writes."""
        if not self.words or Path(self.words[0]).name != "pulumi":
            return None
        if not _OPERATIONS & set(self.words[1:3]) or "--stack" not in self.words[:-1]:
            return None
        return self.words[self.words.index("--stack") + 1]


class _Table:
    """Every process that has a data folder; what was seen once is not read again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[int, str], tuple[str, Process] | None] = {}
        self._looked_at = -math.inf

    def now(self, age: float) -> list[tuple[str, Process]]:
        """Those that live, or did so many seconds ago, with their data folders."""
        with self._lock:
            if time.monotonic() - self._looked_at > age:
                self._looked_at = time.monotonic()
                self._look()
            return [found for found in self._known.values() if found is not None]

    def _look(self) -> None:
        seen: dict[tuple[int, str], tuple[str, Process] | None] = {}
        for entry in _PROC.iterdir():
            if not entry.name.isdigit():
                continue
            pid = int(entry.name)
            state, started, session = _stat(pid)
            if state in {"", "Z", "X"}:
                continue
            identity = (pid, f"{started}/{session}/{_program(pid)}")
            seen[identity] = (
                self._known[identity] if identity in self._known else _read(pid, session)
            )
        self._known = seen


_TABLE = _Table()
"""One for all tracks: looking through every process is not cheap."""


class Processes:
    """The processes of one data folder."""

    def __init__(self, data_dir: str) -> None:
        self._data_dir = data_dir

    def now(self, age: float = 0.0) -> list[Process]:
        """Those that live, or did at most so many seconds ago."""
        return [process for folder, process in _TABLE.now(age) if folder == self._data_dir]

    def engines(self, bot: int) -> list[int]:
        """The leaders of engines' sessions; `bot` is the bot's own leader."""
        return sorted({one.session for one in self.now()} - {bot})

    def caller(self, port: int) -> int | None:
        """The session of the process whose connection comes from this local port of the network
        that this process is in; None where it is none of the bot's."""
        inode = _socket(port)
        for process in self.now() if inode else ():
            if inode in _open_sockets(process.pid):
                return process.session
        return None


def kill(group: int) -> bool:
    """End a process group as SIGKILL does; False if there was none."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
        return True
    return False


def _socket(port: int) -> str:
    """The inode of the connected socket with this local port on loopback; empty without one."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1] == f"{_LOOPBACK}:{port:04X}" and words[9] != "0":
            return words[9]
    return ""


def _open_sockets(pid: int) -> set[str]:
    found = set()
    with contextlib.suppress(OSError):
        for entry in (_PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(str(entry.readlink()).removeprefix("socket:[").removesuffix("]"))
    return found


def _read(pid: int, session: int) -> tuple[str, Process] | None:
    """A process with its data folder; None for one without."""
    try:
        environ = (_PROC / str(pid) / "environ").read_bytes()
        words = (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return None
    for variable in environ.split(b"\0"):
        name, _, folder = variable.partition(b"=")
        if name == VARIABLE.encode():
            process = Process(pid, session, tuple(words.rstrip("\0").split("\0")))
            return folder.decode(errors="replace"), process
    return None


def _stat(pid: int) -> tuple[str, str, int]:
    """State, start time and session; an empty state for one that is gone."""
    try:
        words = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", "", 0
    return words[0], words[19], int(words[3])


def _program(pid: int) -> str:
    try:
        return str((_PROC / str(pid) / "exe").readlink())
    except OSError:
        return ""
