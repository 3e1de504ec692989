"""Repositories with several definitions: what is said of a pull request reaches each of them.

GitHub speaks of pull requests. The row without a definition takes what it says, has no environment
of its own, and passes on hints and commands to the rows of the definitions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from bot import errors, intent, model
from bot.reconcile.context import Pass
from infra import contract

Definitions = Mapping[str, contract.Definition]


def hint(run: Pass) -> None:
    """Let every definition that has a row be looked at, as somebody asked for a look at all."""
    if not run.key.definition and run.row.wanted > run.row.seen:
        run.stages.store.hint_definitions(run.key)


def begin(run: Pass) -> None:
    """Make rows for the definitions that have none yet, after the wish was read."""
    store = run.stages.store
    for name in run.definitions:
        if store.row(run.key.defined(name)) is None:
            store.hint(run.key.defined(name))


def definitions(run: Pass, pull_request: model.PullRequest | None) -> Definitions:
    """The definitions that commands of the row are passed on to; none where it runs them itself.

    Raises UnreachableError.
    """
    if pull_request is None or not pull_request.open or run.key.definition:
        return {}
    try:
        policy = run.stages.policies.policy(pull_request.key.repository, pull_request.base_ref)
    except errors.InvalidStageFileError:
        return {}  # the wish can't be read either, and says why
    return policy.definitions


def pass_on(run: Pass, command: model.Command, there: Definitions) -> model.Command | None:
    """The command as it ends where definitions run it; None where it is the row's own.

    Raises UnreachableError.
    """
    reach = run.stages.chat.reach(command)
    if not there or reach is model.Reach.ONCE:
        return None
    meant = {name for name in there if _exists(run, name)}
    if reach is model.Reach.CHANGED or not meant:
        changed = run.stages.hub.changed(run.key) if run.key.number else None
        meant |= {
            name
            for name, found in there.items()
            if changed is None or intent.within(found.paths, changed)
        }
    if not meant:
        return _ended(command, model.CommandState.REFUSED, _say_which(there))
    for name in sorted(meant):
        run.stages.store.record_command(
            dataclasses.replace(
                command, key=run.key.defined(name), state=model.CommandState.PENDING
            )
        )
    return _ended(command, model.CommandState.DONE, f"passed on to {', '.join(sorted(meant))}")


def _exists(run: Pass, name: str) -> bool:
    row = run.stages.store.row(run.key.defined(name))
    return row is not None and row.phase is not model.Phase.ABSENT


def _say_which(names: Iterable[str]) -> str:
    return (
        "it changes nothing of any environment that this repository has: put the name of the one "
        f"that you mean behind the word and a slash; there are {', '.join(names)}"
    )


def _ended(command: model.Command, state: model.CommandState, answer: str) -> model.Command:
    return dataclasses.replace(command, state=state, answer=answer)
