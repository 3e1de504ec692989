"""The process that leads an operation's session, and ends it when nobody vouches for it any more.

It does nothing else, so nothing that happens to the engine keeps it from that. Its parent sends
deadlines; when one passes without a newer one, the lease may be about to run out: the engine is
interrupted, and after the grace everything is killed, whatever state the parent is in. Deadlines
are moments of the kernel's clock, so that a message that lay unread while everything was stopped
is as old as it is; and that clock goes on while the machine sleeps, as the lease does.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing.connection
import os
import select
import signal
import struct
import time

from bot.engine import group

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
"""From linux/prctl.h."""
LOOK_SECONDS = 0.5
"""How long a SIGTERM may go unnoticed."""

_FORM = struct.Struct("d")
_LENGTH = struct.calcsize("d")


def now() -> float:
    """The moment, in seconds, on the clock that deadlines are told by."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def packed(deadline: float) -> bytes:
    """A deadline as it is sent."""
    return _FORM.pack(deadline)


def lead() -> None:
    """Make the calling process the leader of a session of its own, with all of it in its care."""
    os.setsid()
    # Orphans of the session become this process's children, so none is lost sight of.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    # The group's interrupt is for the engine.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def follow(leader: int) -> None:
    """Let the calling process, a child of the leader, die with it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != leader:
        os._exit(1)  # the leader ended before that


class Guard:
    """Watches one worker on behalf of whoever holds the lease."""

    def __init__(
        self,
        worker: int,
        beats: multiprocessing.connection.Connection,
        deadline: float,
        grace: float,
    ) -> None:
        self._worker = worker
        self._beats = beats
        self._deadline = deadline
        self._grace = grace
        self._interrupted = False
        # How a bot that ends by itself ends its children, and how a person might.
        signal.signal(signal.SIGTERM, lambda *_: self._give_up())

    def watch(self) -> int:
        """Wait for the worker's end, and see to it; returns its exit code."""
        ended = os.pidfd_open(self._worker)
        waiting = select.poll()
        waiting.register(ended, select.POLLIN)
        waiting.register(self._beats, select.POLLIN)
        try:
            while now() < self._deadline + self._grace:
                if not self._interrupted and now() >= self._deadline:
                    self._interrupt()
                ready = [number for number, _ in waiting.poll(self._milliseconds())]
                if ended in ready:
                    break
                if self._beats.fileno() in ready and not self._hear():
                    waiting.unregister(self._beats)
                    # Nobody is there to extend it.
                    self._give_up()
            else:
                os.kill(self._worker, signal.SIGKILL)
            return os.waitstatus_to_exitcode(os.waitpid(self._worker, 0)[1])
        finally:
            os.close(ended)

    def _milliseconds(self) -> float:
        until = self._deadline + (self._grace if self._interrupted else 0)
        return max(min(until - now(), LOOK_SECONDS), 0) * 1000

    def _hear(self) -> bool:
        """Take a newer deadline; False where the parent is gone."""
        try:
            (deadline,) = _FORM.unpack(self._beats.recv_bytes(_LENGTH))
        except (EOFError, OSError):
            return False
        # What was interrupted is to end: a late beat does not keep it.
        if not self._interrupted:
            self._deadline = deadline
        return True

    def _give_up(self) -> None:
        self._deadline = min(self._deadline, now())

    def _interrupt(self) -> None:
        """Once only: a second interrupt makes the engine drop what it does."""
        self._interrupted = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(os.getpid(), signal.SIGINT)


def clear(record: group.Record) -> bool:
    """Kill what the worker left of the session; returns whether nothing is left."""
    group.reap()
    return group.kill(record, spare=record.session)
