"""Runs every point: learns them from an undisturbed walk, then walks with one in each step.

Several tracks work side by side. After a run that went wrong its track is given up for a fresh one,
so that the next point does not pay for it.
"""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.chaos import scan, scenario, steps
from tests.chaos.disturbances import Disturbance, Freeze, Full, Jump, Outage, Restart
from tests.chaos.faults import KINDS, SIDES, STEPS, UPSTREAMS, Point, Step
from tests.chaos.scenario import Result
from tests.chaos.track import Stands, Track
from tests.world.postgres import Postgres
from tests.world.world import World

TRACKS = 8
"""As many as two cores bear: most of a run is waiting for a lease to run out."""
BOUND = 300.0
"""Seconds after which a step with its fault counts as failed: many times a lease, its grace, and
the work itself, as times are not what is tested."""
ATTEMPTS = 3
"""How often a point is walked to until its call comes."""
FREEZE_SECONDS = 75.0
"""Longer than a lease lives without its heartbeat (bot/reconcile/deadlines.py)."""

TEMPLATE_SECONDS = 900.0
"""Karpenter forgets a launch template 5 to 10 minutes after its last use, and deletes it then."""


@dataclasses.dataclass(frozen=True)
class Options:
    """How to run."""

    tracks: int = TRACKS
    bound: float = BOUND
    publish: bool = False
    """Nodes are real: images are needed."""
    settings: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """The bots' settings, for example another database."""
    database: Callable[[str], str] | None = None
    """Makes a database for each bot; see `Track`."""
    out: Path | None = None
    """Each result goes here as a line of JSON."""


def learn(world: World, options: Options) -> list[Point]:
    """The points of an undisturbed walk. Raises RuntimeError where that fails."""
    points: set[Point] = set()
    seen: list[dict[str, Any]] = []
    track = _track(world, options, "firm")
    try:
        (result,) = scenario.run(track, (), bound=options.bound, publish=options.publish, seen=seen)
    finally:
        track.stop()
    if not result.ok:
        raise RuntimeError(f"the undisturbed walk failed: {result.why} {result.left}")
    for record in seen:
        for side in SIDES:
            points.add(Point(record["step"], side, record["call"], "bot"))
            if record["by"] == "engine":
                points.add(Point(record["step"], side, record["call"], "engine"))
    return sorted(points)


def sample(points: Sequence[Point], number: int) -> list[Point]:
    """A fixed choice that stays much the same when points come and go."""
    return sorted(points, key=lambda point: hashlib.sha256(str(point).encode()).digest())[:number]


def further() -> list[Disturbance]:
    """Faults that are no point: outages of each upstream, a frozen bot, its disk and its clock."""
    found: list[Disturbance] = [
        Outage(step, upstream, kind) for step in STEPS for upstream in UPSTREAMS for kind in KINDS
    ]
    for step in STEPS:
        found += [Freeze(step, FREEZE_SECONDS), Full(step)]
        # Forward past every lease, and back by less than certificates bear.
        found += [Jump(step, 7200.0), Jump(step, -200.0)]
    return found


def needs(disturbance: Disturbance) -> Stands:
    """What a track has to stand on for that."""
    match disturbance:
        case Full():
            return "disk"
        case Jump():
            return "clock"
        case _:
            return "firm"


def restarts(postgres: Postgres) -> list[Disturbance]:
    """Restarts of the database in each step; they meet every track, so one runs at a time."""
    return [
        Restart(step, what, act)
        for step in STEPS
        for what, act in (
            ("the database", postgres.restart),
            ("the crashed database", lambda: postgres.restart(crash=True)),
        )
    ]


def run(world: World, disturbances: Iterable[Disturbance], options: Options) -> list[Result]:
    """Run each in one of the tracks; the results, in the order in which they came."""
    work = _Work(world, disturbances, options)
    workers = [
        threading.Thread(target=work.run, name=f"track-{number}")
        for number in range(options.tracks)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if work.troubles:
        raise work.troubles[0]
    return work.results


class _Work:
    """What is still to be run, shared by the tracks."""

    def __init__(self, world: World, disturbances: Iterable[Disturbance], options: Options) -> None:
        self.results: list[Result] = []
        self.troubles: list[BaseException] = []
        self._world = world
        self._options = options
        self._waiting = list(disturbances)
        self._attempts: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()

    def run(self) -> None:
        """Walk with what waits until nothing does."""
        track: Track | None = None
        try:
            while chosen := self._take():
                stands = needs(chosen[0])
                if track is not None and track.stands != stands:
                    track.stop()
                    track = None
                track = track or _track(self._world, self._options, stands)
                # The next one does not pay for what went wrong with this one.
                if any(one.wrong or not one.converged for one in self._walk(track, chosen)):
                    track.stop()
                    track = None
        except BaseException as error:
            self.troubles.append(error)
        finally:
            if track is not None:
                track.stop()

    def _take(self) -> list[Disturbance]:
        """The next, and with it one for each other step of the same walk."""
        with self._lock:
            chosen: dict[Step, Disturbance] = {}
            for one in self._waiting:
                fits = not chosen or needs(one) == needs(next(iter(chosen.values())))
                if fits:
                    chosen.setdefault(one.step, one)
            for one in chosen.values():
                self._waiting.remove(one)
            return sorted(chosen.values(), key=lambda one: STEPS.index(one.step))

    def _walk(self, track: Track, chosen: Sequence[Disturbance]) -> list[Result]:
        found = _guarded(track, chosen, self._options)
        met = {result.name: result for result in found}
        with self._lock:
            for one in chosen:
                result = met.get(str(one))
                self._attempts[str(one)] += result is not None
                # A step that was not come to is not met; and where both bot and engine may make a
                # call, it is chance who does.
                again = result is None or not (result.fired or not result.converged or result.wrong)
                if again and self._attempts[str(one)] < ATTEMPTS:
                    self._waiting.append(one)
                elif result is not None:
                    self.results.append(result)
                    tell(result, self._options.out)
        return found


def late(world: World, results: Iterable[Result]) -> list[str]:
    """The launch templates that Karpenter should have deleted by itself and did not."""
    names = {result.environment for result in results}
    amazon = scan.Amazon(world.aws, world.seeded.primary_id)
    steps.until(lambda: not amazon.templates(names), TEMPLATE_SECONDS)
    return amazon.templates(names)


def tell(result: Result, out: Path | None) -> None:
    """One line for people, and one for programs."""
    print(
        f"{'ok' if result.ok else 'FAIL':<5} {result.seconds:>6.1f} s  "
        f"recovery {result.recovery_s:>6.1f} s  {result.name}",
        flush=True,
    )
    if not result.ok:
        for label, what in (
            ("why", result.why),
            ("left", result.left),
            ("false destroyed", result.false_destroyed),
            ("two holders", result.doubles),
        ):
            if what:
                print(f"      {label}: {what}", flush=True)
    if out is not None:
        with out.open("a") as lines:
            lines.write(json.dumps(dataclasses.asdict(result)) + "\n")


def told(out: Path | None) -> set[str]:
    """The names of the results that are in a file already."""
    if out is None or not out.exists():
        return set()
    return {json.loads(line)["name"] for line in out.read_text().splitlines()}


def _track(world: World, options: Options, stands: Stands) -> Track:
    # A disk that is filled has the rows on it.
    database = None if stands == "disk" else options.database
    return Track(world, options.settings, database=database, stands=stands).__enter__()


def _guarded(track: Track, disturbances: Sequence[Disturbance], options: Options) -> list[Result]:
    """A run whose harness failed is a failed run of the first of them, and says so."""
    began = time.monotonic()
    try:
        return scenario.run(track, disturbances, bound=options.bound, publish=options.publish)
    except Exception as error:
        why = f"the harness: {type(error).__name__}: {error}"
        return [Result(str(disturbances[0]), why=why, seconds=time.monotonic() - began)]
