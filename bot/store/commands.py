"""The rows of commands, inside a transaction that the store has opened."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import orm

from bot import model
from bot.store import rows
from bot.store.tables import Command, Environment

_RUNNING = model.CommandState.RUNNING.value
_PENDING = model.CommandState.PENDING.value
_GIVEN = (Command.asked_at, Command.comment_id, Command.line)
"""The order of `bot.model.Command.order`."""


def known(session: orm.Session, owner: Environment, command: model.Command) -> bool:
    """Whether this comment's line was recorded before."""
    return session.scalars(_row(owner, command)).first() is not None


def fresh(owner: Environment, command: model.Command) -> Command:
    """A row for a command that waits to be run."""
    return Command(
        environment_id=owner.id,
        comment_id=command.comment_id,
        line=command.line,
        text=command.text,
        author=command.author,
        asked_at=command.asked_at,
        state=_PENDING,
        answer="",
        source=command.source.value,
    )


def begin(session: orm.Session, owner: Environment) -> model.Command | None:
    """The next to run, from now on `running`: one that was interrupted, or the oldest pending."""
    query = (
        _of(owner)
        .where(Command.state.in_([_RUNNING, _PENDING]))
        .order_by(Command.state != _RUNNING, *_GIVEN)
        .limit(1)
    )
    found = session.scalars(query).first()
    if found is None:
        return None
    found.state = _RUNNING
    return _command(owner, found)


def finish(session: orm.Session, owner: Environment, command: model.Command) -> None:
    """Keep how a command ended. Raises ValueError for a state that is no end."""
    if not command.state.ended:
        raise ValueError(f"a command does not end {command.state.value}")
    found = session.scalars(_row(owner, command)).one()
    found.state = command.state.value
    found.answer = command.answer
    found.output = command.output


def answered(session: orm.Session, owner: Environment, command: model.Command) -> None:
    """Keep that its output was told."""
    found = session.scalars(_row(owner, command)).first()
    if found is not None:
        found.answered = True


def untold(session: orm.Session) -> Sequence[model.Command]:
    """Those of all environments whose output was not told, oldest first."""
    query = (
        sa.select(Command, Environment)
        .join(Environment, Environment.id == Command.environment_id)
        .where(Command.output != "", Command.answered.is_(sa.false()))
        .order_by(*_GIVEN)
    )
    return [_command(owner, found) for found, owner in session.execute(query)]


def every(session: orm.Session, owner: Environment) -> Sequence[model.Command]:
    """All of an environment's, in the order in which they were given."""
    return [_command(owner, found) for found in session.scalars(_of(owner).order_by(*_GIVEN))]


def _of(owner: Environment) -> sa.Select[Command]:
    return sa.select(Command).where(Command.environment_id == owner.id)


def _row(owner: Environment, command: model.Command) -> sa.Select[Command]:
    return sa.select(Command).where(
        Command.environment_id == owner.id,
        Command.comment_id == command.comment_id,
        Command.line == command.line,
    )


def _command(owner: Environment, found: Command) -> model.Command:
    return model.Command(
        key=rows.key_of(owner),
        comment_id=found.comment_id,
        line=found.line,
        text=found.text,
        author=found.author,
        asked_at=found.asked_at,
        state=model.CommandState(found.state),
        answer=found.answer,
        source=model.CommandSource(found.source),
        output=found.output,
        answered=bool(found.answered),
    )
