from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import model
from bot.reconcile.brake import Brake, Verdict
from tests.unit.bot.reconcile.listing import key


def keys(*numbers: int) -> frozenset[model.EnvironmentKey]:
    return frozenset(key(number) for number in numbers)


def released(*numbers: int) -> Verdict:
    return Verdict(released=keys(*numbers), held=frozenset())


def held(*numbers: int) -> Verdict:
    return Verdict(released=frozenset(), held=keys(*numbers))


@pytest.mark.parametrize(
    ("vanishing", "existing", "holds"),
    [
        ((), 0, False),
        ((1,), 1, False),
        ((1, 2), 2, False),
        ((1, 2, 3), 6, False),
        ((1, 2, 3), 5, True),
        ((1, 2, 3), 3, True),
        ((1, 2, 3, 4), 100, False),
    ],
)
def test_most_of_at_least_three_are_held_back(
    vanishing: tuple[int, ...], existing: int, holds: bool
) -> None:
    verdict = Brake().check(keys(*vanishing), existing)
    assert verdict == (held(*vanishing) if holds else released(*vanishing))


@pytest.mark.parametrize("again", [(1, 2, 3, 4), (1, 2, 3)])
def test_the_next_sweep_releases_what_it_finds_as_well(again: tuple[int, ...]) -> None:
    brake = Brake()
    assert brake.check(keys(1, 2, 3, 4), 4) == held(1, 2, 3, 4)
    assert brake.held == keys(1, 2, 3, 4)
    assert brake.check(keys(*again), 4) == released(*again)
    assert brake.held == frozenset()


def test_what_the_sweep_before_did_not_find_is_held_back_anew() -> None:
    brake = Brake()
    brake.check(keys(1, 2, 3), 5)
    assert brake.check(keys(1, 2, 3, 4), 5) == held(1, 2, 3, 4)
    assert brake.check(keys(2, 3, 4), 5) == released(2, 3, 4)


def test_a_sweep_that_finds_nothing_ends_it() -> None:
    brake = Brake()
    brake.check(keys(1, 2, 3), 3)
    assert brake.check((), 3) == released()
    assert brake.check(keys(1, 2, 3), 3) == held(1, 2, 3)


def test_the_share_is_a_setting() -> None:
    assert Brake(share=1.0).check(keys(1, 2, 3), 3) == released(1, 2, 3)
    assert Brake(share=0.0).check(keys(1, 2, 3), 100) == held(1, 2, 3)


@given(st.lists(st.sets(st.integers(1, 8)), max_size=8), st.integers(0, 8))
def test_most_are_never_released_before_two_sweeps_agree(sweeps: list[set[int]], more: int) -> None:
    brake = Brake()
    before: Iterable[model.EnvironmentKey] = ()
    for numbers in sweeps:
        found = keys(*numbers)
        existing = len(found) + more
        verdict = brake.check(found, existing)
        assert verdict.released | verdict.held == found
        assert not verdict.released & verdict.held
        if len(verdict.released) > 2 and len(verdict.released) > existing / 2:
            assert verdict.released <= set(before)
        before = found
