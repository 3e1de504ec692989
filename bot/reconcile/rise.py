"""Brings an environment up, and watches until it serves.

The engine and the watch run side by side: a pod that can't start is told while the engine still
waits for CloudFront. A newer commit ends the watch; closing also interrupts the engine.
"""

from __future__ import annotations

import datetime

from bot import errors, model, ports
from bot.reconcile import commands, deadlines, images, operations, sleeping
from bot.reconcile.context import Pass


def up(run: Pass, pull_request: model.PullRequest, commit: str) -> datetime.datetime | None:
    """Create or update, then watch; returns when to look again."""
    try:
        if (later := images.missing(run, pull_request, commit)) is not None:
            return later
        config = run.stages.configurer.config(run.row, pull_request, trusted=run.trusted)
    except errors.InvalidStageFileError as error:
        _refuse(run, error)
        return None
    assert config is not None, "every environment has workloads"
    if not run.row.stack_exists and (away := run.unreachable()):
        # Nothing is begun that could not be taken away again.
        raise away
    # Recorded before anything is made: whatever happens now, somebody knows to take it away. Until
    # the engine has succeeded, the commit of the last time is no longer what is there.
    run.to(model.Phase.PROVISIONING, "", stack_exists=True, commit=None, absence=None)
    run.note(f"bringing up commit {commit[:7]}")
    operation = run.stages.engine.up(run.row.stack, config, run.engine_event)
    run.held.guard(operation)
    return _Rise(run, commit, operation).follow()


def watch(run: Pass, commit: str) -> datetime.datetime | None:
    """Look again at workloads that were not ready; returns when to look again."""
    return _Rise(run, commit, None).follow()


def wake(run: Pass, commit: str) -> datetime.datetime | None:
    """Scale up what is asleep, and watch; returns when to look again."""
    run.to(model.Phase.PROVISIONING, "")
    return _Rise(run, commit, None).follow()


def _refuse(run: Pass, error: errors.InvalidStageFileError) -> None:
    """Make nothing of this commit, and leave what is there of an earlier one."""
    if not run.row.stack_exists:
        return run.to(model.Phase.WAITING, error.message)
    serving = f"; commit {run.row.commit[:7]} stays" if run.row.commit else ""
    return run.to(model.Phase.DEGRADED, f"{error.message}{serving}")


class _Rise:
    """The engine's operation (if any) and the watch, followed together."""

    def __init__(self, run: Pass, commit: str, operation: ports.Operation | None) -> None:
        now = run.stages.clock.now()
        self._run = run
        self._commit = commit
        self._operation = operation
        self._overrides = run.row.life.overrides
        """What commands set for the services when the engine began."""
        self._asleep = isinstance(run.wish, model.Desired) and run.wish.asleep
        """To be updated without being woken: there is nothing to watch."""
        self._awake = False
        """Whether it was seen to that nothing is at zero."""
        self._began = now
        # Whoever was told that something can't start is told next when that has changed.
        self._again = operation is None and run.row.phase is model.Phase.DEGRADED
        self._progress: model.Progress | None = None
        self._engine_done_at: datetime.datetime | None = now if operation is None else None
        self._trouble_since: datetime.datetime | None = None
        self._failure: errors.EngineError | None = None
        self._heed_at = now
        self._newer: model.Desired | model.Ignored | None = None

    def follow(self) -> datetime.datetime | None:
        """Until everything serves, or it is known that it won't, or a newer wish has come."""
        try:
            while not self._over():
                complete = self._engine_done_at is not None
                if complete and self._asleep:
                    break
                if complete and not self._awake:
                    sleeping.awake(self._run)
                    self._awake = True
                if not self._asleep:
                    self._watch()
                # Before the engine's end, the workloads that there are need not be all of them:
                # only a watch that began after it can say that everything is ready.
                if complete and self._ready:
                    break
                if self._engine_done_at is None:
                    self._pause()
        finally:
            if self._operation is not None and not self._operation.done():
                self._operation.cancel()
        self._run.held.check()
        if self._ready and self._newer is None:
            # Asked once more before it is told: what was pushed a moment ago is no longer ready.
            self._heed()
        return self._outcome()

    @property
    def _ready(self) -> bool:
        return self._progress is not None and self._progress.ready

    def _watch(self) -> None:
        try:
            for progress in self._run.follow(self._commit, self._over):
                self._seen(progress)
        except errors.UnreachableError:
            # The engine is not interrupted for that: it tells by itself what it did not reach.
            if self._engine_done_at is not None:
                raise

    def _pause(self) -> None:
        end = self._run.after(deadlines.REWATCH_SECONDS)
        while self._engine_done_at is None and self._run.stages.clock.now() < end:
            if self._over():
                return
            self._run.stages.sleep(deadlines.POLL_SECONDS)

    def _seen(self, progress: model.Progress) -> None:
        self._progress = progress
        if not progress.troubles:
            self._trouble_since = None
        elif self._trouble_since is None:
            self._trouble_since = self._run.stages.clock.now()
        if progress.troubles:
            sentence = _sentence(progress)
            if self._run.row.phase is model.Phase.DEGRADED and sentence != self._run.row.reason:
                self._run.note(sentence)
            self._run.to(model.Phase.DEGRADED, sentence)
        elif not self._again and not (progress.ready and self._engine_done_at):
            self._run.to(model.Phase.PROVISIONING, "")

    def _over(self) -> bool:
        """Whether to end now; asked often, also by the watch."""
        run = self._run
        if run.held.lost() or run.stopping():
            return True
        self._look_at_engine()
        if self._failure is not None or self._newer_wish():
            return True
        if self._engine_done_at is None:
            return False
        now = run.stages.clock.now()
        trouble, ready = (
            (0.0, deadlines.GLANCE_SECONDS)
            if self._again
            else (deadlines.TROUBLE_SECONDS, deadlines.READY_SECONDS)
        )
        since = self._trouble_since
        if since is not None and (now - since).total_seconds() > trouble:
            return (now - self._engine_done_at).total_seconds() > trouble
        return (now - self._engine_done_at).total_seconds() > ready

    def _look_at_engine(self) -> None:
        operation = self._operation
        if operation is None or self._engine_done_at is not None:
            return
        if not operation.done():
            now = self._run.stages.clock.now()
            operations.check(self._run, (now - self._began).total_seconds())
            return
        try:
            result = operation.result()
        except errors.EngineError as error:
            self._failure = error
        else:
            changed = sum(n for kind, n in result.changes.items() if kind != "same")
            self._run.note(f"engine done in {result.seconds:.1f} s, {changed} changes")
            asked_anew = self._run.row.life.overrides != self._overrides
            commit = None if asked_anew else self._commit
            self._run.save(commit=commit, outputs=dict(result.outputs))
        self._engine_done_at = self._run.stages.clock.now()

    def _newer_wish(self) -> bool:
        """Whether a newer wish ends this; a newer commit lets the engine finish first."""
        run = self._run
        if self._newer is None and run.stages.clock.now() >= self._heed_at:
            self._heed_at = run.after(deadlines.HEED_SECONDS)
            self._heed()
        if isinstance(self._newer, model.Ignored):
            return True
        return self._newer is not None and self._engine_done_at is not None

    def _heed(self) -> None:
        run = self._run
        stored = run.stages.store.row(run.key, run.row.lane)
        if stored is None or stored.wanted <= run.generation:
            return
        try:
            # A command may say that all this is no longer wanted.
            commands.run_all(run)
            wish = run.newest_wish()
        except errors.UnreachableError:
            self._heed_at = run.after(deadlines.HEED_AGAIN_SECONDS)
            return
        if wish == run.wish and run.row.life.overrides == self._overrides:
            run.generation = max(run.generation, stored.wanted)
            return
        self._newer = wish
        run.note(_news(wish, self._commit))

    def _outcome(self) -> datetime.datetime | None:
        run = self._run
        if self._failure is not None:
            raise self._failure
        if run.stopping() or self._engine_done_at is None or self._newer is not None:
            return run.stages.clock.now()
        if self._asleep:
            sleeping.sleep(run)
            return None
        if self._ready:
            run.to(model.Phase.READY, "", failures=0)
            return None
        reason = _sentence(self._progress) or "not every service became ready in time"
        quiet = self._quiet()
        run.to(model.Phase.DEGRADED, reason, failures=0)
        return run.after(deadlines.recheck_seconds(quiet))

    def _quiet(self) -> float:
        """Seconds since something happened to the environment."""
        timeline = self._run.stages.store.timeline(self._run.key)
        if not timeline:
            return 0.0
        return (self._run.stages.clock.now() - timeline[-1].at).total_seconds()


def _news(wish: model.Desired | model.Ignored, commit: str) -> str:
    """What is wanted instead of this commit."""
    if isinstance(wish, model.Ignored):
        return "no longer wanted"
    if wish.commit != commit:
        return f"a newer commit is wanted: {wish.commit[:7]}"
    return "wanted asleep" if wish.asleep else "wanted awake"


def _sentence(progress: model.Progress | None) -> str:
    """The troubles in one sentence each."""
    if progress is None:
        return ""
    return "; ".join(
        f"{pod.service}: {pod.trouble.value}" for pod in progress.troubles if pod.trouble
    )
