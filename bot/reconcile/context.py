"""What one pass over one lane of an environment works with."""

from __future__ import annotations

import dataclasses
import datetime
import random
import time
from collections.abc import Callable, Iterator, Mapping

import structlog

from bot import clock, cost, errors, intent, metrics, model, overview, policies, ports
from bot.reconcile import lease as leases

_log = structlog.get_logger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Stages:
    """Everything that a pass asks: the ports, the policy and the time."""

    hub: ports.Hub
    store: ports.Store
    engine: ports.Engine
    watch: ports.Watch
    sleeper: ports.Sleeper
    prover: ports.Prover
    edge: ports.Edge
    drain: ports.Drain
    clearers: Mapping[model.Lane, ports.Clearer]
    configurer: ports.Configurer
    images: ports.Images
    reporter: ports.Reporter
    policies: ports.Policies
    chat: ports.Chat
    clock: clock.Clock
    label: str = "stage"
    """The label that asks for an environment."""
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    """A number from 0 to 1, so that those who wait do not all come back at once."""
    metrics: metrics.Metrics = dataclasses.field(default_factory=metrics.Metrics)

    @property
    def overview(self) -> overview.Overview:
        """How environments stand, for people."""
        return overview.Overview(self.store, self.configurer.routes)


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
        self.trusted = False
        """Whether the pull request's author may write to its repository; False until asked."""
        self.definitions: tuple[str, ...] = ()
        """The definitions that its repository has instead of this one."""
        self.changes_at: datetime.datetime | None = None
        """When something else is wanted though nothing happens."""

    @property
    def key(self) -> model.EnvironmentKey:
        """Whose environment it is."""
        return self.row.key

    # -- reading ----------------------------------------------------------------------------------

    def look(self) -> model.PullRequest | None:
        """Read the pull request anew, and with it the wish; None where it is gone."""
        decision, found = self._read()
        self.wish, self.changes_at = decision.wish, decision.changes_at
        target = self.wish.commit if isinstance(self.wish, model.Desired) else None
        if target != self.row.target:
            self.save(target=target)
        if self.row.lane is model.Lane.CLUSTER and decision.life != self.row.life:
            self._live(decision.life)
        return found

    def _live(self, life: model.Life) -> None:
        """Keep what was learnt of the environment's life; who is to be warned, is warned."""
        before = self.row.life.ends_at
        self.save(life=life)
        if isinstance(self.wish, model.Desired) and life.ends_at not in {None, before}:
            self.note(overview.warning(life))

    def newest_wish(self) -> model.Desired | model.Ignored:
        """What the pull request asks for by now; this pass stays with its own wish."""
        return self._read()[0].wish

    def _read(self) -> tuple[intent.Decision, model.PullRequest | None]:
        life = self._life()
        try:
            found = self.stages.hub.pull_request(self.key)
        except errors.NotFoundError:
            return intent.ignore(intent.GONE, life), None
        if found.key.identity != self.key.identity:
            # Names come from the repository's: under another one it is another environment.
            if self.stages.store.row(found.key) is None:
                self.stages.store.hint(found.key)
            return intent.ignore(intent.MOVED, life), found
        decision = self._decided(found, life)
        if self.row.lane is model.Lane.EDGE and isinstance(decision.wish, model.Desired):
            # Only workloads sleep.
            awake = dataclasses.replace(decision.wish, asleep=False)
            decision = dataclasses.replace(decision, wish=awake)
        return decision, found

    def _decided(self, found: model.PullRequest, life: model.Life) -> intent.Decision:
        if not found.open:
            # Whatever the policy is, and whether or not it can be read.
            return intent.ignore(intent.CLOSED, life)
        policy = self.stages.policies.policy(
            found.key.repository, found.base_ref, found.key.definition
        )
        self.definitions = tuple(policy.definitions)
        # The label is looked at first: it decides whether anything is to be asked.
        life = intent.read(life, found, policy.label)
        known = policies.known(found, policy, life, self.stages.hub, self.stages.chat)
        self.trusted = known.trusted
        return intent.decide(found, policy, life, self.stages.clock.now(), known)

    def _life(self) -> model.Life:
        """The environment's life by now: its cluster's lane may have changed it meanwhile."""
        stored = self.stages.store.row(self.key, self.row.lane) or self.row
        return stored.life

    def follow(self, commit: str, stop: Callable[[], bool]) -> Iterator[model.Progress]:
        """Follow the workloads, and end that orderly also when the pass fails meanwhile."""
        following = self.stages.watch.follow(self.row.name, commit, stop)
        try:
            for progress in following:
                if progress != self.row.progress:
                    self.save(progress=progress)
                yield progress
        finally:
            # A generator ends its threads and connections when it is closed, not when it is left.
            if close := getattr(following, "close", None):
                close()

    def unreachable(self) -> errors.UnreachableError | None:
        """What does not answer just now, of all that the lane is made in."""
        try:
            self.stages.prover.look(self.row.name, self.row.lane)
        except errors.UnreachableError as error:
            return error
        return None

    def others_gone(self) -> bool:
        """Whether no other lane of the environment has anything left."""
        lanes = self.stages.store.lanes(self.key).values()
        return not any(row.stack_exists for row in lanes if row.lane is not self.row.lane)

    def after(self, seconds: float) -> datetime.datetime:
        """The time so many seconds from now."""
        return self.stages.clock.now() + datetime.timedelta(seconds=seconds)

    def in_phase(self) -> float:
        """The seconds since the lane came into its phase."""
        return (self.stages.clock.now() - self.row.phase_since).total_seconds()

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

    def to(self, phase: model.Phase, reason: str = "", **changes: object) -> None:
        """Enter a phase (or stay in it), store it and tell people. Raises LeaseLostError."""
        moved = phase is not self.row.phase
        if moved or reason != self.row.reason or changes:
            if moved:
                lane = "" if self.row.lane is model.Lane.CLUSTER else f"{self.row.lane.value}: "
                self.note(f"{lane}{phase.value}{f': {reason}' if reason else ''}")
                _log.info(
                    "phase",
                    action="phase",
                    environment=str(self.key),
                    lane=self.row.lane.value,
                    phase=phase.value,
                    was=self.row.phase.value,
                    why=reason,
                )
                # Counted with what was asked for until now, which the changes may replace.
                changes["usage"] = cost.used(self.row, self.in_phase())
            self.save(phase=phase.value, reason=reason, **changes)
        self.report()

    def report(self) -> None:
        """Tell people how the environment stands. Raises LeaseLostError."""
        self.held.check()
        if found := self.stages.overview.of(self.key):
            self.stages.reporter.report(found)
