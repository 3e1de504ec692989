from __future__ import annotations

import dataclasses

from bot.reconcile.differences import Action, Finding, Kind
from bot.reconcile.patience import Patience
from tests.unit.bot.reconcile.listing import A, B, key, name

FOUND = Finding(Kind.UNSETTLED, Action.HINT, name(1), key(1), "stuck", A)


def given(patience: Patience, sweeps: range, finding: Finding = FOUND) -> list[int]:
    """The sweeps that give the hint."""
    made = []
    for sweep in sweeps:
        if patience.due(finding, sweep):
            patience.note(finding, sweep)
            made.append(sweep)
        patience.keep([finding])
    return made


def test_what_changes_nothing_is_hinted_ever_more_rarely_and_never_given_up() -> None:
    assert given(Patience(), range(60)) == [0, 1, 3, 7, 15, 27, 39, 51]


def test_another_commit_is_hinted_at_once() -> None:
    patience = Patience()
    given(patience, range(20))
    assert patience.due(dataclasses.replace(FOUND, commit=B), 20)
    assert patience.due(dataclasses.replace(FOUND, kind=Kind.MISSED_CLOSE), 20)
    assert not patience.due(FOUND, 20)


def test_what_was_gone_meanwhile_is_hinted_at_once() -> None:
    patience = Patience()
    given(patience, range(20))
    patience.keep([])
    assert patience.due(FOUND, 20)
