"""Holds back a sweep that would take away most environments at once, until the next one agrees.

Such a sweep is most likely not about pull requests but about what was told of them. Each pass reads
its pull request anew before it takes anything away; the brake keeps one wrong answer from being
asked about that often.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from bot import model

SHARE = 0.5
LEAST = 3
"""Fewer environments than this are never held back: with two, one is a half."""


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What one sweep may do."""

    released: frozenset[model.EnvironmentKey]
    held: frozenset[model.EnvironmentKey]


class Brake:
    """Remembers what the sweep before was held back from."""

    def __init__(self, share: float = SHARE, least: int = LEAST) -> None:
        self._share = share
        self._least = least
        self.held: frozenset[model.EnvironmentKey] = frozenset()
        """What waits for the next sweep to agree; empty while nothing is held back."""

    def check(self, vanishing: Collection[model.EnvironmentKey], existing: int) -> Verdict:
        """Whether so many of the existing environments may vanish by this sweep.

        More than the share is let through only where the sweep before found all of them as well.
        """
        found = frozenset(vanishing)
        too_many = len(found) >= self._least and len(found) > self._share * existing
        if too_many and not (self.held and found <= self.held):
            self.held = found
            return Verdict(released=frozenset(), held=found)
        self.held = frozenset()
        return Verdict(released=found, held=frozenset())
