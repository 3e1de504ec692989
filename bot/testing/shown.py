"""What GitHub shows beside comments, as the fake GitHub keeps it."""

from __future__ import annotations

import dataclasses

SETTLED = frozenset({"inactive", "error", "failure"})
"""The states in which a deployment has ended."""


@dataclasses.dataclass(slots=True)
class FakeDeployment:
    """A deployment with the statuses that it was given."""

    repository: str
    commit: str
    environment: str
    statuses: list[tuple[str, str | None, str]] = dataclasses.field(default_factory=list)
    """State, URL and description, oldest first."""


@dataclasses.dataclass(slots=True)
class FakeCheck:
    """A check with what it has said."""

    repository: str
    commit: str
    name: str
    said: list[tuple[str, str | None, str]] = dataclasses.field(default_factory=list)
    """State, URL and title, oldest first."""
    summary: str = ""
