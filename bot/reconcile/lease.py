"""Keeps a pass's lease alive, and tells it when the lease is lost."""

from __future__ import annotations

import datetime
import threading
from types import TracebackType
from typing import Self

import structlog

from bot import clock, errors, ports
from bot.reconcile import deadlines

_log = structlog.get_logger(__name__)


class HeldLease:
    """A lease with its heartbeat; a context manager around a pass.

    A thread of its own renews it, so that it also lives while the pass waits for an answer; the
    pass renews it too whenever it asks whether it is lost.
    """

    def __init__(
        self,
        store: ports.Store,
        lease: ports.Lease,
        time: clock.Clock,
        seconds: float = deadlines.LEASE_SECONDS,
    ) -> None:
        self._store = store
        self._clock = time
        self._seconds = seconds
        self._beat_seconds = seconds / 6
        self._beat_at = self._next_beat()
        self._beating = threading.Lock()
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"lease {lease.key}", daemon=True)
        self._operation: ports.Operation | None = None
        self.lease = lease

    def guard(self, operation: ports.Operation) -> None:
        """Let an operation live as long as the lease: told at each heartbeat that succeeds.

        The last beat before a lease is lost comes early enough for the child to end by itself.
        """
        self._operation = operation

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def lost(self) -> bool:
        """Whether another worker may hold the environment by now, or soon."""
        if not self._lost.is_set():
            self._beat()
        return self.known_lost()

    def known_lost(self) -> bool:
        """The same without a question to the store, for other threads."""
        remaining = (self.lease.until - self._clock.now()).total_seconds()
        return self._lost.is_set() or remaining < self._seconds / 2

    def check(self) -> None:
        """Raise LeaseLostError if it is lost."""
        if self.lost():
            raise errors.LeaseLostError(f"the lease on {self.lease.key} was lost")

    def _work(self) -> None:
        while not self._ended.wait(self._beat_seconds):
            self._beat()
            if self._lost.is_set():
                return

    def _beat(self) -> None:
        # Who finds the other one at it needn't wait: the store may be slow to answer.
        if not self._beating.acquire(blocking=False):
            return
        try:
            if self._clock.now() < self._beat_at:
                return
            self._beat_at = self._next_beat()
            self.lease = self._store.renew(self.lease, self._seconds)
            if self._operation is not None:
                self._operation.beat()
        except errors.LeaseLostError:
            self._lost.set()
        except Exception:
            # The database is away: `lost` sees time run out.
            _log.warning(
                "heartbeat failed",
                action="lease",
                environment=str(self.lease.key),
                exc_info=True,
            )
        finally:
            self._beating.release()

    def _next_beat(self) -> datetime.datetime:
        return self._clock.now() + datetime.timedelta(seconds=self._beat_seconds)
