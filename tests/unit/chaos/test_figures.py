"""What is made of results: a choice, a file to go on from, and figures with their limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import chaos
from tests.chaos import runner
from tests.chaos.disturbances import Freeze, Full, Jump, Outage
from tests.chaos.faults import SIDES, STEPS, VICTIMS, Point
from tests.chaos.scenario import Result

POINTS = [
    Point(step, side, f"PATCH things{number}", victim)
    for step in STEPS
    for side in SIDES
    for number in range(10)
    for victim in VICTIMS
]


def _good(point: Point, recovery: float = 1.0) -> Result:
    return Result(str(point), converged=True, fired=True, recovery_s=recovery)


def test_a_sample_is_fixed_and_bears_that_points_go() -> None:
    chosen = runner.sample(POINTS, 6)
    assert chosen == runner.sample(list(reversed(POINTS)), 6)
    assert set(chosen) - {chosen[0]} <= set(runner.sample([p for p in POINTS if p != chosen[0]], 6))


def test_results_are_told_to_a_file_to_go_on_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert runner.told(None) == runner.told(out) == set()
    runner.tell(_good(POINTS[0]), out)
    runner.tell(Result("bad", why="no reason", left=["namespaces a"]), out)
    assert runner.told(out) == {str(POINTS[0]), "bad"}
    assert "left: ['namespaces a']" in capsys.readouterr().out


def test_a_disturbance_has_a_track_that_it_can_disturb() -> None:
    assert runner.needs(Full("open")) == "disk"
    assert runner.needs(Jump("open", 5)) == "clock"
    assert runner.needs(Freeze("open", 5)) == runner.needs(POINTS[0]) == "firm"


def test_further_faults_have_different_names() -> None:
    names = [str(one) for one in runner.further()]
    assert len(set(names)) == len(names) == 27 + 3 * 4
    assert str(Outage("close", "aws", "slow")) in names


def test_all_is_well_only_if_every_point_was_run_and_converged() -> None:
    results = [_good(point) for point in POINTS]
    whole = chaos.report(POINTS, results, [], [])
    assert whole.ok
    assert whole.figures["points"] == whole.figures["converged"] == len(POINTS) == 120
    assert not chaos.report(POINTS, results[1:], [], []).ok
    assert not chaos.report(POINTS[1:], results[1:], [], []).ok


@pytest.mark.parametrize(
    ("bad", "figure"),
    [
        (Result("x", fired=True), "not_converged"),
        (Result("x", converged=True, fired=False), "not_converged"),
        (Result("x", converged=True, fired=True, left=["a", "b"]), "leaks"),
        (Result("x", converged=True, fired=True, false_destroyed=["a"]), "false_destroyed"),
        (Result("x", converged=True, fired=True, doubles=["a"]), "double_holders"),
    ],
)
def test_each_thing_that_is_wrong_is_a_figure_over_its_limit(bad: Result, figure: str) -> None:
    results = [bad, *(_good(point) for point in POINTS[1:])]
    report = chaos.report(POINTS, results, [], [])
    assert not report.ok
    value = report.figures[figure]
    assert value is not None
    assert value > report.limits[figure]


def test_outages_and_launch_templates_count_as_well() -> None:
    results = [_good(point) for point in POINTS]
    assert not chaos.report(POINTS, results, [Result("down")], []).ok
    assert not chaos.report(POINTS, results, [], ["launch-template lt-1"]).ok


def test_the_95th_percentile() -> None:
    assert chaos.p95([1.0]) is None
    assert chaos.p95([float(n) for n in range(1, 101)]) == pytest.approx(95.95)
