"""What a command is: its name, how it is written, who may give it, and what it does."""

from __future__ import annotations

import abc
import dataclasses
import enum
from typing import ClassVar

from bot import errors, model, ports


@enum.unique
class Who(enum.Enum):
    """Who may give a command; the value is how the guide says it."""

    ANYONE = "anyone who may comment"
    AUTHOR = "the pull request's author, and people with write access"
    WRITE = "people with write access"


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """A command that somebody may give, and what it is about."""

    command: model.Command
    words: tuple[str, ...]
    """What follows the verb, split at white space."""
    rest: str
    """The same as it was written."""
    pull_request: model.PullRequest
    row: ports.Row
    """The cluster's lane."""
    hub: ports.Hub
    workloads: ports.Workloads
    report: model.Report | None
    """How the environment stands, for people; None before it was ever asked for."""
    word: str
    """What commands begin with."""

    def no_words(self) -> None:
        """Raises InvalidCommandError where something follows a verb that stands alone."""
        if self.words:
            verb = self.command.text.partition(" ")[0]
            raise errors.InvalidCommandError(
                f"{verb} takes nothing after it, and {self.rest!r} was given"
            )

    def existing(self) -> str:
        """The environment's name. Raises InvalidCommandError where there is none."""
        if not self.row.stack_exists or self.row.removing:
            raise errors.InvalidCommandError(
                f"there is no environment just now: `{self.word} up` makes one"
            )
        return self.row.name


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """What came of a command."""

    answer: str
    """One sentence for people."""
    life: model.Life
    output: str = ""
    """What it was asked to show, as Markdown."""
    anew: bool = False
    """The environment is to be updated, though its commit is the same."""


class Verb(abc.ABC):
    """One command; a subclass for each."""

    name: ClassVar[str]
    arguments: ClassVar[str] = ""
    """As the guide shows them."""
    meaning: ClassVar[str]
    """What it does, in a sentence without subject."""
    example: ClassVar[str]
    """What follows the bot's word in one use of it."""
    who: ClassVar[Who] = Who.WRITE
    reach: ClassVar[model.Reach] = model.Reach.EXISTING
    """Which of several environments it is for, where it names none."""
    when_closed: ClassVar[bool] = False
    """Whether it means something for a pull request that is closed."""

    @property
    def usage(self) -> str:
        """The verb with its arguments."""
        return f"{self.name} {self.arguments}".strip()

    @abc.abstractmethod
    def run(self, asked: Asked) -> Done:
        """Do it. Raises InvalidCommandError with one sentence, and UnreachableError.

        It may be interrupted and run again: it does the same then, and not twice as much.
        """
