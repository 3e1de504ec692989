"""Rows, pull requests and a store for tests of the sweep."""

from __future__ import annotations

import dataclasses
import datetime

from bot import errors, model, ports
from infra import naming

A, B = "a" * 40, "b" * 40
REPOSITORY = "acme/shop"
NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)


def key(number: int, repository: str = REPOSITORY) -> model.EnvironmentKey:
    return model.EnvironmentKey(repository, number)


def name(number: int, repository: str = REPOSITORY) -> str:
    return naming.environment_name(key(number, repository))


def row(
    number: int,
    phase: model.Phase = model.Phase.READY,
    *,
    repository: str = REPOSITORY,
    exists: bool | None = None,
    commit: str | None = A,
    wished: bool = False,
) -> ports.Row:
    """A row that nobody works on; with `wished`, one that waits for a pass."""
    there = phase not in (model.Phase.ABSENT, model.Phase.WAITING) if exists is None else exists
    return ports.Row(
        key=key(number, repository),
        lane=model.Lane.CLUSTER,
        name=name(number, repository),
        wanted=4 if wished else 3,
        seen=3,
        due_at=None,
        phase=phase,
        phase_since=NOON,
        stack_exists=there,
        removing=False,
        destroyed_at=None,
        commit=commit if there else None,
        target=None,
        reason="",
        edge_value="",
        outputs={},
        progress=None,
        absence=None,
        comment_id=None,
        comment_digest=None,
        deployment_id=None,
        deployment_commit=None,
        failures=0,
        leased=False,
    )


def pull(
    number: int,
    commit: str = A,
    *labels: str,
    repository: str = REPOSITORY,
    fork: bool = False,
) -> model.PullRequest:
    """An open pull request, with the label that asks for an environment unless others are given."""
    return model.PullRequest(
        key=key(number, repository),
        open=True,
        merged=False,
        draft=False,
        title="Change the shop window",
        author="ada",
        labels=frozenset(labels or ("stage",)),
        head_sha=commit,
        head_ref="window",
        base_sha="0" * 40,
        base_ref="main",
        head_repository="mallory/shop" if fork else repository,
    )


def holding(
    number: int, repository: str = REPOSITORY, *, told: bool = True, by_hand: bool = False
) -> model.Holding:
    called = name(number, repository)
    whose = key(number, repository) if told else None
    return model.Holding(called, whose, (model.Remnant("Namespace", called),), by_hand)


class FakeStore:
    """Rows that are hinted and adopted as the real store does it."""

    def __init__(self, *rows: ports.Row) -> None:
        self.kept = {row.key: row for row in rows}
        self.hints: list[model.EnvironmentKey] = []
        self.adopted: list[model.EnvironmentKey] = []
        self.fault: errors.UnderstudyError | None = None

    def rows(self) -> list[ports.Row]:
        if self.fault:
            raise self.fault
        return list(self.kept.values())

    def lanes(self, key: model.EnvironmentKey) -> dict[model.Lane, ports.Row]:
        found = self.kept.get(key)
        return {} if found is None else {found.lane: found}

    def hint(self, key: model.EnvironmentKey) -> None:
        self.hints.append(key)
        self.kept[key] = self._wished(key)

    def adopt(self, key: model.EnvironmentKey) -> bool:
        known = self.kept.get(key)
        if known is not None and known.stack_exists:
            return False
        self.adopted.append(key)
        self.kept[key] = dataclasses.replace(self._wished(key), stack_exists=True)
        return True

    def doubt(self, key: model.EnvironmentKey) -> None:
        self.hint(key)
        self.kept[key] = dataclasses.replace(self.kept[key], commit=None)

    def work(self) -> None:
        """Let passes answer every wish, and find nothing to do."""
        self.kept = {
            key: dataclasses.replace(row, seen=row.wanted) for key, row in self.kept.items()
        }

    def _wished(self, key: model.EnvironmentKey) -> ports.Row:
        known = self.kept.get(key) or row(key.number, model.Phase.ABSENT, repository=key.repository)
        return dataclasses.replace(known, wanted=known.wanted + 1)
