"""A running engine operation, as its parent sees it."""

from __future__ import annotations

import contextlib
import multiprocessing.connection
import multiprocessing.context
import os
import threading
import time
import uuid

from bot import errors, ports
from bot.engine import child, group, guard, job
from bot.engine.settings import EngineSettings

BEATS = 10
"""The child is told so often in the time after which it would end by itself."""
QUESTION_SECONDS = 120.0
"""How long a question may take; it changes nothing, so no lease is needed to ask it."""


class ChildOperation:
    """Implements `bot.ports.Operation` with a session of processes."""

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
        self._telling = threading.Lock()
        self._seconds = 0.0
        self._patience = settings.watchdog_seconds if what.changes else QUESTION_SECONDS
        self._beat_at = guard.now() + self._patience / BEATS
        receiver, sender = context.Pipe(duplex=False)
        beats, self._vouch = context.Pipe(duplex=False)
        # Whatever the child does with its beats, the parent never waits for it.
        os.set_blocking(self._vouch.fileno(), False)
        self._mark = uuid.uuid4().hex
        deadline = guard.now() + self._patience
        self._process = context.Process(
            target=child.run,
            args=(what, settings, self._mark, deadline, beats, sender),
            name=f"engine-{what.verb}-{what.stack}",
            daemon=True,
        )
        self._process.start()
        sender.close()
        beats.close()
        self._reader = threading.Thread(target=self._read, args=(receiver,), daemon=True)
        self._reader.start()

    def result(self, timeout: float | None = None) -> ports.EngineResult:
        """Wait for the end. See `bot.ports.Operation`."""
        if not self._ended.wait(timeout):
            raise TimeoutError(f"{self._what.verb} of {self._what.stack} is still running")
        match self._answer:
            case job.Done(outputs, changes):
                return ports.EngineResult(outputs, changes, self._seconds)
            case job.Failed(message, job.Kind.UNREACHABLE):
                raise errors.UnreachableError(message)
            case job.Failed(message):
                raise errors.EngineError(message)
            case _:
                whose = f" for {self._what.stack}" if self._what.stack else ""
                raise errors.EngineError(
                    f"the engine process{whose} ended without an answer "
                    f"(exit code {self._process.exitcode})"
                )

    def done(self) -> bool:
        """Whether the child has ended, with everything that it started."""
        return self._ended.is_set()

    def beat(self) -> None:
        """Extend the child's deadline. See `bot.ports.Operation`."""
        if guard.now() >= self._beat_at:
            self._beat_at = guard.now() + self._patience / BEATS
            self._tell(guard.now() + self._patience)

    def cancel(self) -> None:
        """Interrupt, give the engine time to save its state, then kill all of it."""
        self._tell(guard.now())
        # The guard kills after the grace; only where it can't is that done from here.
        if not self._ended.wait(self._settings.cancel_seconds + group.KILL_SECONDS):
            self._kill()
            self._ended.wait(group.KILL_SECONDS)

    def _tell(self, deadline: float) -> None:
        # A full pipe is full of beats that were not read; a closed one has nobody to read it.
        with self._telling, contextlib.suppress(BlockingIOError, OSError):
            self._vouch.send_bytes(guard.packed(deadline))

    def _kill(self) -> None:
        pid = self._process.pid
        if pid is not None and not self._ended.is_set():
            group.kill(group.of(pid, self._what.stack, self._mark))

    def _read(self, receiver: multiprocessing.connection.Connection) -> None:
        """Pass events on until the pipe closes, and wait until all of the child has ended."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                message: job.Message = receiver.recv()
                if isinstance(message, job.Event):
                    self._on_event(message.text)
                else:
                    self._answer = message
        self._process.join()
        self._seconds = time.monotonic() - self._started
        with self._telling:
            self._vouch.close()
        self._ended.set()
