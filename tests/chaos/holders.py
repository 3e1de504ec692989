"""Watches that no stack is written by two engines at once.

An engine is a session; what it belongs to is known from the command line of its `pulumi`. As long
as any process of an older session lives, its calls may still come: it counts as a holder.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence

from tests.chaos.victims import Process, Processes

POLL_SECONDS = 0.2
SETTLE_SECONDS = 0.5
"""An engine that has said how it ended takes so long to be gone; no call comes any more."""


class Sightings:
    """Pure: told what lives and when, says which stacks were held twice."""

    def __init__(self) -> None:
        self._stacks: dict[int, str] = {}
        self._order: dict[int, int] = {}
        """Sessions in the order in which they were seen: process ids begin anew."""
        self._numbers = itertools.count()
        self._since: dict[tuple[int, int], float] = {}
        self.doubles: dict[int, str] = {}
        """The older of two sessions that held one stack at once, and a sentence about them."""

    def see(self, processes: Sequence[Process], now: float) -> None:
        """Take one look at a bot's processes; `now` in seconds."""
        alive: dict[int, list[Process]] = {}
        for process in processes:
            alive.setdefault(process.session, []).append(process)
            if process.stack:
                self._stacks[process.session] = process.stack
                self._order.setdefault(process.session, next(self._numbers))
        self._stacks = {one: stack for one, stack in self._stacks.items() if one in alive}
        self._order = {one: number for one, number in self._order.items() if one in alive}
        pairs = {
            (first, second)
            for first, stack in self._stacks.items()
            for second, other in self._stacks.items()
            if self._order[first] < self._order[second] and stack == other
        }
        self._since = {pair: self._since.get(pair, now) for pair in pairs}
        for pair, since in self._since.items():
            if now - since >= SETTLE_SECONDS and pair[0] not in self.doubles:
                programs = [
                    sorted({process.words[0].rpartition("/")[2] for process in alive[session]})
                    for session in pair
                ]
                self.doubles[pair[0]] = f"{self._stacks[pair[0]]}: {programs[0]} and {programs[1]}"


class Watch:
    """Looks at a bot's processes until it is stopped."""

    def __init__(self, data_dir: str) -> None:
        self._processes = Processes(data_dir)
        self._sightings = Sightings()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, name="holders", daemon=True)
        self._thread.start()

    @property
    def doubles(self) -> list[str]:
        """A sentence for each two that held one stack."""
        return list(self._sightings.doubles.values())

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stopped.wait(POLL_SECONDS):
            self._sightings.see(self._processes.now(POLL_SECONDS / 2), time.monotonic())
