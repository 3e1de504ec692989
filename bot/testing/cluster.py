"""Fakes of what watches, scales and clears the cluster."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence

from bot import model
from bot.testing.faulty import Faulty
from bot.testing.world import FakeWorld

TICK_SECONDS = 0.25
"""How often the fake watch asks whether to stop."""


class FakeWatch(Faulty):
    """Follows the fake world; time passes between its looks."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world
        self.open = 0
        """Watches that were begun and not ended."""

    def follow(
        self, namespace: str, commit: str, stop: Callable[[], bool]
    ) -> Iterator[model.Progress]:
        """See `bot.ports.Watch`."""
        self.open += 1
        last: model.Progress | None = None
        try:
            while not stop():
                self.answer()
                progress = self._world.progress(namespace, commit)
                if progress != last:
                    yield progress
                    last = progress
                if progress.ready:
                    return
                self._world.clock.sleep(TICK_SECONDS)
        finally:
            self.open -= 1


class FakeSleeper(Faulty):
    """Scales the fake world."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world

    def sleep(self, name: str) -> None:
        """See `bot.ports.Sleeper`."""
        self.answer()
        self._world.scale(name, asleep=True)

    def wake(self, name: str) -> None:
        """See `bot.ports.Sleeper`."""
        self.answer()
        self._world.scale(name, asleep=False)


class FakeWorkloads(Faulty):
    """Restarts in the fake world, and writes the same log everywhere."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world
        self.restarted: dict[tuple[str, str], datetime.datetime] = {}
        """When that was asked for, by environment and service."""
        self.log = "listening\n"

    def restart(self, name: str, service: str | None, at: datetime.datetime) -> Sequence[str]:
        """See `bot.ports.Workloads`."""
        self.answer()
        services = self._services(name, service)
        for one in services:
            if self.restarted.get((name, one), at) <= at:
                self.restarted[name, one] = at
                self._world.environments[name][one].since = self._world.clock.now()
        return services

    def logs(self, name: str, service: str | None, most: int) -> Mapping[str, str | None]:
        """See `bot.ports.Workloads`."""
        self.answer()
        services = self._services(name, service)
        return {f"{one}-1": self.log if at < most else None for at, one in enumerate(services)}

    def _services(self, name: str, service: str | None) -> list[str]:
        found = self._world.environments.get(name, {})
        return sorted(one for one in found if service in (None, one))


class FakeClearer(Faulty):
    """Removes what is left over at once, or tells of obstacles."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world
        self.obstacles: list[model.Obstacle] = []
        """What it tells, and cannot help."""
        self.asked: list[tuple[str, float]] = []

    def clear(self, name: str, seconds: float) -> Sequence[model.Obstacle]:
        """See `bot.ports.Clearer`."""
        self.asked.append((name, seconds))
        self.answer()
        if not self.obstacles:
            self._world.remove(name)
            self._world.edges.pop(name, None)
        return list(self.obstacles)
