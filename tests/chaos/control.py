"""Gives a proxy its orders."""

from __future__ import annotations

import dataclasses
from typing import Any

import requests

from tests.chaos import faults


class Control:
    """A client of a proxy's control port."""

    def __init__(self, url: str) -> None:
        self._url = url

    def bot(self, pid: int) -> None:
        """The bot is this process group now."""
        self._do("bot", pid=pid)

    def step(self, name: str) -> None:
        """Calls from now on belong to this step."""
        self._do("step", name=name)

    def arm(self, rule: faults.Rule) -> None:
        """Let this happen once."""
        self._do("arm", **dataclasses.asdict(rule))

    def weather(self, upstream: faults.Upstream, weather: faults.Weather | None) -> None:
        """Let an upstream behave like this; None: as usual."""
        given = None if weather is None else dataclasses.asdict(weather)
        self._do("weather", upstream=upstream, weather=given)

    def clear(self) -> None:
        """Let nothing more happen."""
        self._do("clear")

    def forget(self) -> None:
        """Begin the list of calls anew."""
        self._do("forget")

    def records(self) -> list[dict[str, Any]]:
        """The calls that changed something, oldest first; see `proxy.Record`."""
        found: list[dict[str, Any]] = self._do("state")["records"]
        return found

    def counts(self) -> tuple[int, int]:
        """How many requests came, and on how many of them a fault fell."""
        state = self._do("state")
        return int(state["calls"]), int(state["faults"])

    def answers(self) -> bool:
        """Whether the proxy is there."""
        try:
            self._do("state")
        except requests.RequestException:
            return False
        return True

    def _do(self, verb: str, **given: Any) -> Any:
        answer = requests.post(f"{self._url}/{verb}", json=given, timeout=10)
        answer.raise_for_status()
        return answer.json()
