"""What a check says, as GitHub's API takes it: a check run of an App, or a commit status. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

MAX_TITLE = 255
MAX_SUMMARY = 65_535
MAX_DESCRIPTION = 140
"""GitHub takes no longer ones."""
STATUSES: Mapping[str, str] = MappingProxyType(
    {
        "in_progress": "pending",
        "success": "success",
        "failure": "failure",
        # As for check runs: what is neutral stands in nobody's way, what was cancelled does.
        "neutral": "success",
        "cancelled": "error",
    }
)
"""A commit status has fewer states."""


def run(name: str, state: str, title: str, summary: str, url: str | None) -> dict[str, Any]:
    """The fields of a check run, for making and for editing it."""
    how = {"status": state} if state == "in_progress" else {"conclusion": state}
    output = {"title": title[:MAX_TITLE], "summary": summary[:MAX_SUMMARY]}
    return {"name": name, "output": output, **how, **({"details_url": url} if url else {})}


def status(name: str, state: str, title: str, url: str | None) -> dict[str, Any]:
    """The fields of a commit status."""
    where = {"target_url": url} if url else {}
    return {
        "context": name,
        "state": STATUSES[state],
        "description": title[:MAX_DESCRIPTION],
        **where,
    }
