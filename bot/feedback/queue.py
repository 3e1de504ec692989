"""What is still to be told, and when: the newest report of each environment. Pure.

A report that brings news (another phase, another reason) is told at once; one that only counts pods
waits, so that a burst of them becomes one write. Where there is room for a part only, what is ready
and what failed goes first. Two reports of one environment are never in hand at the same time, so an
older one can't be written over a newer one.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot import backoff, model
from bot.feedback.governor import Rank

SETTLE_SECONDS = 0.3
"""News waits so long for what follows it immediately."""
COALESCE_SECONDS = 3.0
"""Mere progress of an environment is told no more often than this."""
FIRST_AGAIN_SECONDS = 5.0
LAST_AGAIN_SECONDS = 300.0
"""GitHub did not take a report: it is tried again after so long."""

RANKS: Mapping[model.Phase, Rank] = MappingProxyType(
    {
        model.Phase.READY: Rank.NEWS,
        model.Phase.DEGRADED: Rank.NEWS,
        model.Phase.STUCK: Rank.NEWS,
    }
)
"""What news of a phase is; the others are `Rank.PHASE`."""

Wait = Callable[[str, Rank], float]
"""Seconds until a repository has room for one write of a rank."""
_News = tuple[model.Phase, str, str | None]


@dataclasses.dataclass(slots=True)
class Waiting:
    """A report that is to be told."""

    report: model.Report
    due: datetime.datetime
    rank: Rank
    """Which others it goes before."""
    failures: int = 0

    @property
    def news(self) -> bool:
        """Whether it tells more than progress."""
        return self.rank < Rank.PROGRESS


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
            self._waiting[report.key] = Waiting(report, due, _rank(report, news=news))
            return
        waiting.report = report
        # News that waits stays news, also where the newest report has the old state again.
        waiting.rank = _rank(report, news=news or waiting.news)
        if not waiting.failures:
            # Reports without end must not put off the write without end.
            waiting.due = min(waiting.due, due)

    def pop(
        self, now: datetime.datetime, *, wait: Wait | None = None, hurry: bool = False
    ) -> Waiting | None:
        """Take what is to be told now and may be, news first; to be given back by a verb below."""
        ready = [
            (waiting.rank, waiting.due, key)
            for key, waiting in self._waiting.items()
            if key not in self._in_hand
            and (hurry or waiting.due <= now)
            and not (wait and wait(key.repository, waiting.rank))
        ]
        if not ready:
            return None
        key = min(ready)[2]
        taken = self._in_hand[key] = self._waiting.pop(key)
        return taken

    def put_back(self, taken: Waiting, due: datetime.datetime) -> None:
        """There was no room for it."""
        key = taken.report.key
        del self._in_hand[key]
        newer = self._waiting.get(key)
        if newer is None:
            taken.due = due
            self._waiting[key] = taken
        else:
            newer.rank = _rank(newer.report, news=newer.news or taken.news)

    def leave(
        self, taken: Waiting, due: datetime.datetime, rank: Rank, now: datetime.datetime
    ) -> None:
        """The comment was written; there was no room for the rest, which has this rank."""
        self.told(taken, now)
        if taken.report.key not in self._waiting:
            self._waiting[taken.report.key] = Waiting(taken.report, due, rank)

    def told(self, taken: Waiting, now: datetime.datetime) -> None:
        """It was written."""
        key = taken.report.key
        del self._in_hand[key]
        newer = self._waiting.get(key)
        if newer is not None and _news(newer.report) == _news(taken.report):
            newer.rank = Rank.PROGRESS
            newer.due = max(newer.due, now + datetime.timedelta(seconds=COALESCE_SECONDS))
        if taken.report.phase is model.Phase.ABSENT:
            self._told.pop(key, None)  # there may be very many of these
        else:
            self._told[key] = (_news(taken.report), now)

    def again(self, taken: Waiting, now: datetime.datetime) -> None:
        """It was not written: try again, or rather the newer one that has come meanwhile."""
        key = taken.report.key
        del self._in_hand[key]
        failures = taken.failures + 1
        waiting = self._waiting.setdefault(key, taken)
        waiting.failures = failures
        waiting.rank = _rank(waiting.report, news=waiting.news or taken.news)
        waiting.due = now + again_after(failures)

    def wait(self, now: datetime.datetime, room: Wait | None = None) -> float | None:
        """Seconds until something is to be told and may be; None while nothing waits."""
        waits = [
            max(
                (waiting.due - now).total_seconds(),
                room(key.repository, waiting.rank) if room else 0.0,
            )
            for key, waiting in self._waiting.items()
            if key not in self._in_hand
        ]
        return max(min(waits), 0.0) if waits else None

    def __len__(self) -> int:
        """What waits and what is in hand."""
        return len(self._waiting) + len(self._in_hand)


def again_after(failures: int) -> datetime.timedelta:
    """How long to wait after so many failures (1 or more)."""
    pause = backoff.pause(failures - 1, FIRST_AGAIN_SECONDS, LAST_AGAIN_SECONDS)
    return datetime.timedelta(seconds=pause)


def _rank(report: model.Report, *, news: bool) -> Rank:
    return RANKS.get(report.phase, Rank.PHASE) if news else Rank.PROGRESS


def _news(report: model.Report) -> _News:
    return report.phase, report.reason, report.commit
