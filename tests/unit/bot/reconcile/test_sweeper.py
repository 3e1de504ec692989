from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from bot.reconcile import Sweep, Sweeper

PATIENCE = 10.0


class FakeSweep:
    """Counts; what it is told to do happens in each sweep."""

    def __init__(self) -> None:
        self.runs = 0
        self.act: Callable[[Callable[[], bool]], object] = lambda stopping: None

    def run(self, stopping: Callable[[], bool]) -> None:
        self.runs += 1
        self.act(stopping)


@pytest.fixture
def sweep() -> FakeSweep:
    return FakeSweep()


@pytest.fixture
def begun() -> Iterator[list[Sweeper]]:
    """Sweepers that end with the test."""
    made: list[Sweeper] = []
    yield made
    for one in made:
        one.stop()


def start(
    begun: list[Sweeper],
    sweep: FakeSweep,
    seconds: float,
    may_sweep: Callable[[], bool] = lambda: True,
) -> Sweeper:
    made = Sweeper(cast(Sweep, sweep), seconds, may_sweep)
    begun.append(made)
    made.start()
    return made


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_it_sweeps_at_the_start_and_again(sweep: FakeSweep, begun: list[Sweeper]) -> None:
    start(begun, sweep, 0.01)
    until(lambda: sweep.runs >= 3)


def test_it_stops_at_once_though_the_pause_is_long(sweep: FakeSweep, begun: list[Sweeper]) -> None:
    sweeper = start(begun, sweep, 3600)
    until(lambda: sweep.runs == 1)
    sweeper.stop()
    assert not sweeper.alive()
    assert sweep.runs == 1


def test_a_sweep_under_way_is_told_to_stop(sweep: FakeSweep, begun: list[Sweeper]) -> None:
    entered = threading.Event()

    def linger(stopping: Callable[[], bool]) -> None:
        entered.set()
        until(stopping)

    sweep.act = linger
    sweeper = start(begun, sweep, 3600)
    assert entered.wait(PATIENCE)
    sweeper.stop()
    assert not sweeper.alive()


@pytest.mark.parametrize("broken", ["sweep", "right"])
def test_it_never_dies(sweep: FakeSweep, begun: list[Sweeper], broken: str) -> None:
    asked: list[None] = []

    def fail(*_: object) -> bool:
        asked.append(None)
        raise RuntimeError("the database is away")

    if broken == "sweep":
        sweep.act = fail
        sweeper = start(begun, sweep, 0.01)
    else:
        sweeper = start(begun, sweep, 0.01, fail)
    until(lambda: len(asked) >= 3)
    assert sweeper.alive()


def test_without_the_right_to_it_waits_for_its_turn(sweep: FakeSweep, begun: list[Sweeper]) -> None:
    answers = iter([False, False, True])
    start(begun, sweep, 0.01, lambda: next(answers, False))
    until(lambda: sweep.runs == 1)
    assert next(answers, None) is None


def test_one_that_never_began_can_be_stopped(sweep: FakeSweep) -> None:
    Sweeper(cast(Sweep, sweep), 1).stop()
    assert sweep.runs == 0
