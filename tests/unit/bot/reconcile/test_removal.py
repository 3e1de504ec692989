from __future__ import annotations

import pytest

from bot import errors, intent, model
from bot.model import Phase
from bot.reconcile import deadlines
from tests.unit.bot.reconcile.stand import KEY, A, B, Stand


@pytest.fixture
def up(stand: Stand) -> Stand:
    stand.open(A)
    stand.settle()
    assert stand.row.phase is Phase.READY
    return stand


def test_closed_goes_away_and_is_proved(up: Stand) -> None:
    up.shut()
    up.settle()
    row = up.row
    assert (row.phase, row.stack_exists, row.commit) == (Phase.ABSENT, False, None)
    assert not row.outputs
    assert (row.due_at, row.seen) == (None, row.wanted)
    assert up.verbs == ["up", "destroy"]
    assert not up.engine.stacks
    assert not up.world.environments
    assert up.told.absence is not None
    assert up.told.absence.proved
    assert up.told.absence.checked == ("namespaces", "nodes")
    assert up.told.reason == "the pull request was closed"


def test_it_is_being_taken_away_until_it_is_proved(up: Stand) -> None:
    up.world.linger_seconds = 20.0
    up.shut()
    up.settle()
    looked = [report.absence for report in up.reporter.reports if report.absence]
    assert up.prover.looks > 20
    assert len(looked) == 2, "the same remnants are not told again"
    for report in up.reporter.reports:
        proved = report.absence is not None and report.absence.proved
        assert (report.phase is Phase.ABSENT) is proved
    assert looked[0].remnants == (model.Remnant("Node", f"{up.row.name}-node"),)


def test_a_remnant_that_stays_is_a_failure(up: Stand) -> None:
    up.world.linger_seconds = 1e9
    up.shut()
    up.settle()
    assert (up.row.phase, up.row.failures) == (Phase.DESTROYING, 1)
    reason = f"still there after its stack was destroyed: Node {up.row.name}-node"
    assert up.told.reason == reason
    while up.row.due_at is not None:
        up.pass_due()
        assert up.told.reason == reason, "it stays readable while it is tried again"
    assert up.row.phase is Phase.STUCK
    assert up.row.stack_exists, "what is not proved gone stays recorded"


def test_a_stuck_removal_is_tried_again_when_somebody_asks(up: Stand) -> None:
    up.world.linger_seconds = 1e9
    up.shut()
    up.settle()
    while up.row.due_at is not None:
        up.pass_due()
    up.world.lingering.clear()
    up.store.hint(KEY)
    up.settle()
    assert up.row.phase is Phase.ABSENT


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
    up.clock.at(10.0, lambda: setattr(up.prover, "fault", None))
    up.shut()
    assert up.once()
    assert up.row.phase is Phase.ABSENT


def test_a_listing_of_nothing_proves_nothing(up: Stand) -> None:
    up.prover.look = lambda name: model.Absence((), (), up.clock.now())  # type: ignore[method-assign]
    up.shut()
    up.settle()
    assert (up.row.phase, up.row.failures) == (Phase.DESTROYING, 1)


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
    up.with_policy(intent.Policy(allow_forks=True))
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
