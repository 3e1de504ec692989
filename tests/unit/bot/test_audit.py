from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot import audit, clock, errors

HOOK = "/app/hook"
MINUTE = 60.0
HOUR = 3600.0
DAY = 86_400.0


class FakeDeliveries:
    """What GitHub lists; asked again, it delivers to a receiver that answers `status`."""

    def __init__(self, time: clock.ManualClock) -> None:
        self.time = time
        self.all: list[audit.Attempt] = []
        self.names = [HOOK]
        self.asked: list[str] = []
        self.status = 502
        self.sinces: list[datetime.datetime] = []
        self.fault: errors.UnderstudyError | None = None
        self.fault_of: dict[str, errors.UnderstudyError] = {}
        self.lists_again = True
        """Whether further attempts are listed; GitHub takes a moment."""

    def add(self, guid: str, status: int = 502, hook: str = HOOK, **changes: Any) -> None:
        found = audit.Attempt(
            hook, len(self.all) + 1, guid, "pull_request", "opened", status, False, self.time.now()
        )
        self.all.append(dataclasses.replace(found, **changes))

    def hooks(self) -> Sequence[str]:
        if self.fault:
            raise self.fault
        return self.names

    def attempts(self, hook: str, since: datetime.datetime) -> Iterator[audit.Attempt]:
        self.sinces.append(since)
        for attempt in reversed(self.all):
            if attempt.hook == hook and attempt.at >= since:
                yield attempt
        if hook in self.fault_of:
            raise self.fault_of[hook]

    def ask_again(self, attempt: audit.Attempt) -> None:
        self.asked.append(attempt.guid)
        if attempt.guid in self.fault_of:
            raise self.fault_of[attempt.guid]
        if self.lists_again:
            self.add(attempt.guid, self.status, attempt.hook, redelivery=True)


@pytest.fixture
def time() -> clock.ManualClock:
    return clock.ManualClock()


@pytest.fixture
def github(time: clock.ManualClock) -> FakeDeliveries:
    return FakeDeliveries(time)


@pytest.fixture
def run(github: FakeDeliveries, time: clock.ManualClock) -> audit.Audit:
    return audit.Audit(github, {"pull_request"}, time)


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as captured:
        yield captured


def test_only_what_nobody_answered_is_asked_for(github: FakeDeliveries, run: audit.Audit) -> None:
    github.add("lost")
    github.add("taken", 202)
    github.add("taken at the second time", 500)
    github.add("taken at the second time", 204, redelivery=True)
    github.add("other", event="star")
    run()
    assert github.asked == ["lost"]


def test_it_is_asked_three_times_with_growing_pauses(
    github: FakeDeliveries, run: audit.Audit, time: clock.ManualClock
) -> None:
    github.add("lost")
    asked_after = []
    for minutes in range(0, 3 * 24 * 60, 10):
        before = len(github.asked)
        run()
        if len(github.asked) > before:
            asked_after.append(minutes)
        time.advance(10 * MINUTE)
    assert asked_after == [0, 30, 30 + 240]


def test_once_it_is_answered_it_is_left_alone(
    github: FakeDeliveries, run: audit.Audit, time: clock.ManualClock
) -> None:
    github.add("lost")
    github.status = 202
    for _ in range(50):
        run()
        time.advance(30 * MINUTE)
    assert github.asked == ["lost"]


def test_attempts_of_others_count(github: FakeDeliveries, time: clock.ManualClock) -> None:
    """What another replica, or a person, asked for; and what this one did before its restart."""
    github.add("lost")
    for _ in audit.PAUSES:
        github.add("lost", redelivery=True)
    time.advance(DAY)
    audit.Audit(github, {"pull_request"}, time)()
    assert github.asked == []


def test_what_github_does_not_list_yet_counts(
    github: FakeDeliveries, run: audit.Audit, time: clock.ManualClock
) -> None:
    github.add("lost")
    github.lists_again = False
    for _ in range(100):
        run()
        time.advance(30 * MINUTE)
    assert github.asked == ["lost"] * 3


def test_it_is_done_every_ten_minutes_at_most(
    github: FakeDeliveries, run: audit.Audit, time: clock.ManualClock
) -> None:
    run()
    time.advance(9 * MINUTE)
    run()
    assert len(github.sinces) == 1
    time.advance(MINUTE)
    run()
    assert len(github.sinces) == 2


def test_the_first_reads_three_days_and_later_ones_what_is_new(
    github: FakeDeliveries, run: audit.Audit, time: clock.ManualClock
) -> None:
    run()
    time.advance(10 * MINUTE)
    run()
    now = time.now()
    assert github.sinces[0] == now - datetime.timedelta(minutes=10) - audit.KEPT
    assert github.sinces[1] == now - datetime.timedelta(minutes=10) - audit.OVERLAP


def test_what_is_older_than_three_days_is_left(
    github: FakeDeliveries, run: audit.Audit, time: clock.ManualClock
) -> None:
    github.add("old")
    time.advance(2 * DAY)
    # A person's attempt is young, and the event is old all the same.
    github.add("old", redelivery=True)
    time.advance(DAY + 1)
    run()
    assert github.asked == []


def test_twenty_are_asked_for_at_once_the_oldest_first(
    github: FakeDeliveries, run: audit.Audit, time: clock.ManualClock
) -> None:
    names = [f"lost {number}" for number in range(45)]
    for name in names:
        github.add(name)
        time.advance(1)
    run()
    assert github.asked == names[:20]
    time.advance(10 * MINUTE)
    run()
    assert github.asked[20:] == names[20:40]


def test_one_event_of_two_hooks_is_two(github: FakeDeliveries, run: audit.Audit) -> None:
    github.names = ["/a", "/b"]
    github.add("same", 202, "/a")
    github.add("same", 502, "/b")
    run()
    assert github.asked == ["same"]


@pytest.mark.parametrize("fault", [errors.UnreachableError("away"), errors.ForbiddenError("no")])
def test_github_s_silence_harms_nobody(
    github: FakeDeliveries,
    run: audit.Audit,
    time: clock.ManualClock,
    lines: list[Any],
    fault: errors.UnderstudyError,
) -> None:
    github.add("lost")
    github.fault = fault
    run()
    assert [(line["event"], line["why"]) for line in lines] == [("audit incomplete", fault.message)]
    github.fault = None
    run()
    assert github.asked == [], "not before its time"
    time.advance(10 * MINUTE)
    run()
    assert github.asked == ["lost"]


def test_a_list_that_breaks_off_is_read_again_as_a_whole(
    github: FakeDeliveries, run: audit.Audit, time: clock.ManualClock
) -> None:
    github.names = ["/broken", HOOK]
    github.fault_of["/broken"] = errors.UnreachableError("away")
    github.add("lost", 502, "/broken")
    github.add("also lost")
    run()
    assert github.asked == ["also lost"], "who asks without having read everything may be wrong"
    github.fault_of.clear()
    time.advance(DAY)
    run()
    assert sorted(github.asked[1:]) == ["also lost", "lost"]


def test_what_github_has_forgotten_keeps_nobody_else_waiting(
    github: FakeDeliveries, run: audit.Audit, time: clock.ManualClock
) -> None:
    github.add("forgotten")
    time.advance(1)
    github.add("lost")
    github.fault_of["forgotten"] = errors.NotFoundError("no such delivery")
    run()
    assert github.asked == ["forgotten", "lost"]


def test_a_refusal_ends_the_audit(github: FakeDeliveries, run: audit.Audit) -> None:
    github.add("lost")
    github.add("lost as well")
    github.fault_of["lost"] = errors.UnreachableError("rate limit")
    run()
    assert github.asked == ["lost"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([202, 401, 502])), max_size=12))
def test_nothing_answered_is_ever_asked_for(sent: list[tuple[str, int]]) -> None:
    time = clock.ManualClock()
    github = FakeDeliveries(time)
    seen: set[str] = set()
    for guid, status in sent:
        github.add(guid, status, redelivery=guid in seen)
        seen.add(guid)
        time.advance(1)
    answered = {guid for guid, status in sent if status == 202}
    run = audit.Audit(github, {"pull_request"}, time)
    for _ in range(30):
        run()
        time.advance(HOUR)
    assert not answered & set(github.asked)
    again = {guid: sum(one.guid == guid for one in github.all) - 1 for guid in seen - answered}
    earlier = {guid: sum(one == guid for one, _ in sent) - 1 for guid in seen}
    assert all(again[guid] == max(3, earlier[guid]) for guid in again)
