from __future__ import annotations

from pathlib import Path

import pytest

from bot import errors, model
from bot.model import Phase
from bot.reconcile import deadlines
from tests.unit.bot.reconcile.stand import KEY, A, B, Stand


@pytest.fixture
def both(tmp_path: Path) -> Stand:
    """Both lanes, with CloudFront on the way."""
    stand = Stand(tmp_path, with_edge=True)
    stand.open(A)
    stand.edge.pending.add(f"E-{stand.row.name}")
    stand.settle()
    return stand


@pytest.fixture
def deployed(both: Stand) -> Stand:
    both.edge.pending.clear()
    both.rest()
    assert both.edge_row.phase is Phase.READY
    return both


def route(stand: Stand) -> model.EdgeRoute:
    assert stand.told.routes is not None
    assert stand.told.routes.edge is not None
    return stand.told.routes.edge


def test_cloudfront_is_followed_without_waiting(both: Stand) -> None:
    assert both.told.phase is Phase.READY
    assert not route(both).deployed
    assert both.edge_row.due_at is not None
    both.edge.pending.clear()
    both.rest()
    assert route(both).deployed
    assert both.told.progress is not None, "the services stay in the comment"
    assert both.timeline.count("CloudFront has brought the route to all its edges") == 1
    assert sorted(operation.name for operation in both.engine.operations) == [
        both.row.name,
        f"{both.row.name}-edge",
    ]


def test_cloudfront_is_asked_the_more_rarely_the_longer_it_takes(both: Stand) -> None:
    pauses = []
    for _ in range(12):
        due = both.edge_row.due_at
        assert due is not None
        pauses.append((due - both.clock.now()).total_seconds())
        both.clock.advance(pauses[-1])
        both.settle()
    assert pauses == sorted(pauses)
    assert pauses[0] < deadlines.LAST_EDGE_SECONDS / 2
    assert pauses[-1] == deadlines.LAST_EDGE_SECONDS


def test_cloudfront_away_is_asked_again_and_told(both: Stand) -> None:
    both.edge.fault = errors.UnreachableError("CloudFront did not answer")
    both.clock.advance(deadlines.LAST_EDGE_SECONDS)
    both.settle()
    assert both.told.phase is Phase.READY, "the environment itself serves"
    assert both.told.reason == "the way through CloudFront: CloudFront did not answer"
    both.edge.fault = None
    both.edge.pending.clear()
    both.rest()
    assert (both.told.phase, both.told.reason) == (Phase.READY, "")


def test_a_push_goes_by_an_edge_that_is_on_its_way(both: Stand) -> None:
    both.push(B)
    both.settle()
    assert (both.told.phase, both.told.commit) == (Phase.READY, B)
    assert not route(both).deployed


def test_nodes_are_freed_while_cloudfront_takes_its_time(deployed: Stand) -> None:
    deployed.world.drain_seconds = 300.0
    deployed.shut()
    deployed.settle()
    assert (deployed.row.phase, deployed.row.stack_exists) == (Phase.ABSENT, False)
    before = deployed.told.phase
    assert before is Phase.DESTROYING, "gone is said of all of it, or of nothing"
    assert deployed.edge_row.stack_exists
    assert "destroy" not in [o.verb for o in deployed.engine.operations if "edge" in o.name]
    deployed.rest()
    phase, absence = deployed.told.phase, deployed.told.absence
    assert phase is Phase.ABSENT
    assert absence is not None
    assert absence.proved
    assert set(absence.checked) == {"namespaces", "nodes", "distributions"}


def test_wanted_again_while_the_edge_goes(deployed: Stand) -> None:
    deployed.world.drain_seconds = 300.0
    deployed.shut()
    deployed.settle()
    deployed.change(open=True)
    deployed.settle()
    assert deployed.told.phase is Phase.READY, "it serves before CloudFront has caught up"
    deployed.rest()
    assert deployed.edge_row.phase is Phase.READY
    verbs = [o.verb for o in deployed.engine.operations if o.name.endswith("-edge")]
    assert verbs == ["up", "destroy", "up"]


def test_an_edge_that_stays_needs_a_person(deployed: Stand) -> None:
    deployed.engine.failures = []
    deployed.drain.fault = errors.NotAbsentError("the policy is somebody else's")
    deployed.shut()
    deployed.rest()
    assert deployed.row.phase is Phase.ABSENT
    assert (deployed.told.phase, deployed.told.reason) == (
        Phase.STUCK,
        "the policy is somebody else's",
    )


def test_without_an_edge_nothing_is_made_of_it(tmp_path: Path) -> None:
    stand = Stand(tmp_path, with_edge=True)
    stand.configurer.with_edge = False
    stand.open(A)
    stand.rest()
    assert stand.edge_row.phase is Phase.ABSENT
    assert [operation.name for operation in stand.engine.operations] == [stand.row.name]
    assert stand.told.routes is not None
    assert stand.told.routes.edge is None


def test_an_edge_that_is_no_longer_asked_for_goes(deployed: Stand) -> None:
    deployed.configurer.with_edge = False
    deployed.push(B)
    deployed.rest()
    assert not deployed.world.edges
    assert deployed.told.phase is Phase.READY
    assert deployed.told.routes is not None
    assert deployed.told.routes.edge is None


def test_a_bad_stage_file_is_told_once(tmp_path: Path) -> None:
    stand = Stand(tmp_path, with_edge=True)
    stand.configurer.invalid[A] = "line 3: no such key"
    stand.open(A)
    stand.rest()
    assert (stand.told.phase, stand.told.reason) == (Phase.WAITING, "line 3: no such key")


def test_what_comes_back_after_the_proof_is_taken_away_too(deployed: Stand) -> None:
    """The last look is at everything: a lane does not vouch for the other's past."""
    shut = deployed.prover.look
    planted: list[str] = []

    def look(name: str, lane: model.Lane | None = None) -> model.Absence:
        if lane is model.Lane.EDGE and not planted:
            planted.append(name)
            deployed.world.apply(name, "web", A)  # somebody made the namespace again
        return shut(name, lane)

    deployed.prover.look = look  # type: ignore[method-assign]
    deployed.shut()
    deployed.rest()
    assert planted
    assert not deployed.world.environments
    assert deployed.told.phase is Phase.ABSENT
    assert KEY in {report.key for report in deployed.reporter.reports}
