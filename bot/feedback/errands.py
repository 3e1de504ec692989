"""Small things to tell beside reports: that a command was read, and what it asked for. Pure.

An answer is kept until it was told. A reaction is a courtesy: it is told only while the budget has
room for it, and never tried again.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime

from bot import model
from bot.feedback.queue import FIRST_AGAIN_SECONDS, LAST_AGAIN_SECONDS

MAX_REACTIONS = 200
"""Reactions that may wait; the oldest are forgotten."""


@dataclasses.dataclass(slots=True)
class Errand:
    """One thing to tell."""

    command: model.Command
    reaction: bool
    due: datetime.datetime
    failures: int = 0


class Errands:
    """What is to be told, answers first."""

    def __init__(self) -> None:
        self._answers: dict[tuple[model.EnvironmentKey, int, int], Errand] = {}
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
        key = (command.key, command.comment_id, command.line)
        self._answers.setdefault(key, Errand(command, False, now))

    def pop(self, now: datetime.datetime, *, reactions: bool) -> Errand | None:
        """Take what is due; `reactions` says whether there is room for those."""
        for key, errand in self._answers.items():
            if errand.due <= now:
                del self._answers[key]
                self._in_hand += 1
                return errand
        if reactions and self._reactions:
            self._in_hand += 1
            return self._reactions.popleft()
        return None

    def ended(self, taken: Errand, now: datetime.datetime, *, told: bool) -> None:
        """It was told, or an answer is to be tried again later."""
        self._in_hand -= 1
        if told or taken.reaction:
            return
        taken.failures += 1
        pause = min(FIRST_AGAIN_SECONDS * 2 ** min(taken.failures - 1, 16), LAST_AGAIN_SECONDS)
        taken.due = now + datetime.timedelta(seconds=pause)
        key = (taken.command.key, taken.command.comment_id, taken.command.line)
        self._answers.setdefault(key, taken)

    def wait(self, now: datetime.datetime) -> float | None:
        """Seconds until something is due; None while nothing waits."""
        dues = [errand.due for errand in self._answers.values()]
        dues += [self._reactions[0].due] if self._reactions else []
        return max((min(dues) - now).total_seconds(), 0.0) if dues else None

    def __len__(self) -> int:
        """What waits and what is in hand."""
        return len(self._answers) + len(self._reactions) + self._in_hand
