"""What was said on a pull request, as the commands that it holds; pure."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Sequence

from bot import model

WORD = "/stage"
"""What commands begin with, where the settings name no other word."""
OWN = "<!-- understudy:"
"""The bot's own comments begin with this, whatever else they hold: it never answers itself."""


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """A command as somebody wrote it."""

    line: int
    """Which line of the text it is, from 1."""
    text: str
    """Its verb in small letters, and what follows."""
    definition: str = ""
    """The definition that it was addressed to; empty where none was named."""


def word_for(word: str, key: model.EnvironmentKey) -> str:
    """What commands to an environment begin with."""
    return f"{word}/{key.definition}" if key.definition else word


Read = Callable[[str], Sequence[Written]]
"""Finds the commands in a text; `bot.chatops` has the grammar."""


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """A comment or a review."""

    key: model.EnvironmentKey
    id: int
    author: str
    body: str
    at: datetime.datetime
    source: model.CommandSource = model.CommandSource.COMMENT

    def commands(self, read: Read) -> list[model.Command]:
        """The commands that it holds."""
        if self.body.lstrip().startswith(OWN):
            return []
        return [
            model.Command(
                key=self.key.defined(found.definition),
                comment_id=self.id,
                line=found.line,
                text=found.text,
                author=self.author,
                asked_at=self.at,
                source=self.source,
            )
            for found in read(self.body)
        ]
