"""Waits for an engine operation while the lease lives."""

from __future__ import annotations

from bot import errors, ports
from bot.reconcile import deadlines
from bot.reconcile.context import Pass


def check(run: Pass, since: float) -> None:
    """Whether an operation that has run for so many seconds may go on.

    Raises LeaseLostError, or EngineError when it has run for longer than an operation may.
    """
    run.held.check()
    if since > deadlines.ENGINE_SECONDS:
        raise errors.EngineError(
            f"the engine did not end within {deadlines.ENGINE_SECONDS / 60:.0f} minutes, and was "
            "interrupted"
        )


def ended(run: Pass, operation: ports.Operation) -> bool:
    """Wait for the end; False where the bot stops first. Raises LeaseLostError, EngineError."""
    began = run.stages.clock.now()
    run.held.guard(operation)
    try:
        while not operation.done():
            check(run, (run.stages.clock.now() - began).total_seconds())
            if run.stopping():
                return False
            run.stages.sleep(deadlines.POLL_SECONDS)
    finally:
        if not operation.done():
            operation.cancel()
    return True
