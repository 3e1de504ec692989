"""Remembers which hints changed nothing, so that they are given ever more rarely."""

from __future__ import annotations

from collections.abc import Sequence

from bot import backoff
from bot.reconcile.differences import Finding, Kind

LAST_PAUSE = 12
"""A hint that changed nothing is given again after 1, 2, 4, … and at last so many sweeps."""

_Key = tuple[Kind, str, str]


class Patience:
    """Counts in sweeps; another kind of finding, or another commit, is hinted at once."""

    def __init__(self) -> None:
        self._given: dict[_Key, tuple[int, int]] = {}
        """How often, and the number of the first sweep that may give it again."""

    def due(self, finding: Finding, sweep: int) -> bool:
        """Whether to give the hint in this sweep."""
        return sweep >= self._given.get(_key(finding), (0, 0))[1]

    def note(self, finding: Finding, sweep: int) -> None:
        """It was given in this sweep."""
        times = self._given.get(_key(finding), (0, 0))[0]
        pause = backoff.pause(times, 1, LAST_PAUSE)
        self._given[_key(finding)] = (times + 1, sweep + int(pause))

    def keep(self, findings: Sequence[Finding]) -> None:
        """Forget what is no longer found."""
        still = {_key(finding) for finding in findings}
        self._given = {key: given for key, given in self._given.items() if key in still}


def _key(finding: Finding) -> _Key:
    return finding.kind, finding.name, finding.commit
