"""Reads the comments that no delivery told of, also those that a restored store forgot.

A mark says up to when a repository's comments were read. It is kept in the store, so that one from
a backup has the mark of that time, and reads again what was said since.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence, Set
from typing import Protocol

import structlog

from bot import clock, model, ports, said
from bot.reconcile.differences import folded

OVERLAP = datetime.timedelta(minutes=10)
"""Clocks differ, and a list may be a little behind; what is read twice is kept once."""
FIRST = datetime.timedelta(days=90)
"""Without a mark, so far back; no command keeps an environment for longer."""

_log = structlog.get_logger(__name__)


class Store(Protocol):
    """What is asked of the store."""

    def mark(self, name: str) -> datetime.datetime | None:
        """How far something was read; None before the first time."""

    def set_mark(self, name: str, at: datetime.datetime) -> None:
        """Keep how far something was read."""

    def record_command(self, command: model.Command) -> bool:
        """Keep a command; False for one that is known."""


class Conversation:
    """Reads what was said in repositories."""

    def __init__(
        self, store: Store, hub: ports.PullRequests, read: said.Read, time: clock.Clock
    ) -> None:
        self._store = store
        self._hub = hub
        self._read = read
        self._clock = time

    def catch_up(
        self, repository: str, pull_requests: Sequence[model.PullRequest]
    ) -> Sequence[model.Command]:
        """Keep the commands on these open pull requests that are not known yet; which those were.

        Raises UnreachableError, with nothing marked as read.
        """
        now = self._clock.now()
        name = f"comments {folded(repository)}"
        since = (self._store.mark(name) or now - FIRST) - OVERLAP
        spelled = next((pull.key.repository for pull in pull_requests), repository)
        found = self._hub.comments(spelled, since) if pull_requests else ()
        ours = {pull.key.identity for pull in pull_requests}
        missed = [command for command in self._commands(found, ours) if self._kept(command)]
        self._store.set_mark(name, now)
        return missed

    def _commands(self, found: Iterable[said.Said], ours: Set[str]) -> Iterable[model.Command]:
        for one in found:
            if one.key.identity in ours:
                yield from one.commands(self._read)

    def _kept(self, command: model.Command) -> bool:
        if not self._store.record_command(command):
            return False
        _log.info(
            "missed command",
            action="sweep",
            environment=str(command.key),
            comment=command.comment_id,
            line=command.line,
            who=command.author,
        )
        return True
