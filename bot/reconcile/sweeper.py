"""The thread that sweeps: at the start, and again and again."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import structlog

from bot.reconcile.sweep import Sweep

JITTER = 0.1
"""Part of the pause, more or less: replicas that began together don't stay together."""
STOP_SECONDS = 2.0
"""How long `stop` waits for a question that is under way; nothing comes of a later answer."""

_log = structlog.get_logger(__name__)


class Sweeper:
    """Sweeps in the background; `may_sweep` gives one of several replicas the right to."""

    def __init__(
        self, sweep: Sweep, seconds: float, may_sweep: Callable[[], bool] = lambda: True
    ) -> None:
        self._sweep = sweep
        self._seconds = seconds
        self._may_sweep = may_sweep
        self._random = random.SystemRandom()
        self._stopping = threading.Event()
        self._soon = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sweeper", daemon=True)

    def start(self) -> None:
        """Begin; the first sweep is made at once."""
        self._thread.start()

    def alive(self) -> bool:
        """Whether it runs."""
        return self._thread.is_alive()

    def soon(self) -> None:
        """Sweep as soon as the one that is under way has ended; returns at once."""
        self._soon.set()

    def stop(self) -> None:
        """End. A sweep that is under way does nothing more."""
        self._stopping.set()
        self._soon.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._soon.clear()
            try:
                if self._may_sweep():
                    self._sweep.run(self._stopping.is_set)
            except Exception:
                # The database is away, most likely; the next sweep may find it again.
                _log.exception("sweep failed", action="sweep")
            if not self._stopping.is_set():
                self._soon.wait(self._seconds * self._random.uniform(1 - JITTER, 1 + JITTER))
