from __future__ import annotations

import pytest

from bot import clock, errors, model, testing
from bot.feedback import governor
from bot.feedback.governor import Governor, NoRoomError, Rank

REPOSITORY = "acme/shop"
KEYS = [model.EnvironmentKey(REPOSITORY, number) for number in range(1, 10)]


@pytest.fixture
def time() -> clock.ManualClock:
    return clock.ManualClock()


@pytest.fixture
def rules(time: clock.ManualClock) -> Governor:
    return Governor(testing.MemoryStore(time), time)


def write(rules: Governor, rank: Rank = Rank.NEWS, number: int = 0, most: int = 1) -> None:
    with rules.writing(KEYS[number], rank, most):
        pass


def fail(rules: Governor, error: errors.UnderstudyError, number: int = 0) -> None:
    with rules.writing(KEYS[number], Rank.NEWS):
        raise error


def fill(rules: Governor, rank: Rank) -> int:
    count = 0
    while not rules.wait(REPOSITORY, rank):
        write(rules, rank)
        count += 1
    return count


def test_any_minute_and_any_hour_stay_below_githubs_limits(
    rules: Governor, time: clock.ManualClock
) -> None:
    start = time.now()
    written: list[float] = []
    while (time.now() - start).total_seconds() < 2 * 3600:
        if pause := rules.wait(REPOSITORY, Rank.NEWS):
            time.advance(pause)
            continue
        write(rules)
        written.append((time.now() - start).total_seconds())
    for seconds, most in ((60, 79), (3600, 499)):
        busiest = max(
            sum(begin <= at < begin + seconds for at in written) for begin in set(written)
        )
        assert busiest == most, "all of what is allowed is used, and no more"


@pytest.mark.parametrize(("rank", "most"), [(0, 79), (1, 75), (2, 39), (3, 39)])
def test_each_rank_leaves_room_for_those_before_it(rules: Governor, rank: int, most: int) -> None:
    assert fill(rules, Rank(rank)) == most
    assert fill(rules, Rank.NEWS) == 79 - most


def test_installations_do_not_share_limits(rules: Governor) -> None:
    fill(rules, Rank.NEWS)
    assert rules.wait("ACME/other", Rank.NEWS)
    assert not rules.wait("another/shop", Rank.NEWS)


def test_a_token_has_one_limit_for_all(time: clock.ManualClock) -> None:
    rules = Governor(testing.MemoryStore(time), time, account=lambda _: "token")
    fill(rules, Rank.NEWS)
    assert rules.wait("another/shop", Rank.NEWS)


def test_nobody_writes_without_room(rules: Governor) -> None:
    fill(rules, Rank.NEWS)
    with pytest.raises(NoRoomError) as caught:
        write(rules)
    assert 59 < caught.value.seconds <= 60


def test_what_was_not_needed_is_given_back(rules: Governor) -> None:
    fill(rules, Rank.PROGRESS)
    for _ in range(3):
        with rules.writing(KEYS[0], Rank.NEWS, 4) as permit:
            permit.used = 1
    assert fill(rules, Rank.NEWS) == 79 - 39 - 3


def test_a_write_counts_from_when_it_has_arrived(rules: Governor, time: clock.ManualClock) -> None:
    with rules.writing(KEYS[0], Rank.NEWS):
        time.advance(50)
    fill(rules, Rank.NEWS)
    time.advance(59)
    assert rules.wait(REPOSITORY, Rank.NEWS) == pytest.approx(1)


def test_what_is_on_its_way_counts(rules: Governor) -> None:
    with rules.writing(KEYS[0], Rank.NEWS, 2):
        assert fill(rules, Rank.NEWS) == 77


@pytest.mark.parametrize(
    ("given", "seconds"), [(30.0, 30.0), (None, governor.LIMITED_SECONDS), (700.0, 700.0)]
)
def test_a_limit_pauses_its_installation_for_so_long(
    rules: Governor, given: float | None, seconds: float
) -> None:
    error = errors.UnreachableError("slow down", reason="rate-limited", retry_after=given)
    with pytest.raises(NoRoomError) as caught:
        fail(rules, error)
    assert caught.value.seconds == pytest.approx(seconds)
    assert rules.wait(REPOSITORY, Rank.NEWS) == pytest.approx(seconds)
    assert not rules.wait("another/shop", Rank.NEWS)


def test_one_that_is_never_taken_pauses_nobody(rules: Governor) -> None:
    for _ in range(20):
        with pytest.raises(errors.UnreachableError):
            fail(rules, errors.UnreachableError("403"))
    assert not rules.wait(REPOSITORY, Rank.NEWS)


def test_an_outage_pauses_ever_longer_and_ends_with_the_first_success(
    rules: Governor, time: clock.ManualClock
) -> None:
    pauses = []
    for number in range(8):
        with pytest.raises(errors.UnreachableError):
            fail(rules, errors.UnreachableError("502"), number)
        pauses.append(rules.wait(REPOSITORY, Rank.NEWS))
        time.advance(pauses[-1])
    assert pauses == [0, 0, 5, 10, 20, 40, 60, 60]
    write(rules)
    assert not rules.wait(REPOSITORY, Rank.NEWS)
    with pytest.raises(errors.UnreachableError):
        fail(rules, errors.UnreachableError("502"), 8)
    assert not rules.wait(REPOSITORY, Rank.NEWS)


def test_what_failed_counts_all_the_same(rules: Governor) -> None:
    for _ in range(79):
        with pytest.raises(errors.NotFoundError):
            fail(rules, errors.NotFoundError("locked"))
    assert rules.wait(REPOSITORY, Rank.NEWS)


def test_replicas_keep_the_limits_together_and_a_restart_forgets_nothing(
    time: clock.ManualClock,
) -> None:
    store = testing.MemoryStore(time)
    one, other = Governor(store, time), Governor(store, time)
    assert fill(one, Rank.NEWS) == 79
    for rules in (other, Governor(store, time)):
        assert rules.wait(REPOSITORY, Rank.NEWS) == pytest.approx(60)
        with pytest.raises(NoRoomError):
            write(rules)
    time.advance(60)
    assert fill(other, Rank.NEWS) == 79


def test_who_can_not_count_does_not_write(time: clock.ManualClock) -> None:
    store = testing.MemoryStore(time)
    rules = Governor(store, time)
    store.fault = errors.UnreachableError("the database does not answer")
    assert rules.wait(REPOSITORY, Rank.NEWS) > 0
    with pytest.raises(errors.UnreachableError):
        write(rules)
