"""Proves that nothing of an environment is left: the answers of all listings, put together.

Each source lists by itself, by name, label and tag, and looks into no recorded state: what was
forgotten there is just what has to be found. A listing that fails proves nothing, so it raises.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from bot import clock, model


@dataclasses.dataclass(frozen=True, slots=True)
class Listing:
    """One listing that succeeded."""

    what: str
    """What was listed, for people: `namespaces`, `EC2 instances`, …"""
    remnants: tuple[model.Remnant, ...] = ()


class Source(Protocol):
    """Something that can be listed."""

    def look(self, name: str) -> Iterator[Listing]:
        """List everything that could carry the environment's name. Raises UnreachableError."""


class Prover:
    """Implements `bot.ports.Prover` for the cluster and AWS."""

    def __init__(self, sources: Mapping[model.Lane, Sequence[Source]], time: clock.Clock) -> None:
        self._sources = sources
        self._clock = time

    def look(self, name: str, lane: model.Lane | None = None) -> model.Absence:
        """Ask every source of a lane, or of all. See `bot.ports.Prover`."""
        asked = self._sources if lane is None else {lane: self._sources.get(lane, ())}
        listings = [
            listing
            for sources in asked.values()
            for source in sources
            for listing in source.look(name)
        ]
        # What two listings find (by label and by tag) is one remnant.
        remnants = dict.fromkeys(found for listing in listings for found in listing.remnants)
        checked = tuple(listing.what for listing in listings)
        return model.Absence(checked, tuple(remnants), self._clock.now())
