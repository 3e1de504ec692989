from __future__ import annotations

import pytest

from bot import direct, errors, model
from bot.model import CommandState
from tests.unit.bot.reconcile.stand import KEY, A, Stand


@pytest.fixture
def stand() -> Stand:
    return Stand()


def ask(stand: Stand, text: str, who: str = "ops") -> model.Command:
    return direct.ask(stand.store, KEY, text, who, stand.clock.now())


def test_a_command_past_github_does_what_a_comment_does(stand: Stand) -> None:
    stand.hub.permissions["ops"] = model.Permission.NONE
    stand.open(A, "bug")
    asked = ask(stand, " UP ")
    ended = direct.wait(stand.store, asked, 60, lambda _: stand.settle())
    assert ended is not None
    assert (ended.text, ended.state) == ("up", CommandState.DONE)
    assert stand.row.phase is model.Phase.READY


def test_its_output_is_not_told_on_github_as_well(stand: Stand) -> None:
    stand.open(A)
    stand.settle()
    ended = direct.wait(stand.store, ask(stand, "status"), 60, lambda _: stand.settle())
    assert ended is not None
    assert "**Ready**" in ended.output
    assert stand.reporter.answers == []
    assert stand.store.untold() == []


def test_nobody_waits_without_end(stand: Stand) -> None:
    naps: list[float] = []
    assert direct.wait(stand.store, ask(stand, "pin"), 2.0, naps.append) is None
    assert sum(naps) == 2.0


@pytest.mark.parametrize(
    ("text", "who"), [("", "ops"), (" ", "ops"), ("x" * 1001, "ops"), ("pin", "")]
)
def test_what_is_no_command_is_refused_and_not_kept(stand: Stand, text: str, who: str) -> None:
    with pytest.raises(errors.InvalidCommandError):
        ask(stand, text, who)
    assert stand.store.commands(KEY) == []
