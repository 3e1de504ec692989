"""Time that passes only while somebody waits."""

from __future__ import annotations

import datetime
import itertools
import threading
from collections.abc import Callable

from bot import clock


class SimulatedClock(clock.ManualClock):
    """A clock on which things happen while others sleep."""

    def __init__(self, start: datetime.datetime | None = None) -> None:
        super().__init__(start)
        self._lock = threading.RLock()
        self._order = itertools.count()
        self._plans: list[tuple[datetime.datetime, int, Callable[[], object]]] = []

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Do something so many seconds from now."""
        when = self.now() + datetime.timedelta(seconds=seconds)
        with self._lock:
            self._plans.append((when, next(self._order), action))

    def advance(self, seconds: float) -> None:
        """Let time pass, and do on the way what is planned for it."""
        with self._lock:
            end = self.now() + datetime.timedelta(seconds=seconds)
            while due := min((plan for plan in self._plans if plan[0] <= end), default=None):
                self._plans.remove(due)
                self._set(due[0])
                due[2]()
            self._set(end)

    def sleep(self, seconds: float) -> None:
        """Wait, in no time."""
        self.advance(seconds)

    def _set(self, when: datetime.datetime) -> None:
        # An action may have let time pass by itself; it never goes back.
        super().advance(max((when - self.now()).total_seconds(), 0.0))
