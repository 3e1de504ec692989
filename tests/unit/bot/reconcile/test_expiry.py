from __future__ import annotations

import pytest

from bot import errors, intent
from bot.model import LifetimeFrom, Phase
from tests.unit.bot.reconcile.stand import A, B, Stand

HOUR = intent.Policy(lifetime=3600, warn_before=600)
WARNING = "ends at 01:00 UTC on 2026-01-01 unless it is extended or pinned"


@pytest.fixture
def up(stand: Stand) -> Stand:
    stand.with_policy(HOUR)
    stand.open(A)
    stand.settle()
    assert stand.row.phase is Phase.READY
    return stand


def warned(stand: Stand) -> list[str]:
    return [line for line in stand.timeline if line.startswith("ends at")]


def test_it_is_warned_of_once_and_then_taken_away(up: Stand) -> None:
    assert not warned(up)
    up.pass_due()
    assert (up.row.phase, up.told.reason) == (Phase.READY, WARNING)
    up.change()
    up.settle()
    assert warned(up) == [WARNING]
    up.rest()
    assert up.row.phase is Phase.ABSENT
    assert up.told.reason.startswith("its time is up")
    assert not up.world.environments
    assert up.verbs == ["up", "destroy"]
    up.push(B)
    up.rest()
    assert up.verbs == ["up", "destroy"], "nobody asked for it"


def test_whoever_extends_it_takes_the_warning_back(up: Stand) -> None:
    up.pass_due()
    up.command("extend 2h")
    up.settle()
    assert up.told.reason == ""
    assert up.row.life.ends_at is None
    up.pass_due()
    assert "ends at 02:50 UTC" in up.told.reason
    assert up.told.phase is Phase.READY
    up.rest()
    assert up.row.phase is Phase.ABSENT


@pytest.mark.parametrize("text", ["extend 2h", "pin"])
def test_what_has_ended_is_had_again_by_who_extends_or_pins_it(up: Stand, text: str) -> None:
    up.rest()
    up.command(text)
    up.settle()
    assert up.row.phase is Phase.READY
    assert up.verbs == ["up", "destroy", "up"]


def test_what_has_ended_is_had_again_by_who_asks_anew(up: Stand) -> None:
    up.rest()
    up.change(labels=frozenset())
    up.settle()
    up.change(labels=frozenset({"stage"}))
    up.settle()
    assert up.row.phase is Phase.READY


def test_pinned_stays_and_unpinned_is_warned_first(up: Stand) -> None:
    up.command("pin")
    up.rest()
    up.clock.advance(10**6)
    up.change()
    up.rest()
    assert up.told.phase is Phase.READY
    up.command("unpin")
    up.settle()
    assert up.told.phase is Phase.READY
    assert "ends at" in up.told.reason
    up.rest()
    assert up.row.phase is Phase.ABSENT


def test_the_end_comes_also_to_what_sleeps(up: Stand) -> None:
    up.command("sleep")
    up.settle()
    up.pass_due()
    assert (up.told.phase, up.told.reason) == (Phase.SLEEPING, WARNING)
    up.rest()
    assert up.row.phase is Phase.ABSENT


def test_the_end_comes_also_to_what_waits_for_its_next_try(up: Stand) -> None:
    up.clock.advance(2900)
    up.watch.fault = errors.UnreachableError("the API server does not answer")
    up.change()
    up.rest()
    assert up.row.phase is Phase.ABSENT
    assert warned(up) == [WARNING]


def test_a_push_counts_where_the_policy_says_so(up: Stand) -> None:
    up.with_policy(intent.Policy(lifetime=3600, lifetime_from=LifetimeFrom.PUSH, warn_before=600))
    up.rest()
    assert up.row.phase is Phase.ABSENT
    up.push(B)
    up.settle()
    assert (up.row.phase, up.row.commit) == (Phase.READY, B)


def test_both_lanes_end() -> None:
    stand = Stand(with_edge=True)
    stand.with_policy(HOUR)
    stand.open(A)
    stand.rest()
    assert {row.phase for row in stand.rows} == {Phase.ABSENT}
    assert not stand.world.edges
    assert not stand.world.environments


def test_an_edge_does_not_end_while_an_extension_waits_for_the_cluster() -> None:
    stand = Stand(with_edge=True)
    stand.with_policy(HOUR)
    stand.open(A)
    stand.settle()
    stand.clock.advance(3000)
    stand.settle()
    stand.command("extend 24h")
    stand.clock.advance(600)
    stand.lanes = stand.lanes[1:]
    stand.settle()
    assert stand.edge_row.phase is Phase.READY
    assert stand.verbs == ["up", "up"]
