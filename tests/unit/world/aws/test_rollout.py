from typing import Any

import hypothesis
import hypothesis.strategies as st

from tests.world.aws.rollout import Rollout


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def rollout(clock: Clock) -> Rollout:
    return Rollout(5.0, clock)


def deployed(one: Rollout) -> Any:
    revision = one.deployed()
    return revision.config if revision else None


def test_a_first_write_is_nowhere_until_it_is_everywhere() -> None:
    clock = Clock()
    one = rollout(clock)
    one.write({"n": 1}, None)
    assert (one.status, deployed(one)) == ("InProgress", None)
    clock.now += 5
    assert (one.status, deployed(one)) == ("Deployed", {"n": 1})


def test_the_edges_go_on_with_what_they_had() -> None:
    clock = Clock()
    one = rollout(clock)
    one.write({"n": 1}, None)
    clock.now += 5
    one.write({"n": 2}, {"p": 1})
    assert (one.status, deployed(one)) == ("InProgress", {"n": 1})
    clock.now += 5
    revision = one.deployed()
    assert revision is not None
    assert (revision.config, revision.policy) == ({"n": 2}, {"p": 1})


@hypothesis.given(st.lists(st.floats(0, 20, allow_nan=False), max_size=8))
def test_each_write_arrives_after_its_own_time(gaps: list[float]) -> None:
    clock = Clock()
    one = rollout(clock)
    written = []
    for number, gap in enumerate([0.0, *gaps]):
        clock.now += gap
        one.write({"n": number}, None)
        written.append((clock.now, number))
        arrived = [n for at, n in written if at + 5.0 <= clock.now]
        assert deployed(one) == ({"n": arrived[-1]} if arrived else None)
    clock.now += 5.0
    assert (one.status, deployed(one)) == ("Deployed", {"n": len(gaps)})
