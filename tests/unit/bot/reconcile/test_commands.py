from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import pytest

from bot import errors, intent, model, said
from bot.model import CommandState, Phase
from bot.reconcile import deadlines
from tests.unit.bot.reconcile.stand import KEY, A, B, Stand

STRANGER = model.Permission.READ


@pytest.fixture
def up(stand: Stand) -> Stand:
    """An environment that serves."""
    stand.open(A)
    stand.settle()
    assert stand.row.phase is Phase.READY
    return stand


def last(stand: Stand) -> model.Command:
    return stand.store.commands(KEY)[-1]


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
    stand.command("slep")
    stand.command("sleep")
    stand.settle()
    refused, done = stand.store.commands(KEY)
    assert refused.state is CommandState.REFUSED
    assert refused.answer == (
        "there is no command 'slep': did you mean `/stage sleep` or `/stage set` or `/stage help`?"
    )
    assert done.state is CommandState.DONE
    assert stand.row.phase is Phase.SLEEPING


def test_a_refusal_that_no_comment_tells_is_answered_apart(stand: Stand) -> None:
    stand.hub.permissions["mallory"] = STRANGER
    stand.open(A, "bug")
    stand.command("upp")
    stand.command("up", "mallory")
    stand.settle()
    (answered,) = stand.reporter.answers
    assert (answered.text, answered.state) == ("upp", CommandState.REFUSED)
    assert "did you mean" in answered.output


def test_a_refusal_is_told_in_the_comment_where_there_is_one(up: Stand) -> None:
    up.store.remember(KEY, comment_id=5)
    up.command("upp")
    up.settle()
    assert up.reporter.answers == []


def test_commands_wait_while_nobody_knows_who_may_give_them(up: Stand) -> None:
    up.hub.fault = errors.UnreachableError("GitHub did not answer")
    up.command("pin")
    up.settle()
    assert not up.row.life.pinned
    up.hub.fault = None
    up.pass_due()
    assert up.row.life.pinned


def test_a_command_that_was_interrupted_is_finished_with_the_same_effect(stand: Stand) -> None:
    stand.open(A)
    stand.command("extend 10m")
    until = stand.asked_at(600)
    taken = stand.store.take("dies", deadlines.LEASE_SECONDS)
    assert taken is not None
    assert stand.store.begin_command(taken[1]) is not None
    stand.clock.advance(deadlines.LEASE_SECONDS + 1)
    stand.settle()
    (found,) = stand.store.commands(KEY)
    assert found.state is CommandState.DONE
    assert stand.row.life.expires_at == until


def test_another_lane_waits_for_what_commands_come_to(up: Stand) -> None:
    up.command("down")
    taken = up.store.take("edge", deadlines.LEASE_SECONDS, (model.Lane.EDGE,))
    assert taken is not None
    up.loop.run(*taken)
    assert last(up).state is CommandState.PENDING
    due = up.edge_row.due_at
    assert due is not None
    assert (due - up.clock.now()).total_seconds() <= deadlines.HEED_SECONDS


# -- wishing --------------------------------------------------------------------------------------


def test_up_brings_one_up_without_the_label(stand: Stand) -> None:
    stand.open(A, "bug")
    stand.command("up")
    stand.settle()
    assert (stand.row.phase, stand.row.commit) == (Phase.READY, A)
    stand.push(B)
    stand.settle()
    assert stand.row.commit == B, "it stays asked for"


def test_down_takes_it_away_and_no_push_brings_it_back(up: Stand) -> None:
    up.command("down")
    up.rest()
    assert up.row.phase is Phase.ABSENT
    up.push(B)
    up.rest()
    assert up.row.phase is Phase.ABSENT
    assert "no push brings it back" in up.told.reason
    up.command("up")
    up.rest()
    assert (up.row.phase, up.row.commit) == (Phase.READY, B)


def test_a_label_that_is_put_on_anew_brings_it_back(up: Stand) -> None:
    up.command("down")
    up.rest()
    up.change(labels=frozenset())
    up.rest()
    up.change(labels=frozenset({"stage"}))
    up.rest()
    assert up.row.phase is Phase.READY


def test_a_label_that_is_taken_off_counts_more_than_an_old_command(stand: Stand) -> None:
    stand.open(A)
    stand.command("up")
    stand.settle()
    stand.change(labels=frozenset())
    stand.rest()
    assert stand.row.phase is Phase.ABSENT


def test_a_command_beside_a_label_that_nobody_had_seen_counts(stand: Stand) -> None:
    stand.open(A)
    stand.command("down")
    stand.rest()
    assert stand.row.phase is Phase.ABSENT


def test_down_interrupts_what_comes_up(stand: Stand) -> None:
    stand.open(A)
    stand.clock.at(1.0, lambda: stand.command("down"))
    stand.rest()
    assert stand.row.phase is Phase.ABSENT
    assert last(stand).state is CommandState.DONE


def test_up_with_a_commit_brings_that_one_until_the_next_push(up: Stand) -> None:
    up.push(B)
    up.settle()
    up.hub.commits[KEY] = [A]
    up.command(f"up {A[:7]}")
    up.settle()
    assert up.row.commit == A
    up.push("c" * 40)
    up.settle()
    assert up.row.commit == "c" * 40


def test_up_with_a_strange_commit_is_refused(up: Stand) -> None:
    up.command("up 1234567")
    up.settle()
    assert last(up).state is CommandState.REFUSED
    assert "no commit of this pull request" in last(up).answer


def test_a_closed_pull_request_takes_no_command_and_goes_whatever_github_knows(up: Stand) -> None:
    up.command("pin")
    up.shut()
    up.rest()
    assert up.row.phase is Phase.ABSENT
    assert last(up).state is CommandState.REFUSED
    assert "not open" in last(up).answer


# -- trust ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["up", "pin", "extend 1h", "approve aaaaaaa", "set A=1", "logs"])
def test_strangers_may_not(stand: Stand, text: str) -> None:
    stand.hub.permissions["mallory"] = STRANGER
    stand.open(A, "bug")
    before = stand.row.life
    stand.command(text, "mallory")
    stand.settle()
    assert last(stand).state is CommandState.REFUSED
    assert "mallory may not do that" in last(stand).answer
    assert stand.row.life == before
    assert not stand.engine.operations


def test_the_author_may_take_it_away_and_not_let_it_in(up: Stand) -> None:
    up.hub.permissions["ada"] = STRANGER
    up.policies.settings = intent.Policy(trust_anyone=True)
    up.command("sleep")
    up.settle()
    assert up.row.phase is Phase.SLEEPING
    up.command("extend 1h")
    up.settle()
    assert last(up).state is CommandState.REFUSED


def test_the_code_of_a_stranger_runs_as_the_commit_that_was_approved(stand: Stand) -> None:
    stand.hub.permissions["ada"] = STRANGER
    stand.open(A)
    stand.settle()
    assert stand.row.phase is Phase.WAITING
    assert stand.told.reason == intent.HELD_BACK[intent.NOT_APPROVED]
    stand.command(f"approve {B[:7]}", "bob")
    stand.settle()
    assert last(stand).state is CommandState.REFUSED, "another commit than the newest"
    stand.command(f"approve {A[:7]}", "bob")
    stand.settle()
    assert (stand.row.phase, stand.row.commit) == (Phase.READY, A)
    assert stand.configurer.asked[-1] == (A, False), "by the base branch's stage file"


def test_a_later_push_of_a_stranger_needs_another_approval(stand: Stand) -> None:
    stand.hub.permissions["ada"] = STRANGER
    stand.open(A)
    stand.command(f"approve {A}", "bob")
    stand.settle()
    stand.push(B)
    stand.rest()
    assert (stand.row.phase, stand.row.stack_exists) == (Phase.WAITING, False)
    assert B not in [commit for commit, _ in stand.configurer.asked]
    stand.command(f"approve {B}", "bob")
    stand.rest()
    assert (stand.row.phase, stand.row.commit) == (Phase.READY, B)


def test_a_fork_of_its_author_is_trusted_as_its_author_is(stand: Stand) -> None:
    stand.open(A, fork="ada/shop")
    stand.settle()
    assert stand.row.phase is Phase.READY
    assert stand.configurer.asked[-1] == (A, True)


def test_a_fork_of_somebody_else_is_not(stand: Stand) -> None:
    stand.open(A, fork="club/shop")
    stand.settle()
    assert stand.row.phase is Phase.WAITING


def test_a_bot_that_is_trusted_needs_no_approval_in_the_repository_itself(stand: Stand) -> None:
    stand.hub.permissions["renovate[bot]"] = model.Permission.NONE
    stand.policies.settings = intent.Policy(trusted_authors=frozenset({"renovate[bot]"}))
    stand.open(A)
    stand.change(author="Renovate[bot]")
    stand.settle()
    assert stand.row.phase is Phase.READY
    stand.change(head_repository="stranger/shop", head_sha=B)
    stand.rest()
    assert (stand.row.phase, stand.row.stack_exists) == (Phase.WAITING, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"author": "bob"},
        {"text": "extend 2h"},
        {"line": 2},
        {"comment_id": 99},
        {"asked_at": datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)},
        {"source": model.CommandSource.REVIEW},
    ],
)
def test_what_a_delivery_claims_is_not_believed(up: Stand, changes: dict[str, Any]) -> None:
    """Somebody has the webhook's secret, and writes in another's name."""
    now = up.clock.now()
    up.hub.said.append(said.Said(KEY, 5, "mallory", "/stage extend 1h", now))
    real = model.Command(KEY, 5, 1, "extend 1h", "mallory", now)
    up.store.record_command(dataclasses.replace(real, **changes))
    up.settle()
    assert last(up).state is CommandState.REFUSED
    assert "GitHub shows no such" in last(up).answer
    assert up.row.life.expires_at is None


def test_a_comment_that_was_edited_before_it_was_read_is_refused(up: Stand) -> None:
    up.command("pin")
    up.hub.said[-1] = dataclasses.replace(up.hub.said[-1], body="/stage unpin")
    up.settle()
    assert last(up).state is CommandState.REFUSED


# -- what runs ------------------------------------------------------------------------------------


def test_a_variable_that_was_set_makes_it_anew(up: Stand) -> None:
    up.command("set LEVEL=debug")
    up.settle()
    assert (up.row.phase, up.verbs) == (Phase.READY, ["up", "up"])
    assert [(one.name, one.value) for one in up.row.life.overrides] == [("LEVEL", "debug")]
    up.command("unset LEVEL")
    up.settle()
    assert up.verbs == ["up", "up", "up"]
    up.command("unset LEVEL")
    up.settle()
    assert last(up).answer == "'LEVEL' is not set: set are none"


def test_a_variable_that_is_set_while_it_comes_up_is_not_lost(stand: Stand) -> None:
    stand.open(A)
    stand.clock.at(1.0, lambda: stand.command("set LEVEL=debug"))
    stand.rest()
    assert (stand.row.phase, stand.row.commit) == (Phase.READY, A)
    assert stand.verbs == ["up", "up"], "what began before knows nothing of it"


def test_restart_starts_pods_anew_once(up: Stand) -> None:
    up.command("restart web")
    up.settle()
    assert (up.row.phase, last(up).answer) == (Phase.READY, "web restarts")
    assert up.workloads.restarted == {(up.row.name, "web"): up.asked_at()}
    up.command("restart nothing")
    up.settle()
    assert "there is no service nothing; there are: api, web" in last(up).answer


def test_logs_are_answered_apart(up: Stand) -> None:
    up.command("logs web")
    up.settle()
    assert last(up).answer == "answered below"
    assert "**web\\-1**" not in last(up).output, "escaped only where it means something"
    assert "```text\nlistening\n```" in last(up).output
    assert up.reporter.answers == [last(up)]


def test_what_needs_an_environment_says_so(stand: Stand) -> None:
    stand.open(A, "bug")
    stand.command("restart")
    stand.settle()
    assert "`/stage up` makes one" in last(stand).answer


def test_help_lists_every_command_also_when_it_is_closed(stand: Stand) -> None:
    stand.open(A, "bug")
    stand.shut()
    stand.hub.permissions["mallory"] = model.Permission.NONE
    stand.command("help", "mallory")
    stand.settle()
    for verb in ("up", "down", "extend", "approve", "logs", "help"):
        assert f"| `/stage {verb}" in last(stand).output


def test_status_tells_how_it_stands(up: Stand) -> None:
    up.command("status")
    up.settle()
    assert "**Ready**, commit `aaaaaaa`" in last(up).output
    assert "`web` 1/1 ready" in last(up).output


def test_cost_is_told_only_where_somebody_gave_prices(up: Stand) -> None:
    up.command("cost")
    up.settle()
    command = up.store.commands(KEY)[-1]
    assert command.state is CommandState.REFUSED
    assert "UNDERSTUDY_CORE_HOUR_PRICE" in command.answer


def test_whoever_was_told_by_hand_is_not_asked_for(stand: Stand) -> None:
    stand.hub.permissions["ops"] = model.Permission.NONE
    stand.open(A, "bug")
    given = model.Command(KEY, 1, 1, "up", "ops", stand.clock.now())
    direct = dataclasses.replace(given, source=model.CommandSource.DIRECT)
    stand.store.record_command(direct)
    stand.settle()
    assert stand.row.phase is Phase.READY
