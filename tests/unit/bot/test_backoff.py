"""How long to leave alone what failed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot import backoff


def test_it_doubles_until_the_last() -> None:
    assert [backoff.pause(times, 2, 30) for times in range(6)] == [2, 4, 8, 16, 30, 30]


@given(times=st.integers(0, 10**9))
def test_any_number_of_times_waits_for_no_longer_than_the_last(times: int) -> None:
    assert 5.0 <= backoff.pause(times, 5.0, 300.0) <= 300.0
