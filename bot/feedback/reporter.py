"""Brings comments and deployments to the newest report, in the background and within the budget.

Nothing here is ever waited for: a report is put into the queue, and a few threads write. What
GitHub does not take is tried again, or overtaken by the next report.
"""

from __future__ import annotations

import functools
import hashlib
import threading
import time
from collections.abc import Callable

import structlog

from bot import clock as clocks
from bot import errors, model, ports
from bot.feedback import budget, errands, queue, render
from infra import naming

WRITERS = 3
"""Writes at the same time, each of another environment: one slow answer does not delay all."""
CLOSE_SECONDS = 15.0
"""How long the end of the process may wait for GitHub."""

STATES = {
    model.Phase.PROVISIONING: "in_progress",
    model.Phase.READY: "success",
    model.Phase.DEGRADED: "failure",
    model.Phase.STUCK: "error",
    model.Phase.WAITING: "inactive",
    model.Phase.ABSENT: "inactive",
}
"""The deployment's state in each phase; a phase that is not named leaves it as it is."""
_MAKING = frozenset({"in_progress", "success", "failure", "error"})
_log = structlog.get_logger(__name__)


class HubReporter:
    """Implements `bot.ports.Reporter` with background threads; `close` ends them."""

    def __init__(
        self,
        hub: ports.Hub,
        store: ports.Store,
        current: Callable[[model.EnvironmentKey], model.Report | None],
        clock: clocks.Clock,
    ) -> None:
        """`current` tells how an environment stands just now."""
        self._hub = hub
        self._store = store
        self._current = current
        self._clock = clock
        self._budget = budget.Budget(clock)
        self._queue = queue.Queue()
        self._errands = errands.Errands()
        self._states: dict[int, str] = {}
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
            self._queue.put(report, self._clock.now())
            self._changed.notify_all()

    def acknowledge(self, command: model.Command) -> None:
        """Put a reaction to its comment; returns at once. See `bot.ports.Reporter`."""
        with self._changed:
            self._errands.acknowledge(command, self._clock.now())
            self._changed.notify_all()

    def answer(self, command: model.Command) -> None:
        """Answer it; returns at once. See `bot.ports.Reporter`."""
        with self._changed:
            self._errands.answer(command, self._clock.now())
            self._changed.notify_all()

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything is written; False if that takes too long."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not len(self._queue) and not len(self._errands), timeout
            )

    def close(self) -> None:
        """Write what waits, as far as GitHub takes it now, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        end = time.monotonic() + CLOSE_SECONDS
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0.0))

    # -- the threads ------------------------------------------------------------------------------

    def _work(self) -> None:
        while (taken := self._next()) is not None:
            if isinstance(taken, errands.Errand):
                told = self._guarded(taken.command.key, functools.partial(self._run, taken))
                with self._changed:
                    self._errands.ended(taken, self._clock.now(), told=told or self._closing)
                    self._changed.notify_all()
                continue
            written = self._guarded(taken.report.key, functools.partial(self._write, taken.report))
            with self._changed:
                if written or self._closing:
                    self._queue.told(taken, self._clock.now())
                else:
                    self._queue.again(taken, self._clock.now())
                self._changed.notify_all()

    def _next(self) -> queue.Waiting | errands.Errand | None:
        """Wait for the next thing to write; None at the end."""
        with self._changed:
            while True:
                now = self._clock.now()
                if not self._budget.wait():
                    room = not self._budget.wait(news=False)
                    if errand := self._errands.pop(now, reactions=room):
                        return errand
                taken = self._queue.pop(self._clock.now(), hurry=self._closing)
                if taken is None:
                    if self._closing:
                        return None
                    self._changed.wait(self._pause())
                    continue
                pause = self._budget.wait(news=taken.news)
                if not pause:
                    return taken
                self._queue.put_back(taken)
                if self._closing:
                    return None
                self._changed.wait(pause)

    def _pause(self) -> float | None:
        """Seconds until something is to be told; None while nothing waits."""
        now = self._clock.now()
        waits = [self._queue.wait(now)]
        if (errand := self._errands.wait(now)) is not None:
            # A reaction that the budget has no room for just now.
            waits.append(max(errand, self._budget.wait(news=False)))
        return min((one for one in waits if one is not None), default=None)

    def _guarded(self, of: model.EnvironmentKey, write: Callable[[], None]) -> bool:
        """Write; whether it needn't be tried again."""
        key = str(of)
        try:
            write()
        except errors.NotFoundError as error:
            # What is gone can't be told any more.
            _log.warning("nobody to tell", action="report", environment=key, why=error.message)
        except errors.UnderstudyError as error:
            _log.warning("GitHub was not told", action="report", environment=key, why=error.message)
            return False
        except Exception:
            # A fault of ours would be the same the next time; the next report has other content.
            _log.exception("report failed", action="report", environment=key)
        return True

    # -- writing ----------------------------------------------------------------------------------

    def _run(self, errand: errands.Errand) -> None:
        command = errand.command
        self._spend()
        if errand.reaction:
            self._hub.react(command.key.repository, command.comment_id, "eyes")
            return
        self._hub.reply(command.key, render.answer(command))
        self._store.answered(command)

    def _write(self, waiting: model.Report) -> None:
        # Read anew: a lane may have moved on meanwhile, also in another replica.
        report = self._current(waiting.key)
        row = self._store.row(waiting.key)
        if report is None or row is None:
            return
        if report.phase is model.Phase.ABSENT and row.comment_id is None:
            return  # nobody has been told of an environment, so nobody need hear that it is gone
        body = render.comment(report)
        digest = hashlib.sha256(body.encode()).hexdigest()
        if digest != row.comment_digest:
            self._spend()
            comment_id = self._hub.write_comment(report.key, body, row.comment_id)
            self._store.remember(report.key, comment_id=comment_id, comment_digest=digest)
            _log.info(
                "comment written",
                action="report",
                environment=str(report.key),
                phase=report.phase.value,
            )
        self._tell_deployment(report, row)

    def _tell_deployment(self, report: model.Report, row: ports.Row) -> None:
        state = STATES.get(report.phase)
        if state is None:
            return
        deployment = row.deployment_id
        if state in _MAKING and report.commit and report.commit != row.deployment_commit:
            deployment = self._deployment(report, report.commit)
        if deployment is None or self._states.get(deployment) == state:
            return
        url = report.routes.url if report.routes and state == "success" else None
        self._spend()
        self._hub.set_deployment_status(
            report.key.repository, deployment, state, url, render.description(report)
        )
        self._states[deployment] = state

    def _deployment(self, report: model.Report, commit: str) -> int:
        environment = naming.github_environment(report.key.number)
        self._spend()
        made = self._hub.create_deployment(report.key.repository, commit, environment)
        self._store.remember(report.key, deployment_id=made, deployment_commit=commit)
        return made

    def _spend(self) -> None:
        with self._changed:
            self._budget.spend()
