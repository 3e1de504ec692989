"""What a child process is told to do, and what it tells back; plain data for a pipe."""

from __future__ import annotations

import dataclasses
import enum
from typing import Literal

Verb = Literal["up", "destroy", "exists", "names", "origin", "warm"]


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One operation."""

    verb: Verb
    stack: str
    config: dict[str, str]

    @property
    def changes(self) -> bool:
        """Whether it may change something, and so runs under a lease."""
        return self.verb in ("up", "destroy")


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """One line for people about a resource."""

    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """The operation succeeded."""

    outputs: dict[str, object]
    """The stack's outputs; for a question, its answer."""
    changes: dict[str, int]


@enum.unique
class Kind(enum.Enum):
    """Why an operation failed."""

    ENGINE = "engine"
    """The program, a provider or the engine: the environment's own failure."""
    UNREACHABLE = "unreachable"
    """The state backend did not answer, or there is no room for files: nobody's fault here."""


@dataclasses.dataclass(frozen=True, slots=True)
class Failed:
    """The operation failed; the message is for people and holds no secret."""

    message: str
    kind: Kind = Kind.ENGINE


Message = Event | Done | Failed
