from __future__ import annotations

from bot import errors, model
from bot.model import CommandState, Phase
from bot.reconcile import deadlines
from tests.unit.bot.reconcile.stand import KEY, A, Stand


def test_a_command_is_run_once_answered_and_told(stand: Stand) -> None:
    stand.open(A)
    stand.command("pin")
    stand.settle()
    (found,) = stand.store.commands(KEY)
    assert (found.state, found.answer) == (CommandState.DONE, "it is pinned")
    assert stand.row.life.pinned
    lines = [line for line in stand.timeline if "asked" in line]
    assert lines == ["ada asked: pin; it is pinned"]


def test_what_is_not_understood_is_refused_and_the_next_is_run(stand: Stand) -> None:
    stand.open(A)
    stand.command("dance")
    stand.command("sleep")
    stand.settle()
    refused, done = stand.store.commands(KEY)
    assert (refused.state, refused.answer) == (
        CommandState.REFUSED,
        "there is no command 'dance'",
    )
    assert done.state is CommandState.DONE
    assert stand.row.phase is Phase.SLEEPING


def test_commands_are_run_while_github_is_away(stand: Stand) -> None:
    stand.open(A)
    stand.settle()
    stand.hub.fault = errors.UnreachableError("GitHub did not answer")
    stand.command("pin")
    stand.settle()
    assert stand.row.life.pinned


def test_a_command_that_was_interrupted_is_finished_with_the_same_effect(stand: Stand) -> None:
    stand.open(A)
    stand.command("extend 600")
    until = stand.asked_at(600)
    taken = stand.store.take("dies", deadlines.LEASE_SECONDS)
    assert taken is not None
    assert stand.store.begin_command(taken[1]) is not None
    stand.clock.advance(deadlines.LEASE_SECONDS + 1)
    stand.settle()
    (found,) = stand.store.commands(KEY)
    assert found.state is CommandState.DONE
    assert stand.row.life.expires_at == until


def test_another_lane_leaves_commands_alone_and_foresees_them(stand: Stand) -> None:
    stand.open(A)
    stand.settle()
    stand.command("sleep")
    taken = stand.store.take("edge", deadlines.LEASE_SECONDS, (model.Lane.EDGE,))
    assert taken is not None
    stand.loop.run(*taken)
    (found,) = stand.store.commands(KEY)
    assert found.state is CommandState.PENDING
    assert not stand.row.life.asleep
