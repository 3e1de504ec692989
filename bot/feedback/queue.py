"""What is still to be told, and when: the newest report of each environment. Pure.

A report that brings news (another phase, another reason) is told at once; one that only counts pods
waits, so that a burst of them becomes one write. Two reports of one environment are never in hand
at the same time, so an older one can't be written over a newer one.
"""

from __future__ import annotations

import dataclasses
import datetime

from bot import model

SETTLE_SECONDS = 0.3
"""News waits so long for what follows it immediately."""
COALESCE_SECONDS = 3.0
"""Mere progress of an environment is told no more often than this."""
FIRST_AGAIN_SECONDS = 5.0
LAST_AGAIN_SECONDS = 300.0
"""GitHub did not take a report: it is tried again after so long."""

_News = tuple[model.Phase, str, str | None]


@dataclasses.dataclass(slots=True)
class Waiting:
    """A report that is to be told."""

    report: model.Report
    due: datetime.datetime
    news: bool
    failures: int = 0


class Queue:
    """Newest reports, by environment."""

    def __init__(self) -> None:
        self._waiting: dict[model.EnvironmentKey, Waiting] = {}
        self._in_hand: dict[model.EnvironmentKey, Waiting] = {}
        self._told: dict[model.EnvironmentKey, tuple[_News, datetime.datetime]] = {}

    def put(self, report: model.Report, now: datetime.datetime) -> None:
        """A newer report takes the place of one that waits."""
        told = self._told.get(report.key)
        news = told is None or told[0] != _news(report)
        due = now + datetime.timedelta(seconds=SETTLE_SECONDS)
        if told is not None and not news:
            due = max(due, told[1] + datetime.timedelta(seconds=COALESCE_SECONDS))
        waiting = self._waiting.get(report.key)
        if waiting is None:
            self._waiting[report.key] = Waiting(report, due, news)
            return
        waiting.report = report
        # News that waits stays news, also where the newest report has the old state again.
        waiting.news = waiting.news or news
        if not waiting.failures:
            # Reports without end must not put off the write without end.
            waiting.due = min(waiting.due, due)

    def pop(self, now: datetime.datetime, *, hurry: bool = False) -> Waiting | None:
        """Take what is to be told now, news first; to be given back by `told` or `again`."""
        ready = [
            (not waiting.news, waiting.due, key)
            for key, waiting in self._waiting.items()
            if key not in self._in_hand and (hurry or waiting.due <= now)
        ]
        if not ready:
            return None
        key = min(ready)[2]
        taken = self._in_hand[key] = self._waiting.pop(key)
        return taken

    def put_back(self, taken: Waiting) -> None:
        """It was not tried: its turn has not come after all."""
        key = taken.report.key
        del self._in_hand[key]
        newer = self._waiting.get(key)
        if newer is None:
            self._waiting[key] = taken
        else:
            newer.news = newer.news or taken.news
            newer.due = min(newer.due, taken.due)

    def told(self, taken: Waiting, now: datetime.datetime) -> None:
        """It was written."""
        key = taken.report.key
        del self._in_hand[key]
        if taken.report.phase is model.Phase.ABSENT:
            self._told.pop(key, None)  # there may be very many of these
        else:
            self._told[key] = (_news(taken.report), now)

    def again(self, taken: Waiting, now: datetime.datetime) -> None:
        """It was not written: try again, or rather the newer one that has come meanwhile."""
        key = taken.report.key
        del self._in_hand[key]
        failures = taken.failures + 1
        pause = min(FIRST_AGAIN_SECONDS * 2 ** min(failures - 1, 16), LAST_AGAIN_SECONDS)
        waiting = self._waiting.setdefault(key, taken)
        waiting.failures = failures
        waiting.news = waiting.news or taken.news
        waiting.due = now + datetime.timedelta(seconds=pause)

    def wait(self, now: datetime.datetime) -> float | None:
        """Seconds until something is to be told; None while nothing waits."""
        dues = [waiting.due for key, waiting in self._waiting.items() if key not in self._in_hand]
        return max((min(dues) - now).total_seconds(), 0.0) if dues else None

    def __len__(self) -> int:
        """What waits and what is in hand."""
        return len(self._waiting) + len(self._in_hand)


def _news(report: model.Report) -> _News:
    return report.phase, report.reason, report.commit
