from __future__ import annotations

import pytest

from bot import errors, model
from bot.model import Phase, PodTrouble
from tests.unit.bot.reconcile.stand import A, B, Stand

EVERY = {"api", "web"}


@pytest.fixture
def asleep(stand: Stand) -> Stand:
    stand.open(A)
    stand.settle()
    stand.command("sleep")
    stand.settle()
    assert (stand.row.phase, stand.world.asleep(stand.row.name)) == (Phase.SLEEPING, EVERY)
    return stand


def test_it_is_put_to_sleep_and_told_without_the_engine(asleep: Stand) -> None:
    assert asleep.verbs == ["up"]
    assert (asleep.told.phase, asleep.told.progress) == (Phase.SLEEPING, None)
    assert asleep.row.due_at is None


def test_it_is_woken_and_ready_only_when_it_serves(asleep: Stand) -> None:
    asleep.reporter.reports.clear()
    asleep.command("wake")
    asleep.settle()
    assert asleep.verbs == ["up"]
    assert asleep.reporter.phases() == [Phase.PROVISIONING, Phase.READY]
    assert not asleep.world.asleep(asleep.row.name)


def test_a_new_commit_is_brought_in_and_it_sleeps_on(asleep: Stand) -> None:
    asleep.reporter.reports.clear()
    asleep.world.services = ("api", "new", "web")
    asleep.push(B)
    asleep.settle()
    assert asleep.reporter.phases() == [Phase.PROVISIONING, Phase.SLEEPING]
    assert asleep.world.commits(asleep.row.name) == {B}
    assert asleep.world.asleep(asleep.row.name) == {"api", "new", "web"}
    assert asleep.row.commit == B


def test_it_is_taken_away_asleep(asleep: Stand) -> None:
    asleep.shut()
    asleep.rest()
    assert asleep.row.phase is Phase.ABSENT
    assert not asleep.world.environments


def test_a_close_interrupts_an_update_that_sleeps(asleep: Stand) -> None:
    asleep.clock.at(1, asleep.shut)
    asleep.push(B)
    asleep.rest()
    assert asleep.engine.operations[1].cancelled
    assert asleep.row.phase is Phase.ABSENT


def test_sleep_during_an_update_lets_it_finish(stand: Stand) -> None:
    stand.open(A)
    stand.clock.at(1, lambda: stand.command("sleep"))
    stand.settle()
    assert not stand.engine.operations[0].cancelled
    assert stand.row.phase is Phase.SLEEPING
    assert "wanted asleep" in stand.timeline


def test_waking_during_an_update_that_sleeps(asleep: Stand) -> None:
    asleep.clock.at(1, lambda: asleep.command("wake"))
    asleep.push(B)
    asleep.settle()
    assert (asleep.row.phase, asleep.row.commit) == (Phase.READY, B)
    assert not asleep.world.asleep(asleep.row.name)
    assert "wanted awake" in asleep.timeline


def test_what_can_not_start_may_be_put_to_sleep(stand: Stand) -> None:
    stand.world.troubles = {"web": (PodTrouble.CRASHING, "exit code 1")}
    stand.open(A)
    stand.settle()
    assert stand.row.phase is Phase.DEGRADED
    stand.command("sleep")
    stand.settle()
    assert (stand.row.phase, stand.told.reason) == (Phase.SLEEPING, "")
    assert stand.row.due_at is None, "nobody looks whether it has recovered"


def test_who_was_woken_by_somebody_else_is_put_back(asleep: Stand) -> None:
    asleep.world.scale(asleep.row.name, asleep=False)
    asleep.change()
    asleep.settle()
    assert asleep.world.asleep(asleep.row.name) == EVERY
    assert asleep.row.phase is Phase.SLEEPING


@pytest.mark.parametrize("phase", ["ready", "provisioning", "degraded"])
def test_what_is_to_be_awake_is_never_ready_at_zero(stand: Stand, phase: str) -> None:
    """A pass ended between the workloads and its record; or somebody scaled them."""
    stand.open(A)
    stand.settle()
    stand.world.scale(stand.row.name, asleep=True)
    stand.store.hint(stand.row.key)
    taken = stand.store.take("dies", 1.0, stand.lanes)
    assert taken is not None
    stand.store.save(taken[1], phase=phase)
    stand.clock.advance(2)
    stand.settle()
    assert stand.row.phase is Phase.READY
    assert not stand.world.asleep(stand.row.name)


@pytest.mark.parametrize(("first", "second"), [("sleep", "wake"), ("wake", "sleep")])
def test_a_cluster_that_does_not_answer_is_waited_for(
    asleep: Stand, first: str, second: str
) -> None:
    if first == "sleep":
        asleep.command("wake")
        asleep.settle()
    asleep.sleeper.fault = errors.UnreachableError("the API server does not answer")
    asleep.command(first)
    asleep.settle()
    assert asleep.told.reason == "the API server does not answer"
    assert asleep.row.failures == 0
    asleep.sleeper.fault = None
    asleep.pass_due()
    asleep.settle()
    assert asleep.row.phase is (Phase.SLEEPING if first == "sleep" else Phase.READY)
    asleep.command(second)
    asleep.settle()
    assert asleep.row.phase is (Phase.SLEEPING if second == "sleep" else Phase.READY)


def test_a_stage_file_that_can_not_be_used_leaves_it_asleep(asleep: Stand) -> None:
    asleep.configurer.invalid[B] = "line 3: no such key"
    asleep.push(B)
    asleep.settle()
    broken = asleep.row.phase
    assert broken is Phase.DEGRADED
    assert asleep.world.asleep(asleep.row.name) == EVERY
    asleep.push(A)
    asleep.settle()
    assert asleep.row.phase is Phase.SLEEPING


def test_the_edge_stays_while_the_cluster_sleeps() -> None:
    stand = Stand(with_edge=True)
    stand.open(A)
    stand.settle()
    stand.command("sleep")
    stand.settle()
    assert stand.row.phase is Phase.SLEEPING
    assert stand.edge_row.phase is Phase.READY
    assert stand.row.name in stand.world.edges
    assert stand.told.phase is Phase.SLEEPING
    assert stand.verbs == ["up", "up"]


def test_an_environment_may_be_made_asleep(stand: Stand) -> None:
    stand.command("sleep")
    stand.open(A)
    stand.settle()
    assert stand.row.phase is Phase.SLEEPING
    assert stand.world.asleep(stand.row.name) == EVERY
    assert model.Phase.READY not in stand.reporter.phases()
