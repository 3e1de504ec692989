"""The reporter without its threads, in simulated time: outages, limits, and what becomes of it."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest

from bot import errors, model, testing
from bot.feedback import desk, governor, render, writer
from bot.model import Phase
from tests.unit.bot.feedback.reports import KEY, NOON, B, pod, report

OUTAGE = errors.UnreachableError("GitHub did not answer")
HOUR = 3600.0


class Hub(testing.FakeHub):
    """Counts what it is asked, also in vain."""

    def __init__(self, clock: testing.SimulatedClock) -> None:
        super().__init__()
        self.clock = clock
        self.asked: list[float] = []
        self.bodies: list[str] = []

    def answer(self) -> None:
        self.asked.append(self.clock.now().timestamp())
        super().answer()

    def write_comment(self, key: model.EnvironmentKey, body: str, comment_id: int | None) -> int:
        number = super().write_comment(key, body, comment_id)
        self.bodies.append(body)
        return number


class Stand:
    def __init__(self) -> None:
        self.clock = testing.SimulatedClock(NOON)
        self.hub = Hub(self.clock)
        self.store = testing.MemoryStore(self.clock)
        self.newest: dict[model.EnvironmentKey, model.Report] = {}
        self.rules = governor.Governor(self.store, self.clock)
        told = writer.Writer(self.hub, self.store, self.newest.get, self.rules)
        self.desk = desk.Desk(told, self.rules, self.clock)

    def say(self, phase: Phase, key: model.EnvironmentKey = KEY, **changes: Any) -> None:
        self.store.hint(key)
        self.newest[key] = dataclasses.replace(report(phase, **changes), key=key)
        self.desk.report(self.newest[key])

    def work(self, seconds: float) -> None:
        """Let so much time pass, and write what may be written."""
        end = self.now + seconds
        while self.now < end:
            if job := self.desk.take():
                self.desk.settle(job, self.desk.do(job))
                continue
            pause = self.desk.pause()
            self.clock.advance(min(end - self.now, pause or seconds))

    @property
    def now(self) -> float:
        return self.clock.now().timestamp()

    def comment(self, key: model.EnvironmentKey = KEY) -> str:
        (body,) = self.hub.comments_on(key)
        return body

    def fill(self, rank: governor.Rank) -> None:
        """Use up what this rank may."""
        while not self.rules.wait(KEY.repository, rank):
            with self.rules.writing(KEY, rank):
                pass


@pytest.fixture
def stand() -> Stand:
    return Stand()


def numbered(number: int, repository: str = KEY.repository) -> model.EnvironmentKey:
    return model.EnvironmentKey(repository, number)


# -- GitHub is down -------------------------------------------------------------------------------


def test_an_hour_without_github_delays_comments_and_writes_nothing_stale(stand: Stand) -> None:
    keys = [numbered(number) for number in range(1, 101)]
    stand.hub.fault = OUTAGE
    phases = (Phase.PROVISIONING, Phase.READY, Phase.DEGRADED, Phase.SLEEPING)
    for phase in phases:
        for key in keys:
            stand.say(phase, key)
        stand.work(HOUR / len(phases))
    assert not stand.hub.writes
    assert len(stand.hub.asked) < 100, "in vain, so rarely"
    back = stand.now
    stand.hub.fault = None
    tried = len(stand.hub.asked)
    stand.work(900)
    assert len(stand.desk) == 0
    assert stand.hub.asked[tried] - back <= governor.LAST_PAUSE_SECONDS
    assert len(stand.hub.bodies) == len(keys)
    for key in keys:
        assert stand.comment(key) == render.comment(stand.newest[key])


def test_what_came_and_went_while_github_was_down_costs_nothing(stand: Stand) -> None:
    stand.hub.fault = OUTAGE
    stand.say(Phase.READY)
    stand.work(600)
    stand.say(Phase.ABSENT, commit=None)
    stand.hub.fault = None
    stand.work(600)
    assert len(stand.desk) == 0
    assert not stand.hub.writes


def test_a_short_failure_is_made_up_for_at_once(stand: Stand) -> None:
    stand.hub.fault = OUTAGE
    stand.say(Phase.READY)
    stand.work(3)
    stand.hub.fault = None
    stand.work(10)
    assert "Ready" in stand.comment()


# -- limits ---------------------------------------------------------------------------------------


def test_a_limit_is_waited_for_as_long_as_github_says(stand: Stand) -> None:
    stand.hub.fault = errors.UnreachableError("slow", reason="rate-limited", retry_after=1000.0)
    stand.say(Phase.READY)
    stand.say(Phase.READY, numbered(1, "other/site"))
    stand.work(5)
    stand.hub.fault = None
    stand.work(900)
    assert not stand.hub.writes
    assert len(stand.hub.asked) == 2, "once for each installation"
    stand.work(200)
    assert "Ready" in stand.comment()
    assert "Ready" in stand.comment(numbered(1, "other/site"))


def test_one_installation_without_room_keeps_no_other_waiting(stand: Stand) -> None:
    stand.fill(governor.Rank.NEWS)
    for number in range(1, 51):
        stand.say(Phase.READY, numbered(number))
    other = numbered(1, "other/site")
    stand.say(Phase.READY, other)
    stand.work(2)
    assert "Ready" in stand.comment(other)
    assert not stand.hub.comments_on(numbered(1))


def test_what_is_ready_is_told_where_there_is_no_room_for_other_phases(stand: Stand) -> None:
    stand.fill(governor.Rank.PHASE)
    stand.say(Phase.PROVISIONING, numbered(1))
    stand.say(Phase.READY, numbered(2))
    stand.work(2)
    assert stand.hub.comments_on(numbered(2))
    assert not stand.hub.comments_on(numbered(1))


def test_what_is_beside_the_comment_waits_for_room(stand: Stand) -> None:
    stand.fill(governor.Rank.PROGRESS)
    stand.say(Phase.PROVISIONING)
    stand.work(2)
    assert stand.hub.writes == ["create comment"]
    stand.work(60)
    assert stand.hub.writes[1:] == [
        "create deployment",
        "deployment in_progress",
        "check in_progress",
    ]


def test_only_the_newest_is_told_beside_the_comment(stand: Stand) -> None:
    stand.fill(governor.Rank.PROGRESS)
    stand.say(Phase.PROVISIONING)
    stand.work(2)
    stand.say(Phase.READY, commit=B)
    stand.work(70)
    assert {one.commit for one in stand.hub.deployments.values()} == {B}
    assert [one.said[-1][0] for one in stand.hub.checks.values()] == ["success"]
    assert len(stand.desk) == 0


def test_each_request_of_a_report_counts(stand: Stand) -> None:
    for number, phase in enumerate(itertools.islice(itertools.cycle(Phase), 200), 1):
        stand.say(phase, numbered(number))
    stand.work(HOUR)
    assert len(stand.hub.asked) == len(stand.hub.writes) <= 499
    for begin in stand.hub.asked:
        assert sum(begin <= at < begin + 60 for at in stand.hub.asked) <= 79


# -- and else -------------------------------------------------------------------------------------


def test_a_deleted_comment_is_made_anew_by_the_next_report(stand: Stand) -> None:
    stand.say(Phase.PROVISIONING)
    stand.work(5)
    stand.hub.written.clear()
    stand.say(Phase.PROVISIONING, progress=pod("web"))
    stand.work(5)
    assert "1/1" in stand.comment()


def test_the_next_process_tells_nothing_twice(stand: Stand) -> None:
    stand.say(Phase.READY)
    stand.work(5)
    written = list(stand.hub.writes)
    rules = governor.Governor(stand.store, stand.clock)
    told = writer.Writer(stand.hub, stand.store, stand.newest.get, rules)
    stand.desk = desk.Desk(told, rules, stand.clock)
    stand.desk.report(stand.newest[KEY])
    stand.work(5)
    assert stand.hub.writes == written


def test_answers_are_told_once_and_reactions_while_there_is_room(stand: Stand) -> None:
    stand.store.hint(KEY)
    given = model.Command(KEY, 5, 1, "status", "ada", NOON)
    stand.store.record_command(given)
    answer = dataclasses.replace(given, output="all is well")
    stand.desk.acknowledge(given)
    stand.work(1)
    stand.fill(governor.Rank.COURTESY)
    stand.desk.acknowledge(dataclasses.replace(given, comment_id=6))
    stand.desk.answer(answer)
    stand.work(120)
    assert stand.hub.writes == ["react", "reply"]
    assert len(stand.desk) == 0
