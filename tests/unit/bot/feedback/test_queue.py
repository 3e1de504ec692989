from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import hypothesis
from hypothesis import strategies as st

from bot import clock, model
from bot.feedback import queue
from bot.feedback.governor import Rank
from bot.model import Phase
from tests.unit.bot.feedback.reports import KEY, pod, report


class Desk:
    def __init__(self) -> None:
        self.clock = clock.ManualClock()
        self.queue = queue.Queue()

    def put(self, phase: Phase = Phase.PROVISIONING, number: int = 7, **changes: Any) -> None:
        key = model.EnvironmentKey(KEY.repository, number)
        self.queue.put(dataclasses.replace(report(phase, **changes), key=key), self.clock.now())

    def pop(self) -> queue.Waiting | None:
        return self.queue.pop(self.clock.now())

    def pass_time(self) -> float:
        wait = self.queue.wait(self.clock.now())
        assert wait is not None
        self.clock.advance(wait)
        return wait

    def tell(self) -> tuple[float, model.Report]:
        """Wait for the next one and write it."""
        waited = self.pass_time()
        taken = self.pop()
        assert taken is not None
        self.queue.told(taken, self.clock.now())
        return waited, taken.report


def test_nothing_waits_for_ever() -> None:
    assert Desk().queue.wait(clock.ManualClock().now()) is None


def test_news_is_told_at_once_and_progress_later() -> None:
    desk = Desk()
    desk.put(Phase.PROVISIONING)
    assert desk.tell()[0] == queue.SETTLE_SECONDS
    desk.put(Phase.PROVISIONING, progress=pod("web"))
    assert desk.tell()[0] == queue.COALESCE_SECONDS
    desk.put(Phase.DEGRADED, reason="web: crashing")
    assert desk.tell()[0] == queue.SETTLE_SECONDS


def test_a_burst_becomes_one_write() -> None:
    desk = Desk()
    for n in range(20):
        desk.put(Phase.PROVISIONING, progress=pod(f"web-{n}"))
        desk.clock.advance(0.01)
    assert desk.tell()[1].progress == pod("web-19")
    assert len(desk.queue) == 0


def test_reports_without_end_do_not_put_it_off() -> None:
    desk = Desk()
    told = 0
    for n in range(100):
        desk.put(Phase.PROVISIONING, progress=pod(f"web-{n}"))
        desk.clock.advance(0.1)
        if taken := desk.pop():
            desk.queue.told(taken, desk.clock.now())
            told += 1
    assert told == 4, "the first as news, then one every three seconds"


def test_news_of_one_goes_before_progress_of_another() -> None:
    desk = Desk()
    for number in (1, 2):
        desk.put(number=number)
        desk.tell()
    desk.put(number=1, progress=pod("web"))
    desk.clock.advance(60)
    desk.put(Phase.READY, number=2)
    desk.clock.advance(1)
    taken = desk.pop()
    assert taken is not None
    assert (taken.news, taken.report.key.number) == (True, 2)


def test_one_environment_is_never_in_two_hands() -> None:
    desk = Desk()
    desk.put(Phase.PROVISIONING)
    desk.pass_time()
    taken = desk.pop()
    assert taken is not None
    desk.put(Phase.READY)
    desk.clock.advance(60)
    assert desk.pop() is None
    assert desk.queue.wait(desk.clock.now()) is None
    desk.queue.told(taken, desk.clock.now())
    assert desk.tell()[1].phase is Phase.READY


def test_what_github_did_not_take_is_tried_again_ever_more_rarely() -> None:
    desk = Desk()
    desk.put(Phase.READY)
    waits = []
    for _ in range(9):
        waits.append(desk.pass_time())
        taken = desk.pop()
        assert taken is not None
        desk.queue.again(taken, desk.clock.now())
    assert waits[1:4] == [5.0, 10.0, 20.0]
    assert waits[-1] == queue.LAST_AGAIN_SECONDS
    assert desk.tell()[1].phase is Phase.READY


def test_the_newest_is_tried_in_place_of_what_was_not_taken() -> None:
    desk = Desk()
    desk.put(Phase.PROVISIONING)
    desk.pass_time()
    taken = desk.pop()
    assert taken is not None
    desk.put(Phase.READY)
    desk.queue.again(taken, desk.clock.now())
    desk.put(Phase.DEGRADED, reason="web: crashing")
    assert desk.tell()[0] == queue.FIRST_AGAIN_SECONDS
    assert len(desk.queue) == 0


def test_what_was_put_back_does_not_hide_what_came_meanwhile() -> None:
    desk = Desk()
    desk.put(Phase.PROVISIONING)
    desk.pass_time()
    taken = desk.pop()
    assert taken is not None
    desk.put(Phase.READY)
    desk.queue.put_back(taken, desk.clock.now())
    assert desk.tell()[1].phase is Phase.READY
    assert len(desk.queue) == 0


def test_what_is_ready_or_failed_goes_before_other_phases() -> None:
    desk = Desk()
    for number, phase in enumerate(Phase, 1):
        desk.put(phase, number=number)
    desk.clock.advance(1)
    told = [desk.tell()[1].phase for _ in Phase]
    assert set(told[:3]) == {Phase.READY, Phase.DEGRADED, Phase.STUCK}


def test_a_ready_that_was_overtaken_is_no_longer_urgent() -> None:
    desk = Desk()
    desk.put(Phase.READY)
    desk.put(Phase.PROVISIONING)
    desk.clock.advance(1)
    taken = desk.pop()
    assert taken is not None
    assert taken.rank is Rank.PHASE


def test_without_room_for_a_rank_others_are_taken() -> None:
    desk = Desk()
    desk.put(Phase.PROVISIONING, number=1)
    desk.put(Phase.READY, number=2)
    desk.clock.advance(1)
    busy = {Rank.NEWS: 60.0, Rank.PHASE: 0.0}
    taken = desk.queue.pop(desk.clock.now(), wait=lambda _, rank: busy[rank])
    assert taken is not None
    assert taken.report.phase is Phase.PROVISIONING
    assert desk.queue.wait(desk.clock.now(), lambda _, rank: busy[rank]) == 60.0


def test_the_rest_of_a_report_waits_unless_a_newer_one_comes() -> None:
    desk = Desk()
    for newer in (False, True):
        desk.put(Phase.PROVISIONING, commit="b" * 40 if newer else "a" * 40)
        desk.pass_time()
        taken = desk.pop()
        assert taken is not None
        if newer:
            desk.put(Phase.READY)
        due = desk.clock.now() + datetime.timedelta(seconds=600)
        desk.queue.leave(taken, due, Rank.PROGRESS, desk.clock.now())
        waited, told = desk.tell()
        assert (waited > 500, told.phase is Phase.READY) == (not newer, newer)
    assert len(desk.queue) == 0


def test_what_came_while_the_same_was_written_is_progress() -> None:
    desk = Desk()
    desk.put(Phase.READY)
    desk.pass_time()
    taken = desk.pop()
    assert taken is not None
    desk.put(Phase.READY, progress=pod("web"))
    desk.queue.told(taken, desk.clock.now())
    assert desk.tell()[0] == queue.COALESCE_SECONDS


@hypothesis.given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(Phase), st.booleans())))
def test_the_last_report_of_each_is_told_last(puts: list[tuple[int, Phase, bool]]) -> None:
    desk = Desk()
    last: dict[int, model.Report] = {}
    told: dict[int, model.Report] = {}
    for n, (number, phase, tell) in enumerate(puts):
        desk.put(phase, number=number, progress=pod(f"web-{n}"))
        last[number] = dataclasses.replace(
            report(phase, progress=pod(f"web-{n}")), key=model.EnvironmentKey("acme/shop", number)
        )
        if tell:
            one = desk.tell()[1]
            told[one.key.number] = one
    while len(desk.queue):
        one = desk.tell()[1]
        told[one.key.number] = one
    assert told == last
