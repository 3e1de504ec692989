"""How long to leave alone what failed."""

from __future__ import annotations

_MOST_DOUBLINGS = 32
"""More would make a number that no `last` needs."""


def pause(times: int, first: float, last: float) -> float:
    """How long to wait, having waited so many `times` before: `first`, then twice as long each
    time, and `last` at most. All are in one unit."""
    return min(first * 2.0 ** min(times, _MOST_DOUBLINGS), last)
