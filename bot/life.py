"""What commands make of an environment's life: extending, pinning, sleeping and their contraries.

Pure. Every effect is an absolute value that says when it was asked for, and of two the one asked
for later counts. So commands lead to the same life in whatever order they arrive and however often
they are run: also where some were lost and are read again from the pull request's comments.
"""

from __future__ import annotations

import dataclasses
import datetime

from bot import model


def extend(life: model.Life, command: model.Command, seconds: float) -> model.Life:
    """It does not end before so many seconds after the command was given."""
    until = command.asked_at + datetime.timedelta(seconds=seconds)
    return _commanded(dataclasses.replace(life, expires_at=later(life.expires_at, until)), command)


def pin(life: model.Life, command: model.Command, *, pinned: bool) -> model.Life:
    """It does not end by itself, or does again."""
    if command.order > (life.pin_order or ""):
        life = dataclasses.replace(life, pinned=pinned, pin_order=command.order)
    return _commanded(life, command)


def sleep(life: model.Life, command: model.Command, *, asleep: bool) -> model.Life:
    """It is to be scaled to zero, or not."""
    if command.order > (life.sleep_order or ""):
        life = dataclasses.replace(life, asleep=asleep, sleep_order=command.order)
    return _commanded(life, command)


def wish(
    life: model.Life,
    command: model.Command,
    *,
    wished: bool,
    commit: str | None = None,
    over: str | None = None,
) -> model.Life:
    """It is asked for, or it is to go; asking begins a new lifetime.

    A `commit` that is asked for by name counts for as long as `over` is the newest.
    """
    if command.order > (life.wish_order or ""):
        life = dataclasses.replace(
            life,
            wished=wished,
            wish_order=command.order,
            chosen=commit,
            chosen_over=over if commit else None,
        )
        if wished:
            life = dataclasses.replace(life, began_at=None, ends_at=None)
    return _commanded(life, command)


def approve(life: model.Life, command: model.Command, commit: str) -> model.Life:
    """This commit of an author without write access may run, and none after it."""
    return _commanded(dataclasses.replace(life, approved=commit), command)


def override(life: model.Life, command: model.Command, name: str, value: str | None) -> model.Life:
    """An environment variable has another value than in the stage file; None: no other."""
    known = {found.name: found for found in life.overrides}
    if name not in known or command.order > known[name].order:
        known[name] = model.Override(name, value, command.order)
        life = dataclasses.replace(life, overrides=tuple(known[one] for one in sorted(known)))
    return _commanded(life, command)


def with_label(life: model.Life, *, labelled: bool) -> model.Life:
    """The label was looked at; where somebody added or removed it, that counts from now on."""
    if labelled is life.labelled:
        return life
    return dataclasses.replace(life, labelled=labelled, wished=None, chosen=None)


def moment(at: datetime.datetime) -> str:
    """A time for people."""
    return f"{at.astimezone(datetime.UTC):%H:%M UTC on %Y-%m-%d}"


def later(one: datetime.datetime | None, other: datetime.datetime) -> datetime.datetime:
    """The later of two times; one that never was is the earlier one."""
    return other if one is None else max(one, other)


def _commanded(life: model.Life, command: model.Command) -> model.Life:
    return dataclasses.replace(life, commanded_at=later(life.commanded_at, command.asked_at))
