"""What a child process is told to do, and what it tells back; plain data for a pipe."""

from __future__ import annotations

import dataclasses
from typing import Literal


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One operation."""

    verb: Literal["up", "destroy", "exists", "warm"]
    stack: str
    config: dict[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """One line for people about a resource."""

    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """The operation succeeded."""

    outputs: dict[str, object]
    changes: dict[str, int]


@dataclasses.dataclass(frozen=True, slots=True)
class Failed:
    """The operation failed; the message is for people and holds no secret."""

    message: str


Message = Event | Done | Failed
