"""Fakes of the independent listings."""

from __future__ import annotations

from collections.abc import Sequence

from bot import model
from bot.testing.faulty import Faulty
from bot.testing.world import FakeWorld


class FakeProver(Faulty):
    """Lists the fake world."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world
        self.looks = 0

    def look(self, name: str, lane: model.Lane | None = None) -> model.Absence:
        """See `bot.ports.Prover`."""
        self.looks += 1
        self.answer()
        found = []
        checked: tuple[str, ...] = ()
        if lane is not model.Lane.EDGE:
            checked += ("namespaces", "nodes")
            if name in self._world.environments:
                found.append(model.Remnant("Namespace", name))
            until = self._world.lingering.get(name)
            if until is not None and self._world.clock.now() < until:
                found.append(model.Remnant("Node", f"{name}-node"))
        if lane is not model.Lane.CLUSTER:
            checked += ("distributions",)
            if name in self._world.edges:
                found.append(model.Remnant("Distribution", f"E-{name}"))
        return model.Absence(checked, tuple(found), self._world.clock.now())


class FakeInventory(Faulty):
    """Lists the fake world, and what else was left in cluster and cloud."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world
        self.left: list[model.Holding] = []
        """What no engine of the fake world made."""

    def holdings(self) -> Sequence[model.Holding]:
        """See `bot.ports.Inventory`; what the world holds is found without its pull request."""
        self.answer()
        return [
            *(
                model.Holding(name, None, (model.Remnant("Namespace", name),))
                for name in sorted(self._world.environments)
            ),
            *self.left,
        ]
