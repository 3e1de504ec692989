"""200 environments closed at once while 5 % of all calls fail: how many stay, and what is left.

Bot, engine, API server and Karpenter are real, nodes are kwok's. To make 200 environments in
reasonable time each has one small service; one has an edge as well, since a primary carries one
staging distribution at a time.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable

from bot import clock, model, overview, store
from infra import naming
from infra.identity import EnvironmentKey
from tests.bench.report import Report
from tests.chaos.faults import UPSTREAMS, Weather
from tests.chaos.track import Track
from tests.world.postgres import Postgres
from tests.world.world import World

ENVIRONMENTS = int(os.environ.get("DELETES", "200"))
"""Fewer for a trial, by an environment variable."""
SWEEP_SECONDS = 120
SHARE = 0.05
STATUS = 503
WORKERS = 3
UP_SECONDS = 60.0
DOWN_SECONDS = 45.0
"""For one environment, before the bench gives up on the whole."""
STAGE = """\
services:
  web:
    image: registry.test/shop-web:{sha}
    port: 8080
    route: /
"""
NO_EDGE = STAGE + "edge: none\n"


def run() -> Report:
    """Make them undisturbed, then close them all at once in bad weather."""
    return _run(None)


def run_on_postgres() -> Report:
    """The same with the bot's rows on PostgreSQL."""
    with Postgres() as postgres:
        return _run(postgres.url)


def _run(database: Callable[[str], str] | None) -> Report:
    settings = {"workers": str(WORKERS), "sweep_seconds": str(SWEEP_SECONDS)}
    with World(fake_nodes=True) as world, Track(world, settings, database=database) as track:
        kept = store.SqlStore(world.database_url(track.name), clock.SystemClock())
        with contextlib.closing(kept):
            return _measured(track, kept)


def _measured(track: Track, kept: store.SqlStore) -> Report:
    github = track.world.github
    began = time.monotonic()
    numbers = []
    for index in range(ENVIRONMENTS):
        # The track's primary carries one edge; the others are reached by their own host.
        files = {".stage.yaml": STAGE if index == 0 else NO_EDGE, "README.md": f"{index}"}
        opened = github.open_pull_request(track.repository, files=files, labels=(track.name,))
        numbers.append(opened.number)

    def in_phase(phase: model.Phase) -> int:
        found = overview.environments(kept.rows())
        return sum(overview.together(lanes)[0] is phase for lanes in found)

    def wait(what: str, seconds: float, phase: model.Phase) -> None:
        end, told = time.monotonic() + seconds, 0.0
        while (count := in_phase(phase)) < ENVIRONMENTS and time.monotonic() < end:
            if time.monotonic() - told > 30:
                told = time.monotonic()
                print(f"{told - began:>6.0f} s  {count} {what}", flush=True)
            time.sleep(1)

    wait("ready", UP_SECONDS * ENVIRONMENTS, model.Phase.READY)
    made = time.monotonic() - began
    ready = in_phase(model.Phase.READY)
    print(f"{ready} environments made in {made:.0f} s", flush=True)
    calls, _ = track.control.counts()
    for upstream in UPSTREAMS:
        track.control.weather(upstream, Weather("error", STATUS, SHARE))
    closing = time.monotonic()
    for number in numbers:
        github.close(track.repository, number)
    wait("gone", DOWN_SECONDS * ENVIRONMENTS, model.Phase.ABSENT)
    gone = time.monotonic() - closing
    after, faults = track.control.counts()
    track.control.clear()
    absent = in_phase(model.Phase.ABSENT)
    left = track.left(
        *(naming.environment_name(EnvironmentKey(track.repository, one)) for one in numbers)
    )
    for line in left[:50]:
        print(line)
    for row in kept.rows():
        if row.phase is not model.Phase.ABSENT:
            print(f"{row.name}: {row.lane.value} {row.phase.value}: {row.reason}")
    figures: dict[str, float | None] = {
        "environments": ready,
        "environments_missing": ENVIRONMENTS - ready,
        "made_s": made,
        "gone_s": gone,
        "calls": after - calls,
        "faults": faults,
        "stuck_share": (ENVIRONMENTS - absent) / ENVIRONMENTS,
        "leaks": len(left),
        "double_holders": len(track.holders.doubles),
    }
    limited = ("environments_missing", "stuck_share", "leaks", "double_holders")
    return Report(figures, dict.fromkeys(limited, 0.0))
