from __future__ import annotations

import pytest

from bot import errors, intent, model
from bot.model import Phase
from bot.reconcile import deadlines
from tests.unit.bot.reconcile.stand import KEY, A, B, Stand


def _held(stand: Stand, done: str) -> model.Obstacle:
    node = model.Remnant("Node", f"{stand.row.name}-node")
    return model.Obstacle(node, "the node drains", done)


@pytest.fixture
def up(stand: Stand) -> Stand:
    stand.open(A)
    stand.settle()
    assert stand.row.phase is Phase.READY
    return stand


def test_closed_goes_away_and_is_proved(up: Stand) -> None:
    up.shut()
    up.settle()
    assert not up.row.removing
    row = up.row
    assert (row.phase, row.stack_exists, row.commit) == (Phase.ABSENT, False, None)
    assert not row.outputs
    assert (row.due_at, row.seen) == (None, row.wanted)
    assert up.verbs == ["up", "destroy"]
    assert not up.engine.stacks
    assert not up.world.environments
    assert up.told.absence is not None
    assert up.told.absence.proved
    assert up.told.absence.checked == ("namespaces", "nodes", "distributions")
    assert up.told.reason == "the pull request was closed"


def test_it_is_being_taken_away_until_it_is_proved(up: Stand) -> None:
    up.clearer.obstacles = [_held(up, "")]
    up.world.linger_seconds = 100.0
    up.shut()
    up.rest()
    for report in up.reporter.reports:
        proved = report.absence is not None and report.absence.proved
        assert (report.phase is Phase.ABSENT) is proved
    told = [report for report in up.reporter.reports if report.absence]
    assert told[0].absence is not None
    assert told[0].absence.remnants == (model.Remnant("Node", f"{up.row.name}-node"),)
    assert "the node drains" in {report.reason for report in told}
    assert up.verbs == ["up", "destroy"], "the engine has no part in the waiting"
    assert up.row.phase is Phase.ABSENT


def test_nobody_waits_for_a_remnant(up: Stand) -> None:
    up.clearer.obstacles = [_held(up, "")]
    up.world.linger_seconds = 1e9
    up.shut()
    began = up.clock.now()
    assert up.once()
    assert (up.clock.now() - began).total_seconds() < 15
    assert (up.row.phase, up.row.failures) == (Phase.DESTROYING, 0)
    assert up.row.due_at is not None


def test_what_is_done_about_a_remnant_is_in_the_timeline(up: Stand) -> None:
    up.clearer.obstacles = [_held(up, "removed the finalizer acme/hold")]
    up.world.linger_seconds = 30.0
    up.shut()
    up.rest()
    assert any("removed the finalizer acme/hold" in line for line in up.timeline)
    asked = [seconds for _, seconds in up.clearer.asked]
    assert asked == sorted(asked)
    assert asked[-1] > 20, "how long it has been there is known across passes"


def test_a_remnant_that_stays_needs_a_person_and_is_looked_at_on(up: Stand) -> None:
    up.clearer.obstacles = [_held(up, "")]
    up.world.linger_seconds = 1e9
    up.shut()
    up.rest()
    assert up.row.phase is Phase.STUCK
    assert up.told.reason == (
        f"still there after its stack was destroyed: Node {up.row.name}-node (the node drains)"
    )
    assert up.row.stack_exists, "what is not proved gone stays recorded"
    up.world.lingering.clear()
    up.pass_due()
    assert not up.row.stack_exists


def test_wanted_again_while_a_person_is_needed_does_not_build_on_half_a_removal(up: Stand) -> None:
    up.clearer.obstacles = [_held(up, "")]
    up.world.linger_seconds = 1e9
    up.shut()
    up.rest()
    up.change(open=True)
    up.settle()
    assert up.verbs == ["up", "destroy"]
    up.world.lingering.clear()
    up.rest()
    up.pass_due() if up.row.phase is Phase.STUCK else None
    up.rest()
    assert (up.verbs, up.row.phase) == (["up", "destroy", "up"], Phase.READY)


def test_a_listing_that_fails_proves_nothing(up: Stand) -> None:
    up.prover.fault = errors.UnreachableError("AWS did not answer")
    up.shut()
    up.settle()
    for _ in range(2 * deadlines.MAX_FAILURES):
        up.pass_due()
    assert (up.row.phase, up.row.failures) == (Phase.DESTROYING, 0)
    assert up.told.reason == "AWS did not answer"
    up.prover.fault = None
    up.pass_due()
    assert (up.row.phase, up.told.reason) == (Phase.ABSENT, "the pull request was closed")


def test_a_listing_that_fails_once_is_asked_again_at_once(up: Stand) -> None:
    up.prover.fault = errors.UnreachableError("AWS did not answer")
    up.clock.at(up.engine.seconds + 2.0, lambda: setattr(up.prover, "fault", None))
    up.shut()
    assert up.once()
    assert up.row.phase is Phase.ABSENT


def test_a_listing_of_nothing_proves_nothing(up: Stand) -> None:
    nothing = model.Absence((), (), up.clock.now())
    up.prover.look = lambda name, lane=None: nothing  # type: ignore[method-assign]
    up.shut()
    up.rest()
    assert (up.row.phase, up.row.stack_exists) == (Phase.STUCK, True)
    assert "nothing was listed" in up.told.reason


def test_an_engine_that_fails_is_tried_again(up: Stand) -> None:
    up.engine.failures = ["policy is in use"]
    up.shut()
    up.settle()
    assert (up.row.phase, up.told.reason) == (Phase.DESTROYING, "policy is in use")
    up.pass_due()
    assert (up.row.phase, up.row.failures) == (Phase.ABSENT, 0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": frozenset()}, "does not have the label"),
        ({"open": False, "merged": True}, "was closed"),
    ],
    ids=["label", "merged"],
)
def test_the_reason_is_told(up: Stand, changes: dict[str, object], words: str) -> None:
    up.change(**changes)
    up.settle()
    assert words in up.told.reason


def test_a_pull_request_that_is_gone_counts_as_closed(up: Stand) -> None:
    up.hub.forget(KEY)
    up.store.hint(KEY)
    up.settle()
    assert up.row.phase is Phase.ABSENT
    assert "does not know" in up.told.reason


def test_a_deleted_fork_goes_away_and_says_why(up: Stand) -> None:
    up.with_policy(intent.Policy(trust_anyone=True))
    up.change(head_repository=None)
    up.settle()
    assert (up.row.phase, up.row.stack_exists) == (Phase.WAITING, False)
    assert up.told.reason == intent.HELD_BACK[intent.FORK_DELETED]
    assert up.told.absence is not None
    assert up.told.absence.proved


def test_reopened_while_it_is_taken_away(up: Stand) -> None:
    up.shut()
    up.clock.at(2.0, lambda: up.change(open=True, head_sha=B))
    up.settle()
    assert up.verbs == ["up", "destroy", "up"]
    assert not up.engine.operations[1].cancelled, "half a removal is nothing to build on"
    assert (up.row.phase, up.row.commit) == (Phase.READY, B)


def test_wanted_again_after_a_restart_in_the_middle(up: Stand) -> None:
    up.shut()
    end = up.clock.now().timestamp() + 1
    assert up.once(stopping=lambda: up.clock.now().timestamp() > end)
    assert up.engine.operations[-1].cancelled
    assert (up.row.phase, up.row.failures) == (Phase.DESTROYING, 0)
    up.change(open=True)
    up.settle()
    assert up.row.phase is Phase.READY
    assert "it is wanted again" in " ".join(up.timeline)


def test_stopping_during_the_proof_is_no_failure(up: Stand) -> None:
    up.world.linger_seconds = 1e9
    up.shut()
    end = up.clock.now().timestamp() + 20
    assert up.once(stopping=lambda: up.clock.now().timestamp() > end)
    assert (up.row.phase, up.row.failures) == (Phase.DESTROYING, 0)
    assert up.row.due_at is not None


def test_a_lost_lease_ends_the_removal(up: Stand) -> None:
    up.engine.seconds = 100.0
    up.shut()
    up.clock.at(10.0, lambda: up.clock.advance(deadlines.LEASE_SECONDS + 1))
    assert up.once()
    assert up.engine.operations[-1].cancelled
    assert (up.row.phase, up.row.seen < up.row.wanted) == (Phase.DESTROYING, True)
    up.settle()
    assert up.row.phase is Phase.ABSENT
