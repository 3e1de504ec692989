from __future__ import annotations

import datetime

from bot import errors, exposition, metrics, model
from bot.reconcile.sweep import Counters
from tests.unit.bot.reconcile.stand import KEY, A, Stand


def lines(shown: exposition.Exposition) -> set[str]:
    return set(shown.text().splitlines())


def counting(stand: Stand) -> exposition.Exposition:
    shown = exposition.Exposition()
    stand.count(metrics.Metrics(shown.meter()))
    stand.open(A)
    stand.rest()
    return shown


def test_what_never_happened_is_zero() -> None:
    shown = exposition.Exposition()
    metrics.Metrics(shown.meter())
    assert 'understudy_proofs_total{lane="cluster"} 0' in lines(shown)
    assert 'understudy_proof_failures_total{lane="edge"} 0' in lines(shown)


def test_a_removal_counts_one_proof_for_each_lane() -> None:
    stand = Stand(with_edge=True)
    shown = counting(stand)
    stand.shut()
    stand.rest()
    assert {
        'understudy_proofs_total{lane="cluster"} 1',
        'understudy_proofs_total{lane="edge"} 1',
        'understudy_proof_failures_total{lane="cluster"} 0',
    } <= lines(shown)
    assert "understudy_remnants_total" not in shown.text()


def test_a_listing_that_fails_is_counted_and_is_no_proof() -> None:
    stand = Stand()
    shown = counting(stand)
    stand.prover.fault = errors.UnreachableError("AWS did not answer")
    stand.shut()
    assert stand.once()
    text = shown.text()
    assert 'understudy_proofs_total{lane="cluster"} 0' in text
    assert 'understudy_proof_failures_total{lane="cluster"} 0' not in text


def test_what_outlives_its_destroy_is_counted_once() -> None:
    stand = Stand()
    shown = counting(stand)
    stand.world.linger_seconds = 300.0
    node = model.Remnant("Node", "n")
    stand.clearer.obstacles = [model.Obstacle(node, "it drains")]
    stand.shut()
    stand.rest()
    assert stand.prover.looks > 10
    assert 'understudy_remnants_total{kind="Node"} 1' in lines(shown)
    assert stand.store.row(KEY) is not None


def test_sweeps_are_shown_as_they_are_when_asked() -> None:
    shown, counters = exposition.Exposition(), Counters()
    metrics.Metrics(shown.meter()).follow(counters)
    assert "understudy_sweeps_total 0" in lines(shown)
    assert "understudy_sweep_ended_seconds " not in shown.text()
    counters.sweeps = 3
    counters.findings["orphan-stack"] += 2
    counters.outcomes["adopted"] += 1
    counters.failures["github"] += 4
    counters.ended_at = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    assert {
        "understudy_sweeps_total 3",
        'understudy_sweep_findings_total{kind="orphan-stack"} 2',
        'understudy_sweep_outcomes_total{done="adopted"} 1',
        'understudy_sweep_failures_total{source="github"} 4',
        "understudy_sweep_ended_seconds 1767225600",
    } <= lines(shown)
