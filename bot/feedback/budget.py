"""Keeps the bot's writes below GitHub's secondary limits, however many pull requests there are.

GitHub allows 80 requests that make content a minute and 500 an hour (documentation, "Rate limits
for the REST API").
"""

from __future__ import annotations

import collections
import datetime

from bot import clock

WINDOWS = ((60.0, 70), (3600.0, 450))
"""Seconds, and the writes that are allowed in them; a report takes up to three."""
NEWS_SHARE = 0.5
"""This part of the budget is kept for news: phases and troubles go before mere progress."""


class Budget:
    """Counts writes over the last minute and hour."""

    def __init__(self, time: clock.Clock) -> None:
        self._clock = time
        self._written: collections.deque[datetime.datetime] = collections.deque()

    def wait(self, *, news: bool = True) -> float:
        """Seconds until the next write is allowed; 0 when it is now."""
        now = self._clock.now()
        while self._written and (now - self._written[0]).total_seconds() >= WINDOWS[-1][0]:
            self._written.popleft()
        waits = [0.0]
        for window, allowed in WINDOWS:
            most = allowed if news else int(allowed * (1 - NEWS_SHARE))
            if len(self._written) >= most:
                age = (now - self._written[-most]).total_seconds()
                waits.append(window - age)
        return max(waits)

    def spend(self) -> None:
        """Count one write."""
        self._written.append(self._clock.now())
