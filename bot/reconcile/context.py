"""What one pass over one environment works with."""

from __future__ import annotations

import dataclasses
import datetime
import time
from collections.abc import Callable, Iterator

import structlog

from bot import clock, errors, intent, model, ports
from bot.reconcile import lease as leases
from infra.contract import outputs

_log = structlog.get_logger(__name__)


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
        self.held = held
        self.stopping = stopping
        self.generation = row.wanted
        """The newest wish that this pass answers."""
        # Somebody asked anew, perhaps after mending something: the count begins again.
        self.failures = 0 if row.wanted > row.seen else row.failures
        """Passes in a row that failed before this one."""
        self.wish: model.Desired | model.Ignored | None = None
        """What is wanted; None until it was read."""
        self.progress: model.Progress | None = None
        """How far the workloads were when last looked at."""
        self._edge_deployed = False

    @property
    def key(self) -> model.EnvironmentKey:
        """Whose environment it is."""
        return self.row.key

    @property
    def commit(self) -> str | None:
        """The commit that this pass is about."""
        return self.wish.commit if isinstance(self.wish, model.Desired) else self.row.commit

    @property
    def distribution_id(self) -> str | None:
        """The staging distribution, where there is one."""
        found = self.row.outputs.get(outputs.STAGING_DISTRIBUTION_ID)
        return found if isinstance(found, str) else None

    # -- reading ----------------------------------------------------------------------------------

    def look(self) -> model.PullRequest | None:
        """Read the pull request anew, and with it the wish; None where it is gone."""
        self.wish, found = self._read()
        return found

    def newest_wish(self) -> model.Desired | model.Ignored:
        """What the pull request asks for by now; this pass stays with its own wish."""
        return self._read()[0]

    def _read(self) -> tuple[model.Desired | model.Ignored, model.PullRequest | None]:
        try:
            found = self.stages.hub.pull_request(self.key)
        except errors.NotFoundError:
            return model.Ignored(intent.GONE), None
        return intent.decide(found, self.stages.policy), found

    def follow(self, commit: str, stop: Callable[[], bool]) -> Iterator[model.Progress]:
        """Follow the workloads, and end that orderly also when the pass fails meanwhile."""
        following = self.stages.watch.follow(self.row.name, commit, stop)
        try:
            for progress in following:
                self.progress = progress
                yield progress
        finally:
            # A generator ends its threads and connections when it is closed, not when it is left.
            if close := getattr(following, "close", None):
                close()

    def ask_edge(self) -> bool:
        """Whether CloudFront has come to all edges; true where there is no staging distribution."""
        if self.distribution_id is None:
            return True
        try:
            self._edge_deployed = self.stages.edge.deployed(self.distribution_id)
        except errors.UnreachableError as error:
            _log.warning(
                "CloudFront not asked", action="edge", environment=str(self.key), why=error.message
            )
        return self._edge_deployed

    def unreachable(self) -> errors.UnreachableError | None:
        """What does not answer just now, of all that an environment is made in."""
        try:
            self.stages.prover.look(self.row.name)
        except errors.UnreachableError as error:
            return error
        return None

    def after(self, seconds: float) -> datetime.datetime:
        """The time so many seconds from now."""
        return self.stages.clock.now() + datetime.timedelta(seconds=seconds)

    # -- writing ----------------------------------------------------------------------------------

    def save(self, **changes: object) -> None:
        """Change the stored row. Raises LeaseLostError."""
        self.row = self.stages.store.save(self.held.lease, **changes)

    def note(self, text: str) -> None:
        """Add a line to the timeline. Raises LeaseLostError."""
        self.held.check()
        self.stages.store.note(self.key, text)

    def engine_event(self, text: str) -> None:
        """Add the engine's line to the timeline; called by the engine's thread, so never raises."""
        if self.held.known_lost():
            return
        try:
            self.stages.store.note(self.key, text)
        except Exception:
            _log.exception("event not kept", action="note", environment=str(self.key), text=text)

    def to(
        self,
        phase: model.Phase,
        reason: str = "",
        absence: model.Absence | None = None,
        **changes: object,
    ) -> None:
        """Enter a phase (or stay in it), store it and tell people. Raises LeaseLostError."""
        moved = phase is not self.row.phase
        if moved or reason != self.row.reason or changes:
            if moved:
                self.note(f"{phase.value}{f': {reason}' if reason else ''}")
                _log.info(
                    "phase",
                    action="phase",
                    environment=str(self.key),
                    phase=phase.value,
                    was=self.row.phase.value,
                    why=reason,
                )
            self.save(phase=phase.value, reason=reason, **changes)
        self.report(absence)

    def report(self, absence: model.Absence | None = None) -> None:
        """Tell people how the environment stands. Raises LeaseLostError."""
        self.held.check()
        self.stages.reporter.report(
            model.Report(
                key=self.key,
                name=self.row.name,
                phase=self.row.phase,
                commit=self.commit,
                reason=self.row.reason,
                routes=self._routes(),
                progress=self.progress,
                absence=absence,
                timeline=tuple(self.stages.store.timeline(self.key)),
            )
        )

    def _routes(self) -> model.Routes | None:
        found = self.stages.configurer.routes(self.row)
        if found is None or found.edge is None:
            return found
        edge = dataclasses.replace(found.edge, deployed=self._edge_deployed)
        return dataclasses.replace(found, edge=edge)
