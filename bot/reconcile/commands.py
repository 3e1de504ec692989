"""Runs the commands that wait, before the wish is read: they change what is wanted."""

from __future__ import annotations

import dataclasses

import structlog

from bot import errors, life, model
from bot.reconcile.context import Pass

_log = structlog.get_logger(__name__)


def run_all(run: Pass) -> None:
    """Run every command of the environment that has not ended. Raises LeaseLostError.

    The cluster's lane does it, so that each is run once; other lanes see what they will come to.
    """
    while (command := run.stages.store.begin_command(run.held.lease)) is not None:
        try:
            after = life.apply(command, run.row.life)
        except errors.InvalidCommandError as error:
            after, state, answer = run.row.life, model.CommandState.REFUSED, error.message
        else:
            state, answer = model.CommandState.DONE, life.answer(command, after)
        ended = dataclasses.replace(command, state=state, answer=answer)
        run.row = run.stages.store.finish_command(run.held.lease, ended, after)
        run.note(f"{command.author} asked: {command.text}; {answer}")
        _log.info(
            "command ended",
            action="command",
            environment=str(run.key),
            comment=command.comment_id,
            line=command.line,
            state=state.value,
            why=answer,
        )
