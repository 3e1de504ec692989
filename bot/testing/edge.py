"""A fake CloudFront, as the edge lane sees it."""

from __future__ import annotations

from bot.testing.faulty import Faulty
from bot.testing.world import FakeWorld


class FakeEdge(Faulty):
    """CloudFront; what is pending has not reached every edge yet."""

    def __init__(self) -> None:
        self.pending: set[str] = set()
        self.asked: list[str] = []

    def deployed(self, distribution_id: str) -> bool:
        """See `bot.ports.Edge`."""
        self.asked.append(distribution_id)
        self.answer()
        return distribution_id not in self.pending


class FakeDrain(Faulty):
    """Takes an edge out of use, which takes CloudFront its time."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world

    def drained(self, name: str) -> bool:
        """See `bot.ports.Drain`."""
        self.answer()
        if name not in self._world.edges:
            return True
        since = self._world.edges[name]
        if since is None:
            since = self._world.edges[name] = self._world.clock.now()
        return (self._world.clock.now() - since).total_seconds() >= self._world.drain_seconds
