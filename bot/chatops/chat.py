"""Runs commands: asks GitHub whether their authors may, and does what they say."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import structlog

from bot import errors, model, ports, said
from bot.chatops import registry
from bot.chatops.grammar import Reader
from bot.chatops.verb import Asked, Verb, Who

_log = structlog.get_logger(__name__)


class _NotAllowedError(errors.InvalidCommandError):
    """Its author may not give this command."""


class HubChat:
    """Implements `bot.ports.Chat`."""

    def __init__(
        self,
        hub: ports.Hub,
        workloads: ports.Workloads,
        reported: Callable[[model.EnvironmentKey], model.Report | None],
        reader: Reader,
    ) -> None:
        """`reported` tells how an environment stands; `reader` finds commands in texts."""
        self._hub = hub
        self._workloads = workloads
        self._reported = reported
        self._reader = reader

    def run(
        self, command: model.Command, pull_request: model.PullRequest | None, row: ports.Row
    ) -> ports.Ended:
        """Do what a command says, or refuse it. See `bot.ports.Chat`."""
        name, _, rest = command.text.partition(" ")
        try:
            self._written(command)
            verb = registry.find(name, said.word_for(self._reader.word, command.key))
            asked = self._asked(command, rest, _open(pull_request, verb), row)
            self._permitted(command, verb, asked.pull_request)
            done = verb.run(asked)
        except errors.InvalidCommandError as error:
            ended = self._ended(command, model.CommandState.REFUSED, error.message)
            return ports.Ended(ended, row.life, stranger=isinstance(error, _NotAllowedError))
        ended = self._ended(command, model.CommandState.DONE, done.answer, done.output)
        return ports.Ended(ended, done.life, done.anew)

    def reach(self, command: model.Command) -> model.Reach:
        """Which of several environments it is for. See `bot.ports.Chat`."""
        verb = registry.VERBS.get(command.text.partition(" ")[0])
        return model.Reach.ONCE if verb is None else verb.reach

    def trusted(self, pull_request: model.PullRequest) -> bool:
        """Whether its code may run without anybody's word. See `bot.ports.Chat`."""
        head = pull_request.head_repository
        if head is None:
            return False
        owner = head.partition("/")[0].lower()
        # Whoever may write to another's fork is nobody whose permission was asked.
        if pull_request.from_fork and owner != pull_request.author.lower():
            return False
        return self._permission(pull_request.key, pull_request.author) >= model.Permission.WRITE

    def _written(self, command: model.Command) -> None:
        """Whether it stands where it is said to: whoever has the webhook's secret can make a
        delivery of somebody else's words. Raises InvalidCommandError."""
        if command.source is model.CommandSource.DIRECT:
            return
        try:
            found = self._hub.wrote(command.key, command.comment_id, command.source)
        except errors.NotFoundError:
            found = None
        given = (command.author, command.line, command.text, command.asked_at)
        if found is None or given not in [
            (one.author, one.line, one.text, one.asked_at)
            for one in found.commands(self._reader.read)
            # What was said to all is said to each.
            if one.key.identity in {command.key.identity, command.key.whole.identity}
        ]:
            raise errors.InvalidCommandError(
                f"GitHub shows no such {command.source.value} (any more): write it anew"
            )

    def _permitted(
        self, command: model.Command, verb: Verb, pull_request: model.PullRequest
    ) -> None:
        if verb.who is Who.ANYONE or command.source is model.CommandSource.DIRECT:
            return
        if verb.who is Who.AUTHOR and command.author.lower() == pull_request.author.lower():
            return
        if self._permission(pull_request.key, command.author) < model.Permission.WRITE:
            raise _NotAllowedError(
                f"{command.author} may not do that: {verb.name} is for {verb.who.value}"
            )

    def _permission(self, key: model.EnvironmentKey, login: str) -> model.Permission:
        try:
            return self._hub.permission(key.repository, login)
        except errors.NotFoundError:
            return model.Permission.NONE

    def _asked(
        self,
        command: model.Command,
        rest: str,
        pull_request: model.PullRequest,
        row: ports.Row,
    ) -> Asked:
        return Asked(
            command=command,
            words=tuple(rest.split()),
            rest=rest,
            pull_request=pull_request,
            row=row,
            hub=self._hub,
            workloads=self._workloads,
            report=self._reported(command.key),
            word=said.word_for(self._reader.word, command.key),
        )

    @staticmethod
    def _ended(
        command: model.Command,
        state: model.CommandState,
        answer: str,
        output: str = "",
    ) -> model.Command:
        _log.info(
            "command ended",
            action="audit",
            environment=str(command.key),
            who=command.author,
            command=command.text,
            source=command.source.value,
            comment=command.comment_id,
            line=command.line,
            state=state.value,
            why=answer,
        )
        return dataclasses.replace(command, state=state, answer=answer, output=output)


def _open(pull_request: model.PullRequest | None, verb: Verb) -> model.PullRequest:
    """The pull request, where the command means something for it. Raises InvalidCommandError."""
    if pull_request is None or not (pull_request.open or verb.when_closed):
        raise errors.InvalidCommandError(
            "the pull request is not open: reopen it to have an environment"
        )
    return pull_request
