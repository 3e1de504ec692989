"""A storm of 1,000 pull requests, and whether GitHub's limits hold while people hear what counts.

The reporter is the real one without its threads, time is simulated, and GitHub counts and refuses
as the real one does. Beside the storm another owner has a few pull requests, which must not notice.
All figures are read once everything was told.
"""

from __future__ import annotations

import logging
import math
import random
import statistics
from collections.abc import Sequence

import structlog

from bot import model, testing
from bot.feedback import desk, governor, render, writer
from tests.bench.report import Report
from tests.bench.storm import CountingHub, PullRequest

STORM, BYSTANDERS = 1000, 10
SEED = 1848
STEP_SECONDS = 0.25
"""While reports still come, the desk is looked at as often as this."""
PATIENCE_HOURS = 24.0
LIMITS = {
    "writes_per_env_median": 8,
    "max_writes_per_minute": 79,
    "max_writes_per_hour": 499,
    "refused_writes": 0,
    "stale_final_comments": 0,
    "unended_deployments": 0,
    "unended_checks": 0,
    "hidden_env_writes": 0,
    "bystander_react_p95_s": 10,
}

_News = tuple[model.Phase, str, str | None]


class Theatre:
    """The reporter, before a GitHub that counts, and what it was told last."""

    def __init__(self) -> None:
        self.clock = testing.SimulatedClock()
        self.began = self.clock.now()
        self.hub = CountingHub(self.clock)
        self.hub.on_comment = self._written
        self.store = testing.MemoryStore(self.clock)
        self.newest: dict[model.EnvironmentKey, model.Report] = {}
        self.reacted: dict[str, list[float]] = {}
        """Seconds from news to the comment that tells it, by owner."""
        self._since: dict[model.EnvironmentKey, float] = {}
        """When it became as the newest report says; gone once that was written."""
        rules = governor.Governor(self.store, self.clock)
        told = writer.Writer(self.hub, self.store, self.newest.get, rules)
        self.desk = desk.Desk(told, rules, self.clock)

    def say(self, report: model.Report) -> None:
        """A pass reports."""
        before = self.newest.get(report.key)
        if before is None:
            self.store.hint(report.key)
        if report.commit is not None:
            self.hub.owners[report.commit] = report.key
        if before is None or _news(before) != _news(report):
            self._since[report.key] = self.seconds
        self.newest[report.key] = report
        self.desk.report(report)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return (self.clock.now() - self.began).total_seconds()

    def run(self) -> None:
        """Play until everything was told. Raises RuntimeError where that has no end."""
        while self.seconds < PATIENCE_HOURS * 3600:
            if job := self.desk.take():
                self.desk.settle(job, self.desk.do(job))
                continue
            pause, coming = self.desk.pause(), not self.gone
            if pause is None and not coming:
                return
            self.clock.advance(STEP_SECONDS if coming else pause or STEP_SECONDS)
        raise RuntimeError(f"{len(self.desk)} are still to be told")

    @property
    def gone(self) -> bool:
        """Whether every pull request has ended."""
        absent = (one.phase is model.Phase.ABSENT for one in self.newest.values())
        return len(self.newest) == STORM + BYSTANDERS and all(absent)

    def _written(self, key: model.EnvironmentKey, body: str) -> None:
        since = self._since.get(key)
        # A report may have come on the way; what is written is told of the one that it shows.
        if since is not None and body == render.comment(self.newest[key]):
            owner = governor.owner(key.repository)
            self.reacted.setdefault(owner, []).append(self.seconds - since)
            del self._since[key]


def run() -> Report:
    """Let the storm pass."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        theatre = Theatre()
        for repository, count in (("acme/shop", STORM), ("other/site", BYSTANDERS)):
            for number in range(1, count + 1):
                key = model.EnvironmentKey(repository, number)
                chance = random.Random(f"{SEED} {key}")
                PullRequest(key, theatre.clock, chance).run(theatre.say)
        theatre.run()
    finally:
        structlog.reset_defaults()
    return Report(_figures(theatre), LIMITS)


def _figures(theatre: Theatre) -> dict[str, float | None]:
    hub = theatre.hub
    busiest = max(hub.times, key=lambda owner: len(hub.times[owner]))
    writes = len(hub.times[busiest])
    comments = dict(hub.written.values())
    stale = [key for key, body in comments.items() if body != render.comment(theatre.newest[key])]
    unended = [
        found
        for found in hub.deployments.values()
        if found.statuses and found.statuses[-1][0] not in testing.SETTLED
    ]
    return {
        "environments": len(theatre.newest),
        "shown_environments": len(hub.shown),
        "writes": writes,
        "writes_per_env_median": statistics.median(hub.of[key] for key in hub.shown),
        "max_writes_per_minute": max(_busiest(times, 60.0) for times in hub.times.values()),
        "max_writes_per_hour": max(_busiest(times, 3600.0) for times in hub.times.values()),
        "refused_writes": hub.refused,
        "stale_final_comments": len(stale) + len(hub.written) - len(comments),
        "unended_deployments": len(unended),
        "unended_checks": sum(one.said[-1][0] == "in_progress" for one in hub.checks.values()),
        "hidden_env_writes": sum(hub.of[key] for key in hub.of if key not in hub.shown),
        "time_to_react_median_s": statistics.median(theatre.reacted[busiest]),
        "time_to_react_p95_s": _p95(theatre.reacted[busiest]),
        "bystander_react_p95_s": _p95(theatre.reacted["other"]),
        "drain_h": theatre.seconds / 3600,
        # The first 499 may go at once, and then as many each hour.
        "drain_floor_h": (writes - 1) // 499,
    }


def _news(report: model.Report) -> _News:
    return report.phase, report.reason, report.commit


def _busiest(times: Sequence[float], seconds: float) -> int:
    """The most of these times in any window that long."""
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]
