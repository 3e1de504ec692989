"""Every point at which the bot or its engine can be killed, and outages, against the whole world.

A point is a distinct (verb, type, side, victim) of one step of a pull request's life: opened,
pushed to, closed. The points are learned from an undisturbed walk, so a call that the product
begins to make is a point of the next run.
"""

from __future__ import annotations

import dataclasses
import os
import statistics
from collections.abc import Sequence
from pathlib import Path

from tests.bench.report import Report
from tests.chaos import runner
from tests.chaos.faults import Point
from tests.chaos.scenario import Result
from tests.world.postgres import Postgres
from tests.world.world import World

LEAST_POINTS = 120
OUT = "CHAOS_OUT"
"""An environment variable: a file that each result is appended to, as a line of JSON."""


def run() -> Report:
    """Run them all in one world; nodes are kwok's, everything else is as always."""
    return _all(None)


def run_on_postgres() -> Report:
    """Run them all with the bots' rows on PostgreSQL, and restart that as well."""
    with Postgres() as postgres:
        return _all(postgres)


def _all(postgres: Postgres | None) -> Report:
    out = os.environ.get(OUT)
    options = runner.Options(
        database=postgres.url if postgres else None, out=Path(out) if out else None
    )
    with World(fake_nodes=True) as world:
        points = runner.learn(world, options)
        print(f"{len(points)} points", flush=True)
        results = runner.run(world, points, options)
        further = runner.run(world, runner.further(), options)
        if postgres is not None:
            alone = dataclasses.replace(options, tracks=1)
            further += runner.run(world, runner.restarts(postgres), alone)
        late = runner.late(world, [*results, *further])
    return report(points, results, further, late)


def report(
    points: Sequence[Point],
    results: Sequence[Result],
    further: Sequence[Result],
    late: Sequence[str],
) -> Report:
    """The figures, and what they may be at most."""
    everything = [*results, *further]
    converged = sum(result.converged and result.fired for result in results)
    recoveries = sorted(result.recovery_s for result in results if result.converged)
    figures: dict[str, float | None] = {
        "points": len(points),
        "points_of_calls": len({(point.call, point.side, point.victim) for point in points}),
        "points_missing": max(0, LEAST_POINTS - len(points)),
        "converged": converged,
        "not_converged": len(points) - converged,
        "outages": len(further),
        "outages_not_converged": sum(not result.converged for result in further),
        "leaks": len(late) + sum(len(result.left) for result in everything),
        "false_destroyed": sum(bool(result.false_destroyed) for result in everything),
        "double_holders": sum(len(result.doubles) for result in everything),
        "p95_recovery_s": p95(recoveries),
    }
    limited = (
        "points_missing",
        "not_converged",
        "outages_not_converged",
        "leaks",
        "false_destroyed",
        "double_holders",
    )
    return Report(figures, dict.fromkeys(limited, 0.0))


def p95(values: Sequence[float]) -> float | None:
    """The 95th percentile; None of fewer than two."""
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else None
