"""One pass over one environment: read the pull request afresh, decide, plan, act.

Whatever goes wrong ends in a due time: a service that did not answer is asked again for as long as
it takes, a failure is retried with growing pauses until a person is needed.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable

import structlog

from bot import errors, model, ports
from bot.reconcile import commands, deadlines, edge, plan, removal, rise, settled, several, sleeping
from bot.reconcile.context import Pass, Stages
from bot.reconcile.lease import HeldLease

_log = structlog.get_logger(__name__)


class Loop:
    """Makes passes."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages

    def run(
        self, row: ports.Row, lease: ports.Lease, stopping: Callable[[], bool] = lambda: False
    ) -> None:
        """Make one pass and release the lease; raises nothing that concerns this row alone."""
        log = _log.bind(action="pass", environment=str(row.key), lane=row.lane.value)
        try:
            with HeldLease(self._stages.store, lease, self._stages.clock) as held:
                run = Pass(self._stages, row, held, stopping)
                due = _earliest(self._guarded(run), run.changes_at)
                self._stages.store.release(held.lease, run.generation, due)
        except errors.LeaseLostError:
            log.warning("lease lost; nothing more is written")
            return
        log.info("pass ended", phase=run.row.phase.value, due_at=due.isoformat() if due else None)

    def _guarded(self, run: Pass) -> datetime.datetime | None:
        try:
            return self._act(run)
        except errors.LeaseLostError:
            raise
        except errors.UnreachableError as error:
            return self._unreachable(run, error)
        except errors.EngineError as error:
            # An engine that fails while its clouds are away says nothing of the environment.
            if away := run.unreachable():
                return self._unreachable(run, away)
            return self._failed(run, error.message)
        except errors.UnderstudyError as error:
            return self._failed(run, error.message)
        except Exception as error:
            _log.exception("pass failed", action="pass", environment=str(run.key))
            return self._failed(run, f"unexpected {type(error).__name__}; see the bot's log")

    def _act(self, run: Pass) -> datetime.datetime | None:
        if run.row.lane is model.Lane.EDGE and commands.waiting(run):
            # They may say that it is to stay, and who may give them is the cluster's lane to ask.
            return run.after(deadlines.HEED_SECONDS)
        if run.row.lane is model.Lane.CLUSTER:
            several.hint(run)
            commands.run_all(run)
        found = run.look()
        if run.row.lane is model.Lane.CLUSTER:
            several.begin(run)
        return self._move(run, found)

    def _move(self, run: Pass, pull_request: model.PullRequest | None) -> datetime.datetime | None:
        """Take the step from what is there to what is wanted; returns when to look again."""
        wish, row = run.wish, run.row
        assert wish is not None
        observed = model.Observed(row.phase, row.stack_exists, row.removing, row.commit)
        step = plan.next_step(wish, observed)
        _log.info(
            "planned",
            action="plan",
            environment=str(run.key),
            lane=row.lane.value,
            step=step.value,
        )
        if isinstance(wish, model.Ignored) and row.images is not None:
            # Whoever asks for it again looks for its images anew.
            run.save(images=None)
        on_edge = row.lane is model.Lane.EDGE
        match step, wish:
            case model.Step.UP, model.Desired(commit):
                assert pull_request is not None
                # What is built is the commit that is wanted, which need not be the newest.
                of_commit = dataclasses.replace(pull_request, head_sha=commit)
                return (edge.up if on_edge else rise.up)(run, of_commit, commit)
            case model.Step.WATCH, model.Desired(commit):
                return (edge.watch if on_edge else rise.watch)(run, commit)
            case model.Step.WAKE, model.Desired(commit):
                return rise.wake(run, commit)
            case model.Step.SLEEP, _:
                sleeping.sleep(run)
            case model.Step.DESTROY, _:
                return removal.remove(run, wish)
            case _, model.Desired(commit):
                return settled.keep(run, commit)
            case _, model.Ignored() as ignored:
                settled.leave(run, ignored)
        return None

    def _unreachable(self, run: Pass, error: errors.UnreachableError) -> datetime.datetime | None:
        _log.warning(
            "service not reached", action="pass", environment=str(run.key), why=error.message
        )
        due = run.after(deadlines.UNREACHABLE_SECONDS)
        phase = run.row.phase
        if not run.row.stack_exists:
            if not isinstance(run.wish, model.Desired):
                # Nothing is there and nothing is known to be wanted: nobody need hear of it.
                return due
            phase = model.Phase.WAITING
        if error.message != run.row.reason:
            run.note(f"waiting: {error.message}")
        run.to(phase, error.message)
        return due

    def _failed(self, run: Pass, message: str) -> datetime.datetime | None:
        failures = run.failures + 1
        _log.error(
            "pass failed", action="pass", environment=str(run.key), why=message, failures=failures
        )
        due = run.after(deadlines.retry_seconds(failures, run.stages.chance()))
        if not run.row.stack_exists and not isinstance(run.wish, model.Desired):
            run.save(failures=failures)
            return due
        run.note(f"failed: {message}")
        if failures >= deadlines.MAX_FAILURES:
            run.to(model.Phase.STUCK, message, failures=failures)
            return run.after(deadlines.STUCK_SECONDS)
        run.to(_phase_after_failure(run.row), message, failures=failures)
        return due


def _earliest(*times: datetime.datetime | None) -> datetime.datetime | None:
    return min((time for time in times if time is not None), default=None)


def _phase_after_failure(row: ports.Row) -> model.Phase:
    if not row.stack_exists:
        return model.Phase.WAITING
    return model.Phase.DESTROYING if row.removing else model.Phase.DEGRADED
