"""One pass over one environment: read the pull request afresh, decide, plan, act.

Whatever goes wrong ends in a due time: a service that did not answer is asked again for as long as
it takes, a failure is retried with growing pauses until a person is needed.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

import structlog

from bot import errors, intent, model, ports
from bot.reconcile import deadlines, plan, removal, rise
from bot.reconcile.context import Pass, Stages
from bot.reconcile.lease import HeldLease

_log = structlog.get_logger()


class Loop:
    """Makes passes."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages

    def run(
        self, row: ports.Row, lease: ports.Lease, stopping: Callable[[], bool] = lambda: False
    ) -> None:
        """Make one pass and release the lease; raises nothing that concerns this row alone."""
        log = _log.bind(action="pass", environment=str(row.key))
        try:
            with HeldLease(self._stages.store, lease, self._stages.clock) as held:
                run = Pass(self._stages, row, held, stopping)
                due = self._guarded(run)
                run.stages.store.release(held.lease, run.generation, due)
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
            run.note(f"waiting: {error.message}")
            run.to(run.row.phase, error.message)
            return run.after(deadlines.UNREACHABLE_SECONDS)
        except errors.UnderstudyError as error:
            return self._failed(run, error.message)
        except Exception as error:
            _log.exception("pass failed", action="pass", environment=str(run.key))
            return self._failed(run, f"unexpected {type(error).__name__}; see the bot's log")

    def _act(self, run: Pass) -> datetime.datetime | None:
        desired, pull_request = run.look()
        row = run.row
        observed = model.Observed(row.phase, row.stack_exists, row.commit)
        step = plan.next_step(desired, observed)
        _log.info("planned", action="plan", environment=str(run.key), step=step.value)
        match step, desired:
            case model.Step.UP, model.Desired(commit):
                assert pull_request is not None
                return rise.up(run, pull_request, commit)
            case model.Step.WATCH, model.Desired(commit):
                return rise.watch(run, commit)
            case model.Step.DESTROY, _:
                ignored = desired if isinstance(desired, model.Ignored) else None
                return removal.remove(run, ignored)
            case _:
                return self._settle(run, desired)

    def _settle(
        self, run: Pass, desired: model.Desired | model.Ignored
    ) -> datetime.datetime | None:
        """Nothing to do: tell it where somebody waits for an answer."""
        if isinstance(desired, model.Ignored):
            if sentence := intent.HELD_BACK.get(desired.reason):
                run.to(model.Phase.WAITING, sentence)
            elif run.row.phase is not model.Phase.ABSENT:
                run.to(model.Phase.ABSENT, removal.WORDS.get(desired.reason, desired.reason))
            return None
        deployed = run.edge_deployed()
        run.report()
        return None if deployed else run.after(deadlines.EDGE_SECONDS)

    def _failed(self, run: Pass, message: str) -> datetime.datetime | None:
        failures = run.row.failures + 1
        destroying = run.row.phase is model.Phase.DESTROYING
        _log.error(
            "pass failed", action="pass", environment=str(run.key), why=message, failures=failures
        )
        run.note(f"failed: {message}")
        if failures >= deadlines.MAX_FAILURES:
            run.to(model.Phase.STUCK, message, failures=failures)
            return None
        phase = model.Phase.DESTROYING if destroying else model.Phase.DEGRADED
        run.to(phase, message, failures=failures)
        return run.after(deadlines.retry_seconds(failures))
