"""Brings comments and what GitHub shows beside them to the newest report, in the background.

Nothing here is ever waited for: a report is put on the desk, and a few threads write. What GitHub
does not take is tried again, or overtaken by the next report.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from bot import clock as clocks
from bot import model, ports, said
from bot.feedback.desk import Desk, Job
from bot.feedback.governor import Governor, owner
from bot.feedback.writer import Writer

WRITERS = 3
"""Writes at the same time, each of another environment: one slow answer does not delay all."""
CLOSE_SECONDS = 15.0
"""How long the end of the process may wait for GitHub."""


class HubReporter:
    """Implements `bot.ports.Reporter` with background threads; `close` ends them."""

    def __init__(
        self,
        hub: ports.Hub,
        store: ports.Store,
        current: Callable[[model.EnvironmentKey], model.Report | None],
        clock: clocks.Clock,
        *,
        account: Callable[[str], str] = owner,
        word: str = said.WORD,
    ) -> None:
        """`current` tells how an environment stands just now.

        `account` names what shares GitHub's limits with a repository; commands begin with `word`.
        """
        governor = Governor(store, clock, account)
        self._desk = Desk(Writer(hub, store, current, governor, word), governor, clock)
        self._changed = threading.Condition()
        self._closing = False
        self._threads = [
            threading.Thread(target=self._work, name=f"reporter-{index}", daemon=True)
            for index in range(WRITERS)
        ]
        for thread in self._threads:
            thread.start()

    def report(self, report: model.Report) -> None:
        """Take a report; returns at once. See `bot.ports.Reporter`."""
        with self._changed:
            self._desk.report(report)
            self._changed.notify_all()

    def acknowledge(self, command: model.Command) -> None:
        """Put a reaction to its comment; returns at once. See `bot.ports.Reporter`."""
        with self._changed:
            self._desk.acknowledge(command)
            self._changed.notify_all()

    def answer(self, command: model.Command) -> None:
        """Answer it; returns at once. See `bot.ports.Reporter`."""
        with self._changed:
            self._desk.answer(command)
            self._changed.notify_all()

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything is written; False if that takes too long."""
        with self._changed:
            return self._changed.wait_for(lambda: not len(self._desk), timeout)

    def close(self) -> None:
        """Write what waits, as far as GitHub takes it now, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        end = time.monotonic() + CLOSE_SECONDS
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0.0))

    def _work(self) -> None:
        while (job := self._next()) is not None:
            outcome = self._desk.do(job)
            with self._changed:
                self._desk.settle(job, outcome, last=self._closing)
                self._changed.notify_all()

    def _next(self) -> Job | None:
        """Wait for the next thing to write; None at the end."""
        with self._changed:
            while True:
                job = self._desk.take(hurry=self._closing)
                if job is not None or self._closing:
                    return job
                self._changed.wait(self._desk.pause())
