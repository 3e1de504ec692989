"""Whatever happens in whatever order: afterwards the world is as the pull requests want it."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import itertools
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings, stateful
from hypothesis import strategies as st

from bot import errors, intent, model, ports, reconcile
from bot.feedback import desk, governor, render, writer
from bot.model import Phase
from bot.reconcile import deadlines, removal
from tests.unit.bot.reconcile.stand import KEY, A, B, C, Stand

COMMITS = st.sampled_from([A, B, C])
COMMANDS = st.sampled_from(
    [
        "sleep",
        "wake",
        "extend 5m",
        "extend 1h30m",
        "pin",
        "unpin",
        "up",
        "down",
        "set A=1",
        "restart",
    ]
)
EXTENDED = {"5m": 300, "1h30m": 5400}
EXPIRED = model.Ignored(intent.EXPIRED)
MOMENTS = st.one_of(st.floats(0.0, 12.0), st.floats(0.0, 60.0))


class Killed(BaseException):
    """The process ends here, without another word."""


class Mortal:
    """A store at one of whose calls the bot dies, before it is answered or after."""

    def __init__(self, store: ports.Store) -> None:
        self._store = store
        self.left: int | None = None
        """Calls until death; None for ever."""
        self.after = False

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._store, name)

        def call(*arguments: Any, **named: Any) -> Any:
            # Deliveries and heartbeats come from other threads, which die with the process anyway.
            if name in {"hint", "renew", "row", "lanes", "timeline"} or self.left is None:
                return verb(*arguments, **named)
            self.left -= 1
            if self.left > 0:
                return verb(*arguments, **named)
            self.left = None
            if self.after:
                verb(*arguments, **named)
            raise Killed

        return call


class AtOnce:
    """A reporter that writes each report before it returns, as the background would."""

    def __init__(self, stand: Stand) -> None:
        self._stand = stand
        several = itertools.count()
        # Each write is an installation of its own: limits are not what is looked at here.
        rules = governor.Governor(stand.store, stand.clock, lambda _: str(next(several)))
        self._desk = desk.Desk(
            writer.Writer(stand.hub, stand.store, stand.stages.overview.of, rules),
            rules,
            stand.clock,
        )

    def acknowledge(self, command: model.Command) -> None:
        """Nobody looks."""

    def answer(self, command: model.Command) -> None:
        """Nobody looks."""

    def report(self, report: model.Report) -> None:
        self._desk.report(report)
        self.write()

    def write(self) -> None:
        while (job := self._desk.take(hurry=True)) is not None:
            outcome = self._desk.do(job)
            self._desk.settle(job, outcome)
            if outcome.end is desk.End.REFUSED:
                return
            self._true()

    def _true(self) -> None:
        """What people have just been told is so: neither a false "gone" nor a stale "ready"."""
        stand = self._stand
        for body in stand.hub.comments_on(KEY):
            name = stand.row.name
            if render.HEADLINES[Phase.ABSENT] in body:
                assert name not in stand.world.environments, "told gone, and it is there"
                assert name not in stand.world.edges, "told gone, and its edge is there"
                assert stand.world.lingering.get(name, stand.clock.now()) <= stand.clock.now()
            if render.HEADLINES[Phase.READY] in body:
                (commit,) = stand.world.commits(name)
                assert f"`{commit[:7]}`" in body, "told ready, and another commit runs"
                assert not stand.world.asleep(name), "told ready, and it is asleep"
            if render.HEADLINES[Phase.SLEEPING] in body:
                services = set(stand.world.environments[name])
                assert stand.world.asleep(name) == services, "told asleep, and something runs"


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Iterator[None]:
    """Thousands of passes would write more than anybody reads."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


class Convergence(stateful.RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.stand = Stand(with_edge=True)
        self.told = AtOnce(self.stand)
        self.mortal = Mortal(self.stand.store)
        stages = dataclasses.replace(self.stand.stages, reporter=self.told, store=self.mortal)
        self.stand.stages, self.stand.loop = stages, reconcile.Loop(stages)
        # Few looks in long waits: time that passes costs time here.
        self.stand.world.linger_seconds = 1.5
        self.stand.open(A)
        self.stand.hub.permissions["mallory"] = model.Permission.READ
        self.given = 0
        """Commands of people who may give them."""

    @stateful.initialize(
        lifetime=st.sampled_from([None, None, 600.0, 3600.0]),
        since=st.sampled_from(model.LifetimeFrom),
        warn_before=st.sampled_from([0.0, 120.0]),
    )
    def policy(self, lifetime: float | None, since: model.LifetimeFrom, warn_before: float) -> None:
        self.stand.with_policy(
            intent.Policy(lifetime=lifetime, lifetime_from=since, warn_before=warn_before)
        )

    # -- people ------------------------------------------------------------------------------------

    def _act(self, moment: float, action: Callable[[], None], hint: bool) -> None:
        """Something happens soon, perhaps in the middle of a pass; its delivery may be lost."""

        def happen() -> None:
            action()
            if hint:
                self.stand.store.hint(KEY)

        self.stand.clock.at(moment, happen)

    def _change(self, **changes: object) -> Callable[[], None]:
        def change() -> None:
            if KEY in self.stand.hub.pull_requests:
                self.stand.hub.change(KEY, **changes)

        return change

    @stateful.rule(moment=MOMENTS, commit=COMMITS, hint=st.booleans())
    def push(self, moment: float, commit: str, hint: bool) -> None:
        self._act(moment, self._change(head_sha=commit), hint)

    @stateful.rule(moment=MOMENTS, wanted=st.booleans(), hint=st.booleans())
    def label(self, moment: float, wanted: bool, hint: bool) -> None:
        labels = frozenset({"stage", "bug"} if wanted else {"bug"})
        self._act(moment, self._change(labels=labels), hint)

    @stateful.rule(moment=MOMENTS, is_open=st.booleans(), hint=st.booleans())
    def close_or_reopen(self, moment: float, is_open: bool, hint: bool) -> None:
        self._act(moment, self._change(open=is_open), hint)

    @stateful.rule(moment=MOMENTS, fork=st.sampled_from([None, "stranger/shop", KEY.repository]))
    def move(self, moment: float, fork: str | None) -> None:
        self._act(moment, self._change(head_repository=fork), hint=True)

    @stateful.rule(moment=MOMENTS)
    def doubled_delivery(self, moment: float) -> None:
        self._act(moment, lambda: None, hint=True)

    @stateful.rule(moment=MOMENTS)
    def approve(self, moment: float) -> None:
        def ask() -> None:
            if KEY in self.stand.hub.pull_requests:
                head = self.stand.hub.pull_requests[KEY].head_sha
                self.stand.command(f"approve {head[:7]}")
                self.given += 1

        self._act(moment, ask, hint=False)

    @stateful.rule(commit=COMMITS, bad=st.booleans())
    def stage_file(self, commit: str, bad: bool) -> None:
        self.stand.configurer.invalid.pop(commit, None)
        if bad:
            self.stand.configurer.invalid[commit] = "line 3: no such key"

    @stateful.rule(moment=MOMENTS, text=COMMANDS, doubled=st.booleans(), stranger=st.booleans())
    def command(self, moment: float, text: str, doubled: bool, stranger: bool) -> None:
        def ask() -> None:
            self.stand.command(text, "mallory" if stranger else "ada")
            if not stranger:
                self.given += 1
            if doubled:
                assert not self.stand.store.record_command(self.stand.store.commands(KEY)[-1])

        self._act(moment, ask, hint=False)

    @stateful.rule(seconds=st.sampled_from([60.0, 300.0, 500.0, 3500.0]))
    def time_passes(self, seconds: float) -> None:
        self.stand.clock.advance(seconds)

    # -- bad luck ----------------------------------------------------------------------------------

    @stateful.rule(
        moment=MOMENTS,
        what=st.sampled_from(["hub", "watch", "sleeper", "prover", "edge", "drain", "clearer"]),
    )
    def goes_away(self, moment: float, what: str) -> None:
        fault = errors.UnreachableError(f"{what} did not answer")
        self._act(moment, lambda: setattr(getattr(self.stand, what), "fault", fault), hint=False)

    @stateful.rule(
        moment=MOMENTS,
        what=st.sampled_from(["hub", "watch", "sleeper", "prover", "edge", "drain", "clearer"]),
    )
    def comes_back(self, moment: float, what: str) -> None:
        self._act(moment, lambda: setattr(getattr(self.stand, what), "fault", None), hint=False)

    @stateful.rule(times=st.integers(1, 9))
    def engine_will_fail(self, times: int) -> None:
        self.stand.engine.failures = ["no such subnet"] * times

    @stateful.rule(broken=st.booleans())
    def pods_break(self, broken: bool) -> None:
        self.stand.world.troubles = (
            {"web": (model.PodTrouble.CRASHING, "exit code 1")} if broken else {}
        )

    @stateful.rule(moment=MOMENTS)
    def lease_is_lost(self, moment: float) -> None:
        """A machine stands still for so long that others may take over."""
        self._act(moment, lambda: self.stand.clock.advance(deadlines.LEASE_SECONDS + 1), hint=False)

    # -- the bot -----------------------------------------------------------------------------------

    @stateful.rule()
    def one_pass(self) -> None:
        if not self.stand.once():
            self.stand.clock.advance(20)

    @stateful.rule(seconds=st.floats(0, 12))
    def a_pass_is_stopped(self, seconds: float) -> None:
        end = self.stand.clock.now().timestamp() + seconds
        self.stand.once(stopping=lambda: self.stand.clock.now().timestamp() > end)

    @stateful.rule(calls=st.integers(1, 12), after=st.booleans())
    def a_pass_is_killed(self, calls: int, after: bool) -> None:
        """At one of its writes: its engine dies with it, and its lease is left to run out."""
        self.mortal.left, self.mortal.after = calls, after
        with contextlib.suppress(Killed):
            self.stand.once()
        self.mortal.left = None
        assert not self.stand.engine.running()
        # Whoever starts in its place makes sure of what was told (bot.app).
        row = self.stand.store.row(KEY)
        report = self.stand.stages.overview.of(KEY)
        if row is not None and row.comment_id and report is not None:
            self.told.report(report)

    # -- always ------------------------------------------------------------------------------------

    @stateful.invariant()
    def one_operation_at_a_time(self) -> None:
        assert not self.stand.engine.overlaps

    @stateful.invariant()
    def one_comment_at_most(self) -> None:
        assert len(self.stand.hub.comments_on(KEY)) <= 1

    @stateful.invariant()
    def what_exists_is_recorded(self) -> None:
        for row in self.stand.rows:
            if not row.stack_exists:
                assert row.stack not in self.stand.engine.stacks
                edge = row.lane is model.Lane.EDGE
                world = self.stand.world
                assert row.name not in (world.edges if edge else world.environments)

    @stateful.invariant()
    def nothing_ends_unwarned_or_before_its_time(self) -> None:
        """The engine begins to destroy for the time's sake only what was warned of, and is over."""
        timeline = self.stand.store.timeline(KEY)
        for index, entry in enumerate(timeline):
            if removal.sentence(EXPIRED) in entry.text and "destroying" in entry.text:
                told = [line for line in timeline[:index] if line.text.startswith("ends at")]
                policy = self.stand.policies.settings
                assert policy.lifetime is not None
                if policy.warn_before:
                    assert told, "ended, and nobody was warned"
                for one in self._done():
                    verb, _, seconds = one.text.partition(" ")
                    if verb == "extend" and one.asked_at < entry.at:
                        until = one.asked_at + datetime.timedelta(seconds=EXTENDED[seconds])
                        assert until <= entry.at, "ended before it was extended to"

    @stateful.invariant()
    def a_command_is_done_once(self) -> None:
        done = [line.text for line in self.stand.store.timeline(KEY) if "ada asked: " in line.text]
        assert len(done) <= self.given

    # -- in the end --------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            self._everything_works_again()
            self._work_is_done()
            self._the_world_is_as_wanted()
        finally:
            self.stand.close()

    def _everything_works_again(self) -> None:
        stand = self.stand
        stand.clock.advance(65)
        for part in (
            stand.hub,
            stand.watch,
            stand.sleeper,
            stand.prover,
            stand.edge,
            stand.drain,
            stand.clearer,
        ):
            part.fault = None
        stand.engine.failures = []
        stand.world.troubles = {}
        # The last delivery may have been lost: what the sweep, or the next event, makes up for.
        stand.store.hint(KEY)

    def _work_is_done(self) -> None:
        for _ in range(60):
            self.stand.settle()
            due = [row.due_at for row in self.stand.rows if row.due_at is not None]
            if not due:
                break
            pause = (min(due) - self.stand.clock.now()).total_seconds()
            self.stand.clock.advance(max(pause, 0.0))
        else:
            raise AssertionError(f"no rest: {self.stand.rows}")
        self.told.write()

    def _the_world_is_as_wanted(self) -> None:
        row = self.stand.row
        found = self.stand.hub.pull_requests[KEY]
        trusted = found.head_repository == KEY.repository or (
            found.head_repository is not None and row.life.approved == found.head_sha
        )
        # Of a label and a command between two looks of the bot, nobody knows which came last.
        wished = row.life.wished
        labelled = found.open and ("stage" in found.labels if wished is None else wished)
        self._strangers_were_refused()
        pinned = self._last_of("pin", "unpin") == "pin"
        asleep = self._last_of("sleep", "wake") == "sleep"
        # All due times were waited for, so what has an end has come to it.
        mortal = self.stand.policies.settings.lifetime is not None and not pinned
        # What a commit was brought up with does not change any more.
        usable = found.head_sha not in self.stand.configurer.invalid or row.commit == found.head_sha
        if labelled and trusted and mortal:
            self._nothing_is_left(row)
            assert row.phase is Phase.ABSENT
        elif labelled and trusted and usable:
            phase = Phase.SLEEPING if asleep else Phase.READY
            assert (row.phase, row.commit) == (phase, found.head_sha)
            running = set() if asleep else set(self.stand.world.services)
            assert self._awake(row.name) == running
            assert self.stand.world.commits(row.name) == {found.head_sha}
            edge = self.stand.edge_row
            if edge.commit == found.head_sha or found.head_sha not in self.stand.configurer.invalid:
                assert edge.phase is Phase.READY
                assert row.name in self.stand.world.edges
            self._last_word(row, phase)
        elif labelled and trusted:
            assert row.phase is (Phase.DEGRADED if row.stack_exists else Phase.WAITING)
            self._last_word(row, row.phase)
        else:
            self._nothing_is_left(row)
            assert row.phase is (Phase.WAITING if labelled else Phase.ABSENT)
            if labelled or self.stand.hub.comments_on(KEY):
                self._last_word(row, row.phase)
        self._deployments(row)

    def _done(self) -> list[model.Command]:
        """The commands that were done, in the order in which they were given."""
        done = model.CommandState.DONE
        return [one for one in self.stand.store.commands(KEY) if one.state is done]

    def _strangers_were_refused(self) -> None:
        for one in self.stand.store.commands(KEY):
            assert (one.author == "ada") or one.state is model.CommandState.REFUSED

    def _nothing_is_left(self, row: ports.Row) -> None:
        assert not self.stand.engine.stacks
        assert not self.stand.world.environments
        assert not self.stand.world.edges
        assert self.stand.prover.look(row.name).proved
        assert not row.stack_exists

    def _awake(self, name: str) -> set[str]:
        return set(self.stand.world.environments[name]) - self.stand.world.asleep(name)

    def _last_of(self, *verbs: str) -> str | None:
        """The last of these that somebody said while there was an open pull request."""
        said = [one.text for one in self._done() if one.text in verbs]
        return said[-1] if said else None

    def _last_word(self, row: ports.Row, phase: Phase) -> None:
        (body,) = self.stand.hub.comments_on(KEY)
        assert render.HEADLINES[phase] in body
        if phase is Phase.READY:
            assert f"`{row.commit[:7] if row.commit else None}`" in body

    def _deployments(self, row: ports.Row) -> None:
        if row.phase is Phase.ABSENT:
            newest = self.stand.hub.deployments.get(row.deployment_id or 0)
            assert newest is None or newest.statuses[-1][0] == "inactive"


def _sequences(count: int) -> settings:
    return settings(
        max_examples=count,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


class TestSample(Convergence.TestCase):  # type: ignore[misc, valid-type]
    """With `make test`: the same sequences each time."""

    settings = _sequences(200)


@pytest.mark.slow
class TestTenThousand(Convergence.TestCase):  # type: ignore[misc, valid-type]
    """With `make test-all`: new ones."""

    settings = _sequences(10_000)
