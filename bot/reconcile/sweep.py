"""Finds what deliveries missed and what the store forgot: lists everything, compares, and hints.

A sweep takes nothing away. Of a difference comes a hint, or a row where there was none; then a pass
reads that one pull request and decides. A listing that failed switches off what depends on it.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from bot import clock, model, overview, ports
from bot.reconcile import differences
from bot.reconcile.brake import Brake
from bot.reconcile.differences import Action, Finding, Kind
from bot.reconcile.patience import Patience
from bot.reconcile.survey import Survey

TWICE = frozenset({Kind.ORPHAN_STACK, Kind.ORPHAN_RESOURCES, Kind.ROW_WITHOUT_STACK, Kind.STRANGER})
"""What comes and goes may look so for a moment: two sweeps have to agree on these."""

CatchUp = Callable[[str, Sequence[model.PullRequest]], Sequence[model.Command]]

_log = structlog.get_logger(__name__)


class Store(Protocol):
    """What a sweep asks of the store."""

    def rows(self) -> Sequence[ports.Row]:
        """All environments."""

    def lanes(self, key: model.EnvironmentKey) -> Mapping[model.Lane, ports.Row]:
        """One environment as it stands."""

    def hint(self, key: model.EnvironmentKey) -> None:
        """Raise `wanted` (the row is made where missing)."""

    def adopt(self, key: model.EnvironmentKey) -> bool:
        """Make a row that says that something exists, and raise `wanted`.

        False, with nothing changed, where a row says so already.
        """

    def doubt(self, key: model.EnvironmentKey) -> None:
        """Record that what a row says was not found, and raise `wanted`: it is made anew."""


@dataclasses.dataclass(slots=True)
class Counters:
    """What sweeps have come to since the start; for metrics."""

    sweeps: int = 0
    """Those that came to their end."""
    findings: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    """By kind; what stays is found by each sweep."""
    outcomes: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    """By what was done: `hinted`, `adopted`, `shown`, `braked`, …"""
    failures: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    """Listings that failed, by source: `github`, `state`, `inventory`, `store`."""
    ended_at: datetime.datetime | None = None
    """When the last sweep ended; None before the first."""


class Sweep:
    """Makes sweeps, one at a time; remembers between them what two have to agree on."""

    def __init__(
        self,
        *,
        store: Store,
        pull_requests: ports.PullRequests,
        stacks: ports.Stacks,
        inventory: ports.Inventory,
        policies: ports.Policies,
        time: clock.Clock,
        brake: Brake | None = None,
        wake: Callable[[], None] = lambda: None,
        catch_up: CatchUp = lambda _, __: (),
    ) -> None:
        """`catch_up` keeps the commands that no delivery told of; see `Conversation`."""
        self.counters = Counters()
        self._store = store
        self._survey = Survey(
            store,
            pull_requests=pull_requests,
            policies=policies,
            stacks=stacks,
            inventory=inventory,
            failures=self.counters.failures,
        )
        self._clock = time
        self._catch_up = catch_up
        self._wake = wake
        self.brake = brake or Brake()
        self._before: frozenset[tuple[Kind, str]] = frozenset()
        self._patience = Patience()

    def run(self, stopping: Callable[[], bool] = lambda: False) -> Sequence[Finding]:
        """Make one sweep, and return what was found; raises nothing that a service is to blame for.

        Where `stopping` says so, it ends before the next question, and nothing is done.
        """
        listings = self._survey.listings(stopping)
        if listings is None or stopping():
            self._before = frozenset()
            return []
        for repository, pulls in listings.pull_requests.items():
            missed = self._survey.ask("github", self._catch_up, repository, pulls)
            if missed:
                self.counters.outcomes["command found"] += len(missed)
        findings = differences.differences(listings, self._clock.now())
        rows = {row.name: row for row in listings.rows}
        vanishing = {found.key for found in findings if found.vanishes and found.key is not None}
        verdict = self.brake.check(vanishing, differences.judged(listings))
        if verdict.held:
            _log.error(
                "brake: most environments would go; the next sweep has to agree",
                action="sweep",
                environments=sorted(map(str, verdict.held)),
            )
        for finding in findings:
            held = finding.vanishes and finding.key in verdict.held
            done = "braked" if held else self._act(finding, rows.get(finding.name))
            self._tell(finding, done)
        self._before = frozenset((found.kind, found.name) for found in findings)
        self._patience.keep(findings)
        self._end(findings)
        return findings

    def _act(self, finding: Finding, row: ports.Row | None) -> str:
        """Do what the finding asks for; what was done, in one word or two."""
        if finding.kind in TWICE and (finding.kind, finding.name) not in self._before:
            return "seen once"
        if finding.action is Action.SHOW or finding.key is None:
            return "shown"
        if not self._patience.due(finding, self.counters.sweeps):
            return "asked before"
        return self._survey.ask("store", self._apply, finding, finding.key, row) or "failed"

    def _apply(self, finding: Finding, key: model.EnvironmentKey, row: ports.Row | None) -> str:
        lanes = self._store.lanes(key)
        if _state(overview.merged(lanes) if lanes else None) != _state(row):
            return "changed meanwhile"
        if finding.action is Action.ADOPT:
            done = "adopted" if self._store.adopt(key) else "known"
        elif finding.action is Action.DOUBT:
            self._store.doubt(key)
            done = "doubted"
        else:
            self._store.hint(key)
            done = "hinted"
        self._patience.note(finding, self.counters.sweeps)
        return done

    def _tell(self, finding: Finding, done: str) -> None:
        self.counters.findings[finding.kind.value] += 1
        self.counters.outcomes[done] += 1
        _log.info(
            "finding",
            action="sweep",
            kind=finding.kind.value,
            environment=str(finding.key or finding.name),
            name=finding.name,
            why=finding.why,
            done=done,
        )

    def _end(self, findings: Sequence[Finding]) -> None:
        self.counters.sweeps += 1
        self.counters.ended_at = self._clock.now()
        self._wake()
        _log.info("sweep ended", action="sweep", findings=len(findings))


def _state(row: ports.Row | None) -> tuple[object, ...]:
    """What a pass changes of a row, as far as a finding is about it."""
    if row is None:
        return ()
    return row.wanted, row.seen, row.phase, row.stack_exists, row.commit
