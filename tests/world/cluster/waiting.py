"""Waiting for something with a limit, and a sentence that helps when it does not come."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.world.tools import ToolError


def until(
    what: str,
    question: Callable[[], object],
    seconds: float = 30.0,
    pause: float = 0.05,
    explain: Callable[[], str] = lambda: "",
) -> None:
    """Ask until the answer is true. Raises ToolError with what `explain` says."""
    end = time.monotonic() + seconds
    while not question():
        if time.monotonic() > end:
            raise ToolError(f"{what} did not happen within {seconds:.0f} s{explain()}")
        time.sleep(pause)
