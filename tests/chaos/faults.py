"""What is to go wrong, and when: plain data, and the plan that hands each fault out once."""

from __future__ import annotations

import dataclasses
import random
from typing import Literal, get_args

Side = Literal["before", "after"]
"""Before the call is handled, or after it was and before its reply has gone back."""
Victim = Literal["bot", "engine"]
Act = Literal["kill", "status", "delay", "drop"]
Step = Literal["open", "push", "close"]
Upstream = Literal["kubernetes", "aws", "github"]
Kind = Literal["down", "slow", "error"]
SIDES = get_args(Side)
VICTIMS = get_args(Victim)
STEPS: tuple[Step, ...] = get_args(Step)
UPSTREAMS: tuple[Upstream, ...] = get_args(Upstream)
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclasses.dataclass(frozen=True, order=True)
class Point:
    """A process is killed at one call of one step of a pull request's life."""

    step: Step
    side: Side
    call: str
    victim: Victim

    def __str__(self) -> str:
        """The words that `parse` reads."""
        return f"{self.step} {self.side} {self.call} {self.victim}"

    @classmethod
    def parse(cls, text: str) -> Point:
        """Read `STEP SIDE CALL VICTIM`. Raises ValueError."""
        words = text.split()
        if (
            len(words) < 4
            or words[0] not in STEPS
            or words[1] not in SIDES
            or words[-1] not in VICTIMS
        ):
            raise ValueError(
                f"{text!r} is no point: write for example 'open after PATCH namespaces engine'"
            )
        step, side, *call, victim = words
        return cls(step, side, " ".join(call), victim)  # type: ignore[arg-type]


@dataclasses.dataclass(frozen=True)
class Rule:
    """Something that happens once, at the next call of this name."""

    call: str
    side: Side
    act: Act
    victim: Victim | None = None
    by: Victim | None = None
    """Only if this one makes the call; None: whoever it is."""
    value: float = 0.0
    """The HTTP status, or the seconds of a delay."""


@dataclasses.dataclass(frozen=True)
class Weather:
    """How a whole upstream behaves until it is told otherwise."""

    kind: Kind
    value: float = 0.0
    """The HTTP status of `error`, the seconds of `slow`."""
    share: float = 1.0
    """The part of the calls that it falls on, 0 to 1."""


class Plan:
    """Hands out faults; used by one thread."""

    def __init__(self, seed: int = 0) -> None:
        self._rules: list[Rule] = []
        self._weather: dict[Upstream, Weather] = {}
        # The same faults at the same calls each time.
        self._random = random.Random(seed)

    def arm(self, rule: Rule) -> None:
        """Wait for one more call."""
        self._rules.append(rule)

    def settle(self, upstream: Upstream, weather: Weather | None) -> None:
        """Let an upstream behave like this; None: as usual."""
        if weather is None:
            self._weather.pop(upstream, None)
        else:
            self._weather[upstream] = weather

    def clear(self) -> None:
        """Nothing more is to go wrong."""
        self._rules.clear()
        self._weather.clear()

    def take(self, call: str, side: Side, by: Victim) -> Rule | None:
        """The fault of this call, which will not happen again."""
        for rule in self._rules:
            if rule.call == call and rule.side == side and rule.by in (None, by):
                self._rules.remove(rule)
                return rule
        return None

    def weather(self, upstream: Upstream) -> Weather | None:
        """How the upstream behaves for the next call."""
        found = self._weather.get(upstream)
        if found is None or (found.share < 1 and self._random.random() >= found.share):
            return None
        return found
