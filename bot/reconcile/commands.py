"""Runs the commands that wait, before the wish is read: they change what is wanted."""

from __future__ import annotations

import dataclasses

from bot import errors, intent, markdown, model, ports
from bot.reconcile import several
from bot.reconcile.context import Pass


def waiting(run: Pass) -> bool:
    """Whether a command of the environment has not ended."""
    return any(not one.state.ended for one in run.stages.store.commands(run.key))


def run_all(run: Pass) -> None:
    """Run every command of the environment that has not ended.

    The cluster's lane does it, so that each is run once; the others are hinted at what it comes to.
    Raises LeaseLostError, and UnreachableError where it can't be known who may: then they wait.
    """
    store, lease = run.stages.store, run.held.lease
    command = store.begin_command(lease)
    if command is None:
        return
    try:
        pull_request = run.stages.hub.pull_request(run.key)
    except errors.NotFoundError:
        pull_request = None
    if pull_request is not None:
        # What the label says was said before the command, as far as anybody can tell.
        life = intent.read(run.row.life, pull_request, run.stages.label)
        run.row = dataclasses.replace(run.row, life=life)
    there = several.definitions(run, pull_request)
    while command is not None:
        passed_on = several.pass_on(run, command, there)
        if passed_on is not None:
            ended = ports.Ended(passed_on, run.row.life)
        else:
            ended = run.stages.chat.run(command, pull_request, run.row)
        if ended.anew:
            # No commit is there in the form that is wanted now.
            run.save(commit=None)
        ended = _heard(run, ended)
        run.row = store.finish_command(lease, ended.command, ended.life)
        run.note(f"{command.author} asked: {command.text}; {ended.command.answer}")
        if ended.command.output and command.source is not model.CommandSource.DIRECT:
            run.stages.reporter.answer(ended.command)
        command = store.begin_command(lease)
    # Ends raise `wanted`; the wish is read after this, so it is what this pass answers.
    run.generation = max(run.generation, run.row.wanted)


def _heard(run: Pass, ended: ports.Ended) -> ports.Ended:
    """A refusal is told in an answer of its own where no other comment will tell it."""
    refused = ended.command.state is model.CommandState.REFUSED
    shown = run.row.comment_id is not None or run.row.phase is not model.Phase.ABSENT
    if shown or not refused or ended.stranger:
        return ended
    said = markdown.inline(ended.command.answer)
    return dataclasses.replace(ended, command=dataclasses.replace(ended.command, output=said))
