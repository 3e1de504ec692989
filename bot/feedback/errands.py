"""Small things to tell beside reports: that a command was read, and what it asked for. Pure.

An answer is kept until it was told. A reaction is a courtesy: where there is no room for it, it is
forgotten, and it is never tried again.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime

from bot import model
from bot.feedback.governor import Rank
from bot.feedback.queue import Wait, again_after

MAX_REACTIONS = 200
"""Reactions that may wait; the oldest are forgotten."""


@dataclasses.dataclass(slots=True)
class Errand:
    """One thing to tell."""

    command: model.Command
    reaction: bool
    due: datetime.datetime
    failures: int = 0

    @property
    def rank(self) -> Rank:
        """Which others it goes before."""
        return Rank.COURTESY if self.reaction else Rank.PHASE


_Place = tuple[model.EnvironmentKey, int, int]


class Errands:
    """What is to be told, answers first."""

    def __init__(self) -> None:
        self._answers: dict[_Place, Errand] = {}
        self._reactions: collections.deque[Errand] = collections.deque(maxlen=MAX_REACTIONS)
        self._in_hand = 0

    def acknowledge(self, command: model.Command, now: datetime.datetime) -> None:
        """A command was read; a review can't be given a reaction."""
        waiting = {(one.command.key, one.command.comment_id) for one in self._reactions}
        if (
            command.source is model.CommandSource.COMMENT
            and (command.key, command.comment_id) not in waiting
        ):
            self._reactions.append(Errand(command, True, now))

    def answer(self, command: model.Command, now: datetime.datetime) -> None:
        """A command's output is to be told."""
        self._answers.setdefault(_place(command), Errand(command, False, now))

    def pop(self, now: datetime.datetime, wait: Wait) -> Errand | None:
        """Take what is due and has room; reactions that have none are forgotten."""
        for key, errand in self._answers.items():
            if errand.due <= now and not wait(errand.command.key.repository, errand.rank):
                del self._answers[key]
                self._in_hand += 1
                return errand
        while self._reactions:
            errand = self._reactions.popleft()
            if not wait(errand.command.key.repository, errand.rank):
                self._in_hand += 1
                return errand
        return None

    def put_back(self, taken: Errand, due: datetime.datetime) -> None:
        """There was no room for it: an answer waits, a reaction is forgotten."""
        self._in_hand -= 1
        if not taken.reaction:
            taken.due = due
            self._answers.setdefault(_place(taken.command), taken)

    def ended(self, taken: Errand, now: datetime.datetime, *, told: bool) -> None:
        """It was told, or an answer is to be tried again later."""
        self._in_hand -= 1
        if told or taken.reaction:
            return
        taken.failures += 1
        taken.due = now + again_after(taken.failures)
        self._answers.setdefault(_place(taken.command), taken)

    def wait(self, now: datetime.datetime, room: Wait) -> float | None:
        """Seconds until something is due and has room; None while nothing waits."""
        waits = [
            max(
                (errand.due - now).total_seconds(), room(errand.command.key.repository, errand.rank)
            )
            for errand in self._answers.values()
        ]
        waits += [0.0] if self._reactions else []
        return max(min(waits), 0.0) if waits else None

    def __len__(self) -> int:
        """What waits and what is in hand."""
        return len(self._answers) + len(self._reactions) + self._in_hand


def _place(command: model.Command) -> _Place:
    return command.key, command.comment_id, command.line
