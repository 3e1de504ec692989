"""Threads that take environments from the store, one at a time each."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable

import structlog

from bot import model, ports
from bot.reconcile import deadlines
from bot.reconcile.loop import Loop

_EVERY = tuple(model.Lane)
_QUICK = (model.Lane.CLUSTER,)
_log = structlog.get_logger(__name__)


class Workers:
    """A bounded number of workers; different lanes side by side, one never twice.

    Where there are several workers, one keeps itself free for clusters: however many edges are due,
    a push or a close finds somebody.
    """

    def __init__(
        self,
        loop: Loop,
        store: ports.Store,
        count: int,
        room: Callable[[], bool] = lambda: True,
    ) -> None:
        """`room` tells whether there is memory for one more; until then nothing is begun."""
        self._loop = loop
        self._room = room
        self._store = store
        self._wake = threading.Condition()
        self._hints = 0
        self._stopping = threading.Event()
        own = f"{socket.gethostname()}-{os.getpid()}"
        self._threads = [
            threading.Thread(
                target=self._work,
                args=(f"{own}-{index}", _EVERY if index or count == 1 else _QUICK),
                name=f"worker-{index}",
                daemon=True,
            )
            for index in range(count)
        ]

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Tell that a hint was stored."""
        with self._wake:
            self._hints += 1
            self._wake.notify_all()

    def alive(self) -> bool:
        """Whether every worker runs."""
        return all(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """End: running operations are interrupted orderly, and leases given back."""
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def _work(self, owner: str, lanes: tuple[model.Lane, ...]) -> None:
        while not self._stopping.is_set():
            hints = self._hints
            try:
                taken = self._take(owner, lanes)
                if taken is not None:
                    self._loop.run(*taken, self._stopping.is_set)
                    continue
            except Exception:
                # The database is away, most likely; a worker outlives that.
                _log.exception("worker failed", action="work")
            with self._wake:
                if self._hints == hints and not self._stopping.is_set():
                    self._wake.wait(deadlines.IDLE_SECONDS)

    def _take(
        self, owner: str, lanes: tuple[model.Lane, ...]
    ) -> tuple[ports.Row, ports.Lease] | None:
        if self._room():
            return self._store.take(owner, deadlines.LEASE_SECONDS, lanes)
        _log.warning("no memory for another operation: waiting", action="work")
        return None
