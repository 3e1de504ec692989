"""Shows that a long step goes on: a live line on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

_QUIET_SECONDS = 20.0


class Step:
    """One long step; `detail` is shown behind its name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.detail = ""
        self._start = time.monotonic()

    def line(self) -> str:
        """Name, detail and the seconds so far."""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.name}{detail} {time.monotonic() - self._start:.0f} s"


def say(text: str) -> None:
    """Print one line where progress goes."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(name: str) -> Iterator[Step]:
    """Show `name` until the block ends, then how long it took."""
    current = Step(name)
    done = threading.Event()
    console = Console(stderr=True)

    def show() -> None:
        if not console.is_terminal:
            while not done.wait(_QUIET_SECONDS):
                say(f"  … {current.line()}")
            return
        with console.status(current.line()) as status:
            while not done.wait(0.5):
                status.update(current.line())

    shower = threading.Thread(target=show, daemon=True)
    shower.start()
    outcome = "failed"
    try:
        yield current
        outcome = "done"
    finally:
        done.set()
        shower.join()
        say(f"  {current.line()} {outcome}")
