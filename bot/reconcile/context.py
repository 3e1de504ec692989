"""What one pass over one environment works with."""

from __future__ import annotations

import dataclasses
import datetime
import time
from collections.abc import Callable

from bot import clock, errors, intent, model, ports
from bot.reconcile import lease as leases
from infra.contract import outputs


@dataclasses.dataclass(frozen=True, slots=True)
class Stages:
    """Everything that a pass asks: the ports, the policy and the time."""

    hub: ports.Hub
    store: ports.Store
    engine: ports.Engine
    watch: ports.Watch
    prover: ports.Prover
    edge: ports.Edge
    configurer: ports.Configurer
    reporter: ports.Reporter
    policy: intent.Policy
    clock: clock.Clock
    sleep: Callable[[float], None] = time.sleep


class Pass:
    """One pass: the row as it was taken and as it is saved, and the verbs that change it."""

    def __init__(
        self, stages: Stages, row: ports.Row, held: leases.HeldLease, stopping: Callable[[], bool]
    ) -> None:
        self.stages = stages
        self.row = row
        self.generation = row.wanted
        """The newest wish that this pass answers."""
        self.held = held
        self.stopping = stopping

    @property
    def key(self) -> model.EnvironmentKey:
        """Whose environment it is."""
        return self.row.key

    def save(self, **changes: object) -> None:
        """Change the stored row. Raises LeaseLostError."""
        self.row = self.stages.store.save(self.held.lease, **changes)

    def note(self, text: str) -> None:
        """Add a line to the timeline."""
        self.stages.store.note(self.key, text)

    def desired(self) -> model.Desired | model.Ignored:
        """What the pull request asks for, read anew. Raises UnreachableError."""
        return self.look()[0]

    def look(self) -> tuple[model.Desired | model.Ignored, model.PullRequest | None]:
        """The wish and the pull request; one that is gone counts as closed."""
        try:
            found = self.stages.hub.pull_request(self.key)
        except errors.NotFoundError:
            return model.Ignored(intent.GONE), None
        return intent.decide(found, self.stages.policy), found

    def newer_wish(self) -> bool:
        """Whether a hint has come since this pass began."""
        stored = self.stages.store.row(self.key)
        return stored is not None and stored.wanted > self.generation

    def to(
        self,
        phase: model.Phase,
        reason: str = "",
        commit: str | None = None,
        progress: model.Progress | None = None,
        absence: model.Absence | None = None,
        **changes: object,
    ) -> None:
        """Enter a phase (or stay in it), store it and tell people."""
        if phase is not self.row.phase or reason != self.row.reason or changes:
            if phase is not self.row.phase:
                self.note(f"{phase.value}{f': {reason}' if reason else ''}")
            self.save(phase=phase.value, reason=reason, **changes)
        self.report(commit, progress, absence)

    def report(
        self,
        commit: str | None = None,
        progress: model.Progress | None = None,
        absence: model.Absence | None = None,
    ) -> None:
        """Tell people how the environment stands."""
        self.stages.reporter.report(
            model.Report(
                key=self.key,
                name=self.row.name,
                phase=self.row.phase,
                commit=commit or self.row.commit,
                reason=self.row.reason,
                routes=self.routes(),
                progress=progress,
                absence=absence,
                timeline=tuple(self.stages.store.timeline(self.key)),
            )
        )

    def routes(self) -> model.Routes | None:
        """The addresses, with how far CloudFront has come once everything else is done."""
        found = self.stages.configurer.routes(self.row)
        if found is None or found.edge is None or self.row.phase is not model.Phase.READY:
            return found
        edge = dataclasses.replace(found.edge, deployed=self.edge_deployed())
        return dataclasses.replace(found, edge=edge)

    def edge_deployed(self) -> bool:
        """Whether the staging distribution is at all edges; true where there is none."""
        identifier = self.row.outputs.get(outputs.STAGING_DISTRIBUTION_ID)
        if not isinstance(identifier, str):
            return True
        try:
            return self.stages.edge.deployed(identifier)
        except errors.UnreachableError:
            return False

    def after(self, seconds: float) -> datetime.datetime:
        """The time so many seconds from now."""
        return self.stages.clock.now() + datetime.timedelta(seconds=seconds)
