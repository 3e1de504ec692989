"""Brings comments and deployments to the newest report, in the background and within the budget."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

import structlog

from bot import clock, errors, model, ports
from bot.feedback import budget, render
from infra import naming

COALESCE_SECONDS = 1.0
"""Reports of one environment that follow each other faster become one write."""
AGAIN_SECONDS = 10.0
"""GitHub did not take a write: the newest report is tried again after so long."""

_STATES = {
    model.Phase.PROVISIONING: "in_progress",
    model.Phase.READY: "success",
    model.Phase.DEGRADED: "failure",
    model.Phase.STUCK: "error",
    model.Phase.ABSENT: "inactive",
}
_log = structlog.get_logger()


class HubReporter:
    """Implements `bot.ports.Reporter` with one background thread."""

    def __init__(self, hub: ports.Hub, store: ports.Store, time: clock.Clock) -> None:
        self._hub = hub
        self._store = store
        self._budget = budget.Budget(time)
        self._waiting: OrderedDict[model.EnvironmentKey, model.Report] = OrderedDict()
        self._states: dict[int, str] = {}
        self._changed = threading.Condition()
        self._closing = False
        self._busy = False
        self._thread = threading.Thread(target=self._work, name="reporter", daemon=True)
        self._thread.start()

    def report(self, report: model.Report) -> None:
        """Take a report; returns at once. See `bot.ports.Reporter`."""
        with self._changed:
            self._waiting[report.key] = report
            self._changed.notify_all()

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything is written; False if that takes too long."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, timeout)

    def close(self) -> None:
        """Write what is waiting, as far as GitHub answers, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _work(self) -> None:
        pause = 0.0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting) or self._closing)
                if not self._waiting:
                    return
                if not self._closing:
                    # A burst of reports becomes one; closing hurries.
                    self._changed.wait_for(
                        lambda: self._closing, max(pause, COALESCE_SECONDS, self._budget.wait())
                    )
                key, report = self._waiting.popitem(last=False)
                self._busy = True
            pause = 0.0 if self._guarded(report) else AGAIN_SECONDS
            with self._changed:
                self._busy = False
                if pause and not self._closing:
                    # A newer report may have come meanwhile; it has everything that this one has.
                    self._waiting.setdefault(key, report)
                self._changed.notify_all()

    def _guarded(self, report: model.Report) -> bool:
        try:
            self._write(report)
        except errors.UnderstudyError as error:
            _log.warning(
                "GitHub was not told", action="report", environment=str(report.key),
                why=error.message,
            )
            # What is gone can't be told any more; everything else is tried again.
            return isinstance(error, errors.NotFoundError)
        except Exception:
            _log.exception("report failed", action="report", environment=str(report.key))
        return True

    def _write(self, report: model.Report) -> None:
        row = self._store.row(report.key)
        if row is None or (report.phase is model.Phase.ABSENT and row.comment_id is None):
            return  # nobody has been told of an environment, so nobody need hear that it is gone
        body = render.comment(report)
        digest = hashlib.sha256(body.encode()).hexdigest()
        if digest != row.comment_digest:
            self._budget.spend()
            comment_id = self._hub.write_comment(report.key, body, row.comment_id)
            self._store.remember(report.key, comment_id=comment_id, comment_digest=digest)
        self._deployment(report, row)

    def _deployment(self, report: model.Report, row: ports.Row) -> None:
        state = _STATES.get(report.phase)
        if state is None:
            return
        deployment = row.deployment_id
        commit = report.commit
        if report.phase is model.Phase.PROVISIONING and commit and commit != row.deployment_commit:
            environment = naming.github_environment(report.key.number)
            self._budget.spend()
            deployment = self._hub.create_deployment(report.key.repository, commit, environment)
            self._store.remember(
                report.key, deployment_id=deployment, deployment_commit=commit
            )
        if deployment is None or self._states.get(deployment) == state:
            return
        url = report.routes.url if report.routes and state == "success" else None
        self._budget.spend()
        self._hub.set_deployment_status(
            report.key.repository, deployment, state, url, render.description(report)
        )
        self._states[deployment] = state
