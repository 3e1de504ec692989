"""Brings an environment up, and watches until it serves.

The engine and the watch run side by side: a pod that can't start is told while the engine still
waits for CloudFront. A newer commit ends the watch; closing also interrupts the engine.
"""

from __future__ import annotations

import datetime

import structlog

from bot import errors, model, ports
from bot.reconcile import deadlines
from bot.reconcile.context import Pass

_log = structlog.get_logger()


def up(run: Pass, pull_request: model.PullRequest, commit: str) -> datetime.datetime | None:
    """Create or update, then watch; returns when to look again."""
    try:
        config = run.stages.configurer.config(run.row, pull_request)
    except errors.InvalidStageFileError as error:
        exists = run.row.stack_exists
        phase = model.Phase.DEGRADED if exists else model.Phase.WAITING
        run.to(phase, error.message, commit)
        return None
    # Recorded before anything is made: whatever happens now, somebody knows to take it away.
    run.to(model.Phase.PROVISIONING, "", commit, stack_exists=True)
    run.note(f"bringing up commit {commit[:7]}")
    operation = run.stages.engine.up(run.row.name, config, run.note)
    return _Rise(run, commit, operation).follow()


def watch(run: Pass, commit: str) -> datetime.datetime | None:
    """Look again at workloads that were not ready; returns when to look again."""
    return _Rise(run, commit, None).follow()


class _Rise:
    """The engine's operation (if any) and the watch, followed together."""

    def __init__(self, run: Pass, commit: str, operation: ports.Operation | None) -> None:
        self._run = run
        self._commit = commit
        self._operation = operation
        self._progress: model.Progress | None = None
        self._heeded = run.generation
        self._heed_at = run.stages.clock.now()
        self._engine_done_at: datetime.datetime | None = None
        self._trouble_since: datetime.datetime | None = None
        self._superseded = False
        self._failure: errors.EngineError | None = None
        if operation is None:
            self._engine_done_at = run.stages.clock.now()

    def follow(self) -> datetime.datetime | None:
        run = self._run
        try:
            for progress in run.stages.watch.follow(run.row.name, self._commit, self._stop):
                self._seen(progress)
            while self._engine_done_at is None and not self._stop():
                run.stages.sleep(deadlines.POLL_SECONDS)
        except BaseException:
            self._cancel()
            raise
        if self._engine_done_at is None:
            self._cancel()
        run.held.check()
        return self._outcome()

    def _seen(self, progress: model.Progress) -> None:
        self._progress = progress
        if not progress.troubles:
            self._trouble_since = None
        elif self._trouble_since is None:
            self._trouble_since = self._run.stages.clock.now()
        if not (progress.ready and self._engine_done_at):
            self._run.to(
                model.Phase.DEGRADED if progress.troubles else model.Phase.PROVISIONING,
                _sentence(progress),
                self._commit,
                progress,
            )

    def _stop(self) -> bool:
        """Asked often while the watch goes on."""
        run = self._run
        if run.held.lost() or run.stopping():
            return True
        self._look_at_engine()
        if self._failure is not None:
            return True
        if self._superseded_now():
            return True
        if self._engine_done_at is None:
            return False
        now = run.stages.clock.now()
        since = self._trouble_since
        if since and (now - since).total_seconds() > deadlines.TROUBLE_SECONDS:
            return True
        return (now - self._engine_done_at).total_seconds() > deadlines.READY_SECONDS

    def _look_at_engine(self) -> None:
        operation = self._operation
        if operation is None or self._engine_done_at is not None or not operation.done():
            return
        try:
            result = operation.result()
        except errors.EngineError as error:
            self._failure = error
        else:
            changed = sum(n for kind, n in result.changes.items() if kind != "same")
            self._run.note(f"engine done in {result.seconds:.1f} s, {changed} changes")
            self._run.save(commit=self._commit, outputs=dict(result.outputs))
        self._engine_done_at = self._run.stages.clock.now()

    def _superseded_now(self) -> bool:
        """Whether a newer wish ends this; a newer commit lets the engine finish first."""
        run = self._run
        if self._superseded:
            return self._engine_done_at is not None
        stored = run.stages.store.row(run.key)
        now = run.stages.clock.now()
        if stored is None or stored.wanted <= self._heeded or now < self._heed_at:
            return False
        try:
            desired = run.desired()
        except errors.UnreachableError:
            self._heed_at = run.after(deadlines.HEED_AGAIN_SECONDS)
            return False
        self._heeded = stored.wanted
        if isinstance(desired, model.Ignored):
            run.note("no longer wanted: the engine is interrupted")
            return True
        self._superseded = desired.commit != self._commit
        return self._superseded and self._engine_done_at is not None

    def _cancel(self) -> None:
        if self._operation is not None and not self._operation.done():
            self._operation.cancel()

    def _outcome(self) -> datetime.datetime | None:
        run = self._run
        now = run.stages.clock.now()
        if self._failure is not None:
            raise self._failure
        if run.stopping() or self._engine_done_at is None or run.newer_wish():
            return now
        progress = self._progress
        if progress is not None and progress.ready:
            run.to(model.Phase.READY, "", self._commit, progress, failures=0)
            return None if run.edge_deployed() else run.after(deadlines.EDGE_SECONDS)
        reason = _sentence(progress) or "not every service became ready in time"
        run.to(model.Phase.DEGRADED, reason, self._commit, progress, failures=0)
        return run.after(deadlines.RECHECK_SECONDS)


def _sentence(progress: model.Progress | None) -> str:
    """The troubles in one sentence each."""
    if progress is None:
        return ""
    return "; ".join(
        f"{pod.service}: {pod.trouble.value}" for pod in progress.troubles if pod.trouble
    )
