"""One pull request from opened to gone while one thing goes wrong, and what came of it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from typing import Any

from tests.chaos import steps
from tests.chaos.disturbances import Disturbance, disturbed
from tests.chaos.faults import STEPS, Point, Step
from tests.chaos.track import Track
from tests.world.walk import Walk

READY_SECONDS = 60.0
"""A bot that was killed starts again in a fraction of this."""
LATE_SECONDS = 8.0
"""Calls that follow after a step's end, such as GitHub's, come within so long."""
LEFT_SECONDS = 20.0
"""What a scan finds just after the end may be on its way out; what stays for so long is a leak."""


@dataclasses.dataclass
class Result:
    """What came of it."""

    name: str
    environment: str = ""
    converged: bool = False
    fired: bool = False
    why: str = ""
    """Where it did not converge: the step, and what the bot says."""
    left: list[str] = dataclasses.field(default_factory=list)
    false_destroyed: list[str] = dataclasses.field(default_factory=list)
    doubles: list[str] = dataclasses.field(default_factory=list)
    recovery_s: float = 0.0
    """From the fault to the end of its step."""
    seconds: float = 0.0
    restarts: int = 0
    log: list[str] = dataclasses.field(default_factory=list)
    """The end of the bot's log, where something is wrong."""

    @property
    def wrong(self) -> bool:
        """Whether something was seen that must never be."""
        return bool(self.left or self.false_destroyed or self.doubles)

    @property
    def ok(self) -> bool:
        """Whether the fault came, and all went well in spite of it."""
        return self.converged and self.fired and not self.wrong


def run(
    track: Track,
    disturbances: Sequence[Disturbance],
    *,
    bound: float,
    publish: bool,
    seen: list[dict[str, Any]] | None = None,
) -> list[Result]:
    """Walk one pull request with a disturbance in each of some steps; `bound` seconds for a step.

    There is a result for each disturbance whose step was come to, in their order, and one for the
    whole where there is none. A step that is not disturbed is told of the disturbance before it,
    or of the first that is to come; what is wrong in the end, of the last. `publish` the images,
    which real nodes need. `seen` gets the calls that changed something, as `proxy.Record` has them.
    """
    at = {disturbance.step: disturbance for disturbance in disturbances}
    # A push takes time, and matters only where it is the push that is disturbed.
    chosen: tuple[Step, ...] = STEPS if not at or "push" in at else ("open", "close")
    first = next((str(at[step]) for step in chosen if step in at), None)
    results = [Result(first) if first else Result("undisturbed", fired=True)]
    size, doubles = track.log().stat().st_size, len(track.holders.doubles)
    walk = track.walk()
    try:
        for step in chosen:
            if step in at and results[-1].name != str(at[step]):
                results.append(Result(str(at[step])))
            if not _taken(track, walk, step, at.get(step), results[-1], bound, publish=publish):
                _give_up(track, walk, step, bound)
                break
            if seen is not None:
                time.sleep(LATE_SECONDS)
                seen += track.control.records()
        _judge(track, walk, results[-1])
    finally:
        track.control.clear()
        walk.close_store()
    results[-1].doubles = track.holders.doubles[doubles:]
    for result in results:
        result.environment = walk.name
        if not result.ok:
            result.log = _last_lines(track, size)
    return results


def _taken(
    track: Track,
    walk: Walk,
    step: Step,
    disturbance: Disturbance | None,
    result: Result,
    bound: float,
    *,
    publish: bool,
) -> bool:
    """Take a step; whether its end was reached."""
    began, restarts = time.monotonic(), track.restarts
    track.control.step(step)
    # What it is told while it starts again would be lost, as on any machine that is down.
    steps.until(track.answers, READY_SECONDS)
    with disturbed(track, disturbance):
        steps.act(track, walk, step, publish=publish)
        reached = _reach(track, walk, step, disturbance, result, bound)
    result.converged = reached
    if not reached:
        result.why = f"{step}: {_state(track, walk)}"
    result.restarts += track.restarts - restarts
    result.seconds += time.monotonic() - began
    return reached


def _last_lines(track: Track, size: int) -> list[str]:
    """The end of what the bot has said since its log had this size."""
    with track.log().open("rb") as log:
        log.seek(size)
        return log.read().decode(errors="replace").splitlines()[-60:]


def _reach(
    track: Track,
    walk: Walk,
    step: Step,
    disturbance: Disturbance | None,
    result: Result,
    bound: float,
) -> bool:
    """Wait for a step's end, after its fault."""
    began = time.time()

    def end() -> bool:
        return steps.done(track, walk, step)

    reached = steps.until(end, bound)
    if disturbance is None:
        return reached
    if not isinstance(disturbance, Point):
        result.fired = True
        result.recovery_s = time.time() - began
        return reached
    fault = _fault(track)
    if fault is None and reached:
        steps.until(lambda: _fault(track) is not None, LATE_SECONDS)
        fault = _fault(track)
        reached = steps.until(end, bound)
    if fault is None:
        result.why = "the call did not come"
        return reached
    result.fired = not fault["fault"].startswith("no ")
    if not result.fired:
        result.why = fault["fault"]
    result.recovery_s = time.time() - fault["at"]
    return reached


def _fault(track: Track) -> dict[str, Any] | None:
    return next((one for one in track.control.records() if one["fault"]), None)


def _give_up(track: Track, walk: Walk, step: Step, bound: float) -> None:
    """Close what did not come up, so that it can be seen whether it goes away all the same."""
    if step == "close":
        return
    track.control.clear()
    walk.close()
    steps.until(lambda: steps.done(track, walk, "close"), bound)


def _judge(track: Track, walk: Walk, result: Result) -> None:
    """Scan at once, and again where something is left."""
    claimed = steps.claimed_gone(walk)
    left = track.left(walk.name)
    if claimed:
        result.false_destroyed = left
    end = time.monotonic() + LEFT_SECONDS
    while left and time.monotonic() < end:
        time.sleep(2)
        left = track.left(walk.name)
    result.left = left


def _state(track: Track, walk: Walk) -> str:
    """What the bot says of where it stands."""
    rows = track.rows(walk.key)
    stands = "; ".join(
        f"{row.lane.value} {row.phase.value}, failures {row.failures}, reason {row.reason!r}"
        for row in rows
    )
    timeline = "; ".join(entry.text for entry in walk.timeline()[-4:])
    return f"{stands or 'no row'}; {timeline}"
