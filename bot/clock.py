"""Time as a port, so that deadlines and leases can be tested without waiting."""

from __future__ import annotations

import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime.datetime:
        """The current time, with time zone UTC."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime.datetime:
        """The current time, with time zone UTC."""
        return datetime.datetime.now(datetime.UTC)


class ManualClock:
    """A clock that moves when told to; for tests."""

    def __init__(self, start: datetime.datetime | None = None) -> None:
        self._now = start or datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)

    def now(self) -> datetime.datetime:
        """The time last set."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward by so many seconds."""
        self._now += datetime.timedelta(seconds=seconds)
