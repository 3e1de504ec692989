"""`python -m tests.chaos`: run points, or repeat one; exit 0 only if nothing is wrong."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from tests.chaos import runner
from tests.chaos.disturbances import Disturbance
from tests.chaos.faults import Point
from tests.world.postgres import Postgres
from tests.world.prepare import prepare
from tests.world.world import World


def main(words: list[str]) -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument(
        "--point", action="append", default=[], help="'STEP SIDE CALL VICTIM'; may be repeated"
    )
    parser.add_argument("--sample", type=int, help="a fixed choice of so many points")
    parser.add_argument("--list", action="store_true", help="show the points and end")
    parser.add_argument("--further", action="store_true", help="outages and frozen bots as well")
    parser.add_argument("--only", default="", help="of all, those with these words in their name")
    parser.add_argument("--rest", type=int, help="at most so many of those not yet in --out")
    parser.add_argument("--real-nodes", action="store_true", help="kubelets instead of kwok")
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL instead of SQLite")
    parser.add_argument("--tracks", type=int, default=runner.TRACKS)
    parser.add_argument("--bound", type=float, default=runner.BOUND, help="seconds for a step")
    parser.add_argument("--out", type=Path, help="append each result as a line of JSON")
    given = parser.parse_args(words)
    try:
        chosen: list[Disturbance] = [Point.parse(text) for text in given.point]
    except ValueError as error:
        parser.error(str(error))
    prepare()
    with contextlib.ExitStack() as opened:
        postgres = opened.enter_context(Postgres()) if given.postgres else None
        options = runner.Options(
            given.tracks,
            given.bound,
            given.real_nodes,
            database=postgres.url if postgres else None,
            out=given.out,
        )
        world = opened.enter_context(World(fake_nodes=not given.real_nodes))
        if not chosen:
            points = runner.learn(world, options)
            if given.list:
                print("\n".join(map(str, points)))
                return 0
            few = points if given.sample is None else runner.sample(points, given.sample)
            chosen = [*few, *(runner.further() if given.further else ())]
            chosen = [one for one in chosen if given.only in str(one)]
        if given.rest is not None:
            known = runner.told(given.out)
            chosen = [one for one in chosen if str(one) not in known][: given.rest]
        results = runner.run(world, chosen, options)
    wrong = [result for result in results if not result.ok]
    print(f"{len(results)} run, {len(wrong)} wrong")
    return 1 if wrong or len(results) != len(chosen) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
