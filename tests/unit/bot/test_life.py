from __future__ import annotations

import dataclasses
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, life, model
from bot.model import CommandState

KEY = model.EnvironmentKey("acme/shop", 7)
NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)


def at(seconds: float) -> datetime.datetime:
    return NOON + datetime.timedelta(seconds=seconds)


def command(text: str, seconds: float = 0, comment: int = 1, line: int = 1) -> model.Command:
    return model.Command(KEY, comment, line, text, "ada", at(seconds))


def run(*commands: model.Command, start: model.Life | None = None) -> model.Life:
    lived = start or model.Life()
    for one in commands:
        lived = life.apply(one, lived)
    return lived


def test_extending_is_counted_from_when_it_was_asked_and_never_shortens() -> None:
    lived = run(command("extend 3600"))
    assert lived == model.Life(expires_at=at(3600), commanded_at=NOON)
    assert run(command("extend 60", 10), start=lived).expires_at == at(3600)
    assert run(command("extend 3600", 10), start=lived).expires_at == at(3610)


def test_the_last_word_about_sleep_and_pins_counts() -> None:
    assert run(command("sleep")).asleep
    assert not run(command("sleep"), command("wake", 1)).asleep
    assert run(command("pin")).pinned
    assert not run(command("pin"), command("unpin", 1)).pinned
    both = run(command("pin"), command("sleep"), command("unpin", 2))
    assert (both.asleep, both.pinned, both.commanded_at) == (True, False, at(2))


def test_within_one_comment_the_lower_line_counts() -> None:
    lines = command("sleep", line=9), command("wake", line=10)
    assert not run(*lines).asleep
    assert not run(*reversed(lines)).asleep


@pytest.mark.parametrize(
    "text",
    [
        "extend",
        "extend 0",
        "extend -5",
        "extend 1.5",
        "extend 8h",
        "extend ٣",
        "extend 7776001",
        "extend " + "9" * 5000,
        "pin 8h",
        "sleep now",
        "restart",
        "",
    ],
)
def test_what_is_not_understood_is_one_sentence(text: str) -> None:
    with pytest.raises(errors.InvalidCommandError) as caught:
        life.apply(command(text), model.Life())
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("extend 3600", "it does not end before 13:00 UTC on 2026-01-01"),
        ("pin", "it is pinned"),
        ("unpin", "it is not pinned"),
        ("sleep", "it is to sleep"),
        ("wake", "it is to be awake"),
    ],
)
def test_an_answer_says_what_is_so_now(text: str, words: str) -> None:
    assert life.answer(command(text), run(command(text))) == words


def test_an_answer_to_who_was_late_says_what_is_so() -> None:
    late, lived = command("sleep"), run(command("wake", 10))
    assert life.answer(late, run(late, start=lived)) == "it is to be awake"


def test_commands_that_have_not_ended_are_foreseen() -> None:
    pending = [
        command("sleep"),
        dataclasses.replace(command("pin"), state=CommandState.RUNNING),
        dataclasses.replace(command("extend 60"), state=CommandState.DONE),
        command("nonsense"),
    ]
    lived = life.with_open(pending, model.Life())
    assert (lived.asleep, lived.pinned, lived.expires_at) == (True, True, None)


TEXTS = st.sampled_from(["extend 60", "extend 600", "pin", "unpin", "sleep", "wake"])
COMMANDS = st.lists(
    st.builds(command, TEXTS, st.integers(0, 3).map(float), st.integers(1, 3), st.integers(1, 2)),
    # No two are the same line of the same comment.
    unique_by=lambda one: (one.comment_id, one.line),
    max_size=8,
)


@given(COMMANDS, st.data())
def test_whatever_the_order_and_however_often_the_life_is_the_same(
    commands: list[model.Command], data: st.DataObject
) -> None:
    ordered = run(*sorted(commands, key=lambda one: one.order))
    again = data.draw(st.lists(st.sampled_from(commands), max_size=8)) if commands else []
    assert run(*data.draw(st.permutations([*commands, *again]))) == ordered
