from __future__ import annotations

import datetime

from hypothesis import given
from hypothesis import strategies as st

from bot import life, model

KEY = model.EnvironmentKey("acme/shop", 7)
NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
A, B = "a" * 40, "b" * 40


def at(seconds: float) -> datetime.datetime:
    return NOON + datetime.timedelta(seconds=seconds)


def command(text: str, seconds: float = 0, comment: int = 1, line: int = 1) -> model.Command:
    return model.Command(KEY, comment, line, text, "ada", at(seconds))


def apply(one: model.Command, lived: model.Life) -> model.Life:
    """What a command does; the verbs are those of `bot.chatops`, told in fewer words."""
    verb, _, rest = one.text.partition(" ")
    match verb:
        case "extend":
            return life.extend(lived, one, float(rest))
        case "pin" | "unpin":
            return life.pin(lived, one, pinned=verb == "pin")
        case "sleep" | "wake":
            return life.sleep(lived, one, asleep=verb == "sleep")
        case "up" | "down":
            return life.wish(lived, one, wished=verb == "up", commit=rest or None, over=A)
        case "set":
            return life.override(lived, one, rest, str(one.comment_id))
        case _:
            return life.override(lived, one, rest, None)


def run(*commands: model.Command, start: model.Life | None = None) -> model.Life:
    lived = start or model.Life()
    for one in commands:
        lived = apply(one, lived)
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


def test_whoever_asks_for_it_begins_a_new_lifetime() -> None:
    old = model.Life(began_at=at(-9000), ends_at=at(-1))
    asked = run(command("up"), start=old)
    assert (asked.wished, asked.began_at, asked.ends_at) == (True, None, None)
    assert run(command("down"), start=old).began_at == at(-9000)
    late = run(command("up", -10), start=run(command("down"), start=old))
    assert (late.wished, late.began_at) == (False, at(-9000)), "somebody has said otherwise since"


def test_a_commit_is_chosen_until_somebody_asks_anew() -> None:
    chosen = run(command(f"up {B}"))
    assert (chosen.chosen, chosen.chosen_over) == (B, A)
    again = run(command("up", 1), start=chosen)
    assert (again.chosen, again.chosen_over) == (None, None)


def test_a_variable_is_what_was_said_last() -> None:
    lived = run(command("set B", comment=1), command("set A", comment=2), command("unset B", 1))
    assert [(one.name, one.value) for one in lived.overrides] == [("A", "2"), ("B", None)]


def test_a_label_that_stays_says_nothing_new() -> None:
    down = model.Life(wished=False, chosen=B, labelled=True)
    assert life.with_label(down, labelled=True) is down
    assert life.with_label(down, labelled=False) == model.Life()


TEXTS = st.one_of(
    st.sampled_from(["extend 60", "extend 600", "pin", "unpin", "sleep", "wake"]),
    st.sampled_from(["up", f"up {B}", "down", "set A", "unset A", "set B"]),
)
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
