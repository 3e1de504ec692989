"""Starts the world's processes and ends every one of them, whatever happens.

Each process dies with this one (PR_SET_PDEATHSIG), so that not even SIGKILL leaves any behind. The
kernel watches the *thread* that made a process, which is why one thread that lives as long as the
spawner makes all of them.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PRCTL = ctypes.CDLL(None, use_errno=True).prctl
STOP_SECONDS = 8.0


def _die_with_parent() -> None:
    _PRCTL(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Spawner:
    """Makes processes with a log file each; `close` ends them in the reverse order."""

    def __init__(self, logs: Path, prefix: Sequence[str] = ()) -> None:
        self._logs = logs
        self._prefix = tuple(prefix)
        self._made: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._lock = threading.Lock()
        self._asked: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="spawner", daemon=True)
        self._thread.start()
        logs.mkdir(parents=True, exist_ok=True)

    def start(
        self,
        name: str,
        words: Sequence[str | Path],
        env: Mapping[str, str] | None = None,
        inside: bool = True,
        pass_fds: Sequence[int] = (),
    ) -> subprocess.Popen[bytes]:
        """Start a process (`inside`: with the prefix that enters the world's network)."""
        command = [*(self._prefix if inside else ()), *map(str, words)]
        future: Future[subprocess.Popen[bytes]] = Future()

        def make() -> None:
            with (self._logs / f"{name}.log").open("ab") as log:
                try:
                    process = subprocess.Popen(
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        env={**os.environ, **(env or {})},
                        preexec_fn=_die_with_parent,  # noqa: PLW1509 - it makes one system call
                        pass_fds=tuple(pass_fds),
                        start_new_session=True,  # Ctrl-C is for us; we end them in order
                    )
                except BaseException as error:
                    future.set_exception(error)
                    return
            with self._lock:
                self._made.append((name, process))
            future.set_result(process)

        self._asked.put(make)
        return future.result()

    def log(self, name: str) -> Path:
        """The log file of a process."""
        return self._logs / f"{name}.log"

    def pid(self, name: str) -> int:
        """The process id of the newest process of this name. Raises LookupError."""
        with self._lock:
            for known, process in reversed(self._made):
                if known == name:
                    return process.pid
        raise LookupError(f"no process {name!r} was started")

    def dead(self) -> list[str]:
        """The names of processes that ended by themselves."""
        with self._lock:
            return [name for name, process in self._made if process.poll() is not None]

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """End the newest process of this name, gently at first."""
        with self._lock:
            found = next((entry for entry in reversed(self._made) if entry[0] == name), None)
            if found is not None:
                self._made.remove(found)
        if found is not None:
            end(found[1], number)

    def kill(self, name: str) -> None:
        """End the newest process of this name at once."""
        self.stop(name, signal.SIGKILL)

    def close(self, gentle: Callable[[str], bool] = lambda _: True) -> None:
        """End all; those that `gentle` denies are killed at once, and all of those together."""
        with self._lock:
            made, self._made = self._made, []
        for name, process in made:
            if not gentle(name) and process.poll() is None:
                process.kill()
        for _, process in reversed(made):
            end(process)
        self._asked.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (make := self._asked.get()) is not None:
            make()


def end(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> None:
    """End one process and wait for it."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
