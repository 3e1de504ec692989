"""What commands make of an environment's life: extending, pinning, sleeping and their contraries.

Pure. Every effect is an absolute value that says when it was asked for, and of two the one asked
for later counts. So commands lead to the same life in whatever order they arrive and however often
they are run: also where some were lost and are read again from the pull request's comments.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable

from bot import errors, model

MAX_EXTEND_SECONDS = 90 * 86_400
"""No single command keeps an environment for longer than 90 days."""

_PLAIN = frozenset({"pin", "unpin", "sleep", "wake"})
_OPEN = frozenset({model.CommandState.PENDING, model.CommandState.RUNNING})


def apply(command: model.Command, life: model.Life) -> model.Life:
    """The life after a command: `extend SECONDS`, `pin`, `unpin`, `sleep` or `wake`.

    Raises InvalidCommandError.
    """
    verb, _, argument = command.text.partition(" ")
    order = command.order
    if argument and verb in _PLAIN:
        raise errors.InvalidCommandError(f"{verb} takes no argument, and {argument!r} was given")
    match verb:
        case "extend":
            until = command.asked_at + _duration(argument)
            life = dataclasses.replace(life, expires_at=later(life.expires_at, until))
        case "pin" | "unpin":
            if order > (life.pin_order or ""):
                life = dataclasses.replace(life, pinned=verb == "pin", pin_order=order)
        case "sleep" | "wake":
            if order > (life.sleep_order or ""):
                life = dataclasses.replace(life, asleep=verb == "sleep", sleep_order=order)
        case _:
            raise errors.InvalidCommandError(f"there is no command {verb!r}")
    return dataclasses.replace(life, commanded_at=later(life.commanded_at, command.asked_at))


def answer(command: model.Command, life: model.Life) -> str:
    """What came of a command that led to this life, in one sentence."""
    match command.text.partition(" ")[0]:
        case "extend":
            assert life.expires_at is not None
            return f"it does not end before {moment(life.expires_at)}"
        case "pin" | "unpin":
            return "it is pinned" if life.pinned else "it is not pinned"
        case _:
            return "it is to sleep" if life.asleep else "it is to be awake"


def with_open(commands: Iterable[model.Command], life: model.Life) -> model.Life:
    """The life as it will be when the commands that have not ended are run."""
    for command in commands:
        if command.state in _OPEN:
            try:
                life = apply(command, life)
            except errors.InvalidCommandError:
                continue  # whoever runs it refuses it
    return life


def moment(at: datetime.datetime) -> str:
    """A time for people."""
    return f"{at.astimezone(datetime.UTC):%H:%M UTC on %Y-%m-%d}"


def later(one: datetime.datetime | None, other: datetime.datetime) -> datetime.datetime:
    """The later of two times; one that never was is the earlier one."""
    return other if one is None else max(one, other)


def _duration(argument: str) -> datetime.timedelta:
    # At most so many digits, so that no number is too large to be read.
    if argument.isascii() and argument.isdigit() and len(argument) < 10:
        seconds = int(argument)
        if 0 < seconds <= MAX_EXTEND_SECONDS:
            return datetime.timedelta(seconds=seconds)
    raise errors.InvalidCommandError(
        f"extend takes a number of seconds from 1 to {MAX_EXTEND_SECONDS}, not {argument!r}"
    )
