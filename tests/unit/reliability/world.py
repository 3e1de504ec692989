"""What the reliability tests ask of a stand: what is there, what was told; and its sweeps."""

from __future__ import annotations

from collections.abc import Sequence

from bot import model, testing
from bot.model import Phase
from bot.reconcile import Sweep
from infra import naming
from tests.unit.bot.reconcile.stand import KEY, Stand

OTHER = model.EnvironmentKey("acme/shop", 8)
THIRD = model.EnvironmentKey("acme/shop", 9)
KEYS = (KEY, OTHER, THIRD)


def name_of(key: model.EnvironmentKey) -> str:
    return naming.environment_name(key)


def nothing_is_left(stand: Stand) -> None:
    """Neither in the world nor in the state, seen past everything that the bot stores."""
    assert stand.engine.stacks == set()
    assert stand.world.environments == {}
    assert stand.world.edges == {}
    now = stand.clock.now()
    assert all(until <= now for until in stand.world.lingering.values())
    assert not stand.engine.running()
    assert not stand.engine.overlaps


def serves(stand: Stand, commit: str, key: model.EnvironmentKey = KEY) -> None:
    """This commit and no other runs, and people are told so."""
    assert stand.world.commits(name_of(key)) == {commit}
    told = [report for report in stand.reporter.reports if report.key == key][-1]
    assert (told.phase, told.commit) == (Phase.READY, commit)


def ready_commits(stand: Stand, key: model.EnvironmentKey = KEY) -> list[str | None]:
    """The commits that people were ever told to be ready, each once in a row."""
    told = [
        report.commit
        for report in stand.reporter.reports
        if report.key == key and report.phase is Phase.READY
    ]
    return [commit for at, commit in enumerate(told) if at == 0 or told[at - 1] != commit]


def calm(stand: Stand, passes: int = 300) -> None:
    """Let time pass until nothing is due any more, for any environment."""
    for _ in range(passes):
        stand.settle()
        due = [
            row.due_at
            for row in stand.store.rows()
            if row.due_at and row.lane in stand.lanes and row.phase is not Phase.STUCK
        ]
        if not due:
            return
        stand.clock.advance(max((min(due) - stand.clock.now()).total_seconds(), 0.0))
    raise AssertionError("no rest")


class Stacks(testing.FakeStacks):
    """The engine's stacks, each of which tells whose it is."""

    def __init__(self, engine: testing.FakeEngine, keys: Sequence[model.EnvironmentKey]) -> None:
        super().__init__(engine)
        self._keys = {name_of(key): key for key in keys}

    def origin(self, name: str) -> model.Origin | None:
        super().origin(name)  # may be unreadable
        return model.Origin(self._keys[naming.environment_of(name)], by_hand=False)


class Inventory(testing.FakeInventory):
    """What the world holds, each with the label of its pull request."""

    def __init__(self, world: testing.FakeWorld, keys: Sequence[model.EnvironmentKey]) -> None:
        super().__init__(world)
        self._keys = {name_of(key): key for key in keys}

    def holdings(self) -> Sequence[model.Holding]:
        return [
            model.Holding(found.name, self._keys.get(found.name), found.resources)
            for found in super().holdings()
        ]


class Sweeps:
    """Sweeps over everything that the stand has."""

    def __init__(self, stand: Stand, keys: Sequence[model.EnvironmentKey] = KEYS) -> None:
        self.stand = stand
        self.stacks = Stacks(stand.engine, keys)
        self.inventory = Inventory(stand.world, keys)
        self.sweep = Sweep(
            store=stand.store,
            pull_requests=stand.hub,
            stacks=self.stacks,
            inventory=self.inventory,
            policies=stand.policies,
            time=stand.clock,
        )

    def run(self, times: int = 1) -> list[str]:
        """Sweep, do the work that comes of it, and tell what the last one found."""
        found: list[str] = []
        for _ in range(times):
            found = [finding.kind.value for finding in self.sweep.run()]
            calm(self.stand)
        return found
