"""What every object has: a node id and times."""

from __future__ import annotations

import base64
import datetime


def node_id(kind: str, number: int) -> str:
    """An opaque name, of the form that GitHub gave out for years."""
    return base64.b64encode(f"0{len(kind)}:{kind}{number}".encode()).decode()


def stamp(at: datetime.datetime) -> str:
    """A time as GitHub writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def maybe(at: datetime.datetime | None) -> str | None:
    """A time that may be missing."""
    return None if at is None else stamp(at)
