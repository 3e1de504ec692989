"""The loop on the fakes of `bot.testing` and a real store."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Mapping
from pathlib import Path

from bot import chatops, intent, metrics, model, overview, ports, reconcile, said, store, testing
from bot.model import Phase
from bot.reconcile import deadlines
from bot.testing import MemoryStore

KEY = model.EnvironmentKey("acme/shop", 7)
A, B, C = "a" * 40, "b" * 40, "c" * 40


class Stand:
    def __init__(self, folder: Path | None = None, *, with_edge: bool = False) -> None:
        """On a store in that folder, or in memory."""
        self.clock = testing.SimulatedClock()
        self.world = testing.FakeWorld(self.clock)
        self.hub = testing.FakeHub()
        self.store: ports.Store = (
            MemoryStore(self.clock)
            if folder is None
            else store.SqlStore(f"sqlite:///{folder / 'bot.db'}", self.clock)
        )
        self.engine = testing.FakeEngine(self.world)
        self.watch = testing.FakeWatch(self.world)
        self.sleeper = testing.FakeSleeper(self.world)
        self.prover = testing.FakeProver(self.world)
        self.edge = testing.FakeEdge()
        self.drain = testing.FakeDrain(self.world)
        self.clearer = testing.FakeClearer(self.world)
        self.configurer = testing.FakeConfigurer()
        self.configurer.with_edge = with_edge
        self.lanes = tuple(model.Lane) if with_edge else (model.Lane.CLUSTER,)
        self.images = testing.FakeImages()
        self.policies = testing.FakePolicies()
        self.workloads = testing.FakeWorkloads(self.world)
        self.comments = 0
        self._asked_at = self.clock.now()
        self.reporter = testing.FakeReporter()
        self.stages = reconcile.Stages(
            hub=self.hub,
            store=self.store,
            engine=self.engine,
            watch=self.watch,
            sleeper=self.sleeper,
            prover=self.prover,
            edge=self.edge,
            drain=self.drain,
            clearers=dict.fromkeys(model.Lane, self.clearer),
            configurer=self.configurer,
            images=self.images,
            reporter=self.reporter,
            policies=self.policies,
            chat=chatops.HubChat(
                self.hub,
                self.workloads,
                lambda key: overview.Overview(self.store, self.configurer.routes).of(key),
                chatops.Reader(),
            ),
            clock=self.clock,
            sleep=self.clock.sleep,
            chance=lambda: 0.5,
        )
        self.loop = reconcile.Loop(self.stages)

    def close(self) -> None:
        if isinstance(self.store, store.SqlStore):
            self.store.close()

    # -- what people do ---------------------------------------------------------------------------

    def open(self, commit: str = A, *labels: str, fork: str | None = None) -> None:
        self.hub.open(KEY, commit, *(labels or ("stage",)), fork=fork)
        self.store.hint(KEY)

    def push(self, commit: str) -> None:
        self.change(head_sha=commit)

    def shut(self) -> None:
        self.change(open=False)

    def change(self, **changes: object) -> None:
        self.hub.change(KEY, **changes)
        self.store.hint(KEY)

    def command(self, text: str, author: str = "ada") -> None:
        """Somebody writes a comment with this command."""
        self.comments += 1
        now = self.clock.now()
        given = model.Command(KEY, self.comments, 1, text, author, now)
        self.hub.said.append(said.Said(KEY, self.comments, author, f"/stage {text}", now))
        self.store.record_command(given)
        self._asked_at = now

    def asked_at(self, seconds: float = 0.0) -> datetime.datetime:
        """So many seconds after the last command."""
        return self._asked_at + datetime.timedelta(seconds=seconds)

    # -- what the bot does ------------------------------------------------------------------------

    def once(self, stopping: Callable[[], bool] = lambda: False) -> bool:
        """One pass, if there is work."""
        taken = self.store.take("test", deadlines.LEASE_SECONDS, self.lanes)
        if taken is not None:
            self.loop.run(*taken, stopping)
            assert not self.engine.running(), "no operation outlives its pass"
            assert not self.watch.open, "no watch outlives its pass"
        return taken is not None

    def settle(self, passes: int = 40) -> None:
        """All passes that are to be made now."""
        for _ in range(passes):
            if not self.once():
                return
        raise AssertionError("work without end")

    def pass_due(self) -> None:
        """Let time pass until the next look is due, and take it."""
        due = self.row.due_at
        assert due is not None
        self.clock.advance(max((due - self.clock.now()).total_seconds(), 0.0))
        assert self.once()

    def rest(self, passes: int = 200) -> None:
        """Let time pass until nothing is due any more, or a person is needed."""
        for _ in range(passes):
            self.settle()
            due = [row.due_at for row in self.rows if row.due_at and row.phase is not Phase.STUCK]
            if not due:
                return
            self.clock.advance(max((min(due) - self.clock.now()).total_seconds(), 0.0))
        raise AssertionError(f"no rest: {self.rows}")

    # -- what there is ----------------------------------------------------------------------------

    @property
    def row(self) -> ports.Row:
        found = self.store.row(KEY)
        assert found is not None
        return found

    @property
    def rows(self) -> list[ports.Row]:
        return [row for row in self.store.lanes(KEY).values() if row.lane in self.lanes]

    @property
    def edge_row(self) -> ports.Row:
        return self.store.lanes(KEY)[model.Lane.EDGE]

    @property
    def told(self) -> model.Report:
        return self.reporter.reports[-1]

    @property
    def verbs(self) -> list[str]:
        return [operation.verb for operation in self.engine.operations]

    @property
    def configs(self) -> list[Mapping[str, str]]:
        return self.engine.configs

    @property
    def timeline(self) -> list[str]:
        return [entry.text for entry in self.store.timeline(KEY)]

    def with_policy(self, policy: intent.Policy) -> None:
        self.policies.settings = policy

    def count(self, counts: metrics.Metrics) -> None:
        """Let the loop count there."""
        self.stages = dataclasses.replace(self.stages, metrics=counts)
        self.loop = reconcile.Loop(self.stages)
