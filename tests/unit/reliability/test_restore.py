"""The database is lost, and a backup that is hours old takes its place."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import reconcile, store
from bot.model import Phase
from tests.unit.bot.reconcile.stand import KEY, A, B, C, Stand
from tests.unit.reliability.world import OTHER, THIRD, Sweeps, calm, name_of, nothing_is_left

HOURS = 6 * 3600.0


class Backed:
    """A stand on a database file that is backed up, and put back."""

    def __init__(self, folder: Path) -> None:
        self.stand = Stand(folder, with_edge=True)
        self._file = folder / "bot.db"
        self._copy = folder / "backup.db"

    def back_up(self) -> None:
        with sqlite3.connect(self._file) as live, sqlite3.connect(self._copy) as copy:
            live.backup(copy)
        live.close()
        copy.close()

    def restore(self) -> None:
        """Put the backup in the place of the database, while the bot is stopped."""
        stand = self.stand
        stand.close()
        for file in self._file.parent.glob("bot.db*"):
            file.unlink()
        self._copy.rename(self._file)
        stand.store = store.SqlStore(f"sqlite:///{self._file}", stand.clock)
        stand.stages = dataclasses.replace(stand.stages, store=stand.store)
        stand.loop = reconcile.Loop(stand.stages)


@pytest.fixture
def backed(tmp_path: Path) -> Iterator[Backed]:
    made = Backed(tmp_path)
    yield made
    made.stand.close()


def test_an_old_backup_leaves_nothing_over_and_nothing_wrong(backed: Backed) -> None:
    stand = backed.stand
    stand.open(A)
    stand.hub.open(OTHER, A, "stage")
    stand.store.hint(OTHER)
    calm(stand)
    backed.back_up()
    # A push to one, another one opened, the third closed: none of it is in the backup.
    stand.push(B)
    stand.hub.open(THIRD, C, "stage")
    stand.store.hint(THIRD)
    stand.hub.change(OTHER, open=False)
    stand.store.hint(OTHER)
    calm(stand)
    assert set(stand.world.environments) == {name_of(KEY), name_of(THIRD)}
    stand.clock.advance(HOURS)
    backed.restore()
    sweeps = Sweeps(stand)
    sweeps.run(3)
    assert sweeps.run() == [], "the sweep has nothing more to say"
    assert stand.world.commits(name_of(KEY)) == {B}
    assert stand.world.commits(name_of(THIRD)) == {C}
    assert stand.row.commit == B, "the backup said otherwise"
    assert set(stand.world.environments) == set(stand.world.edges) == {name_of(KEY), name_of(THIRD)}
    phases = {row.key: row.phase for row in stand.store.rows()}
    assert phases == {KEY: Phase.READY, OTHER: Phase.ABSENT, THIRD: Phase.READY}
    assert not stand.engine.overlaps


def test_what_was_opened_after_the_backup_and_is_closed_by_now_leaves_nothing(
    backed: Backed,
) -> None:
    stand = backed.stand
    backed.back_up()
    stand.open(A)
    calm(stand)
    assert stand.world.environments
    backed.restore()
    assert stand.store.lanes(KEY) == {}
    stand.hub.change(KEY, open=False)
    Sweeps(stand).run(3)
    nothing_is_left(stand)


def test_a_backup_from_the_middle_of_a_removal_ends_it(backed: Backed) -> None:
    stand = backed.stand
    stand.open(A)
    calm(stand)
    stand.clock.at(1.0, backed.back_up)
    stand.shut()
    calm(stand)
    nothing_is_left(stand)
    stand.clock.advance(HOURS)
    backed.restore()
    assert stand.row.removing
    Sweeps(stand).run(2)
    nothing_is_left(stand)
    assert {row.phase for row in stand.rows} == {Phase.ABSENT}


def test_a_backup_from_the_middle_of_an_update_ends_it(backed: Backed) -> None:
    stand = backed.stand
    stand.clock.at(1.0, backed.back_up)
    stand.open(A)
    calm(stand)
    stand.push(B)
    calm(stand)
    stand.clock.advance(HOURS)
    backed.restore()
    Sweeps(stand).run(2)
    assert stand.world.commits(name_of(KEY)) == {B}
    assert (stand.row.phase, stand.row.commit) == (Phase.READY, B)
