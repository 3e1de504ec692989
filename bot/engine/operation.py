"""A running engine operation, as its parent sees it."""

from __future__ import annotations

import contextlib
import multiprocessing.connection
import multiprocessing.context
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from bot import errors, ports
from bot.engine import child, job

if TYPE_CHECKING:
    from bot.engine.engine import EngineSettings

KILL_SECONDS = 5.0
"""How long the kernel may take to end a killed process group."""


class ChildOperation:
    """Implements `bot.ports.Operation` with a process group."""

    def __init__(
        self,
        context: multiprocessing.context.ForkServerContext,
        what: job.Job,
        settings: EngineSettings,
        on_event: ports.OnEvent,
    ) -> None:
        self._what = what
        self._settings = settings
        self._on_event = on_event
        self._started = time.monotonic()
        self._ended = threading.Event()
        self._answer: job.Done | job.Failed | None = None
        self._seconds = 0.0
        receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(
            target=child.run,
            args=(what, settings, sender),
            name=f"engine-{what.verb}-{what.stack}",
            daemon=True,
        )
        self._process.start()
        sender.close()
        self._reader = threading.Thread(target=self._read, args=(receiver,), daemon=True)
        self._reader.start()

    def result(self, timeout: float | None = None) -> ports.EngineResult:
        """Wait for the end. See `bot.ports.Operation`."""
        if not self._ended.wait(timeout):
            raise TimeoutError(f"{self._what.verb} of {self._what.stack} is still running")
        match self._answer:
            case job.Done(outputs, changes):
                return ports.EngineResult(outputs, changes, self._seconds)
            case job.Failed(message):
                raise errors.EngineError(message)
            case _:
                raise errors.EngineError(
                    f"the engine process for {self._what.stack} ended without an answer "
                    f"(exit code {self._process.exitcode})"
                )

    def done(self) -> bool:
        """Whether the child has ended."""
        return self._ended.is_set()

    def cancel(self) -> None:
        """Interrupt, give the engine time to save its state, then kill the whole group."""
        self._signal(signal.SIGINT)
        if not self._ended.wait(self._settings.cancel_seconds):
            self._signal(signal.SIGKILL)
            self._ended.wait(KILL_SECONDS)

    def _signal(self, number: signal.Signals) -> None:
        pid = self._process.pid
        if pid is None or self._ended.is_set():
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, number)

    def _read(self, receiver: multiprocessing.connection.Connection) -> None:
        """Pass events on until the pipe closes, which is when the child has ended."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                message: job.Message = receiver.recv()
                if isinstance(message, job.Event):
                    self._on_event(message.text)
                else:
                    self._answer = message
        self._process.join()
        self._seconds = time.monotonic() - self._started
        self._ended.set()
