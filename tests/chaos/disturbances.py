"""What may go wrong in a step of a pull request's life, and how it is made to."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import threading
from collections.abc import Callable, Iterator

from tests.chaos.faults import Kind, Point, Rule, Step, Upstream, Victim, Weather
from tests.chaos.track import Track


@dataclasses.dataclass(frozen=True)
class Outage:
    """One of the three is down, slow or erring for a while from the beginning of a step."""

    step: Step
    upstream: Upstream
    kind: Kind
    seconds: float = 12.0

    def __str__(self) -> str:
        """For people."""
        return f"{self.step} {self.upstream} {self.kind}"


@dataclasses.dataclass(frozen=True)
class Freeze:
    """The bot is stopped by SIGSTOP for a while in the middle of a step, and continued."""

    step: Step
    seconds: float

    def __str__(self) -> str:
        """For people."""
        return f"{self.step} frozen for {self.seconds:.0f} s"


@dataclasses.dataclass(frozen=True)
class Restart:
    """Something that the bot stands on is restarted in the middle of a step: `act` does it."""

    step: Step
    what: str
    act: Callable[[], None]

    def __str__(self) -> str:
        """For people."""
        return f"{self.step} {self.what} restarts"


@dataclasses.dataclass(frozen=True)
class Full:
    """The bot's disk is full for a while from the beginning of a step."""

    step: Step
    seconds: float = 15.0

    def __str__(self) -> str:
        """For people."""
        return f"{self.step} disk full for {self.seconds:.0f} s"


@dataclasses.dataclass(frozen=True)
class Jump:
    """The bot's clock is set otherwise in the middle of a step."""

    step: Step
    seconds: float

    def __str__(self) -> str:
        """For people."""
        return f"{self.step} clock jumps by {self.seconds:+.0f} s"


Disturbance = Point | Outage | Freeze | Restart | Full | Jump


@contextlib.contextmanager
def disturbed(track: Track, disturbance: Disturbance | None) -> Iterator[None]:
    """Let it happen while the block runs; the list of calls begins anew."""
    track.control.forget()
    match disturbance:
        case None:
            yield
        case Point(_, side, call, victim):
            # An engine dies at its own calls; the bot at any, as it dies with nobody's help.
            by: Victim | None = "engine" if victim == "engine" else None
            track.control.arm(Rule(call, side, "kill", victim, by))
            yield
        case Outage(_, upstream, kind, seconds):
            value = {"down": 0.0, "slow": 2.0, "error": 503.0}[kind]
            track.control.weather(upstream, Weather(kind, value))
            with _after(seconds, lambda: track.control.weather(upstream, None)):
                yield
        case Freeze(_, seconds):
            # The group of the bot: its engine goes on, as another machine's would.
            with (
                _after(2.0, lambda: os.killpg(track.pid(), signal.SIGSTOP)),
                _after(2.0 + seconds, lambda: os.killpg(track.pid(), signal.SIGCONT)),
            ):
                yield
        case Full(_, seconds):
            assert track.disk is not None
            track.disk.fill()
            with _after(seconds, track.disk.free):
                yield
        case Jump(_, seconds):
            clock_ = track.clock
            assert clock_ is not None
            with _after(2.0, lambda: clock_.jump(seconds)):
                yield
        case Restart(_, _, act):
            with _after(2.0, act):
                yield


@contextlib.contextmanager
def _after(seconds: float, act: Callable[[], None]) -> Iterator[None]:
    timer = threading.Timer(seconds, act)
    timer.start()
    try:
        yield
    finally:
        timer.join()
