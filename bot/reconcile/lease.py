"""Keeps a pass's lease alive, and tells it when the lease is lost."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

import structlog

from bot import clock, errors, ports
from bot.reconcile import deadlines

_log = structlog.get_logger()


class HeldLease:
    """A lease with its heartbeat; a context manager around a pass."""

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
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease {lease.key}", daemon=True)
        self.lease = lease

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def lost(self) -> bool:
        """Whether another worker may hold the environment by now, or soon."""
        return self._lost.is_set() or self._remaining() < self._seconds / 2

    def check(self) -> None:
        """Raise LeaseLostError if it is lost."""
        if self.lost():
            raise errors.LeaseLostError

    def _remaining(self) -> float:
        return (self.lease.until - self._clock.now()).total_seconds()

    def _beat(self) -> None:
        while not self._ended.wait(self._seconds / 6):
            try:
                self.lease = self._store.renew(self.lease, self._seconds)
            except errors.LeaseLostError:
                self._lost.set()
                return
            except Exception:  # noqa: BLE001 - the database is away: `lost` sees time run out
                _log.warning("heartbeat failed", action="lease", environment=str(self.lease.key))
