"""Takes an environment away, and says so only after it was proved."""

from __future__ import annotations

import datetime

from bot import errors, model
from bot.reconcile import deadlines
from bot.reconcile.context import Pass

WORDS = {
    "closed": "the pull request was closed",
    "no-label": "the label was removed",
    "gone": "the pull request is gone",
}


def remove(run: Pass, ignored: model.Ignored | None) -> datetime.datetime | None:
    """Destroy, remove the stack, prove; returns when to look again.

    Raises EngineError when the engine failed, and NotAbsentError when something is still there.
    """
    why = WORDS.get(ignored.reason, ignored.reason) if ignored else run.row.reason
    run.to(model.Phase.DESTROYING, why)
    operation = run.stages.engine.destroy(run.row.name, run.note)
    try:
        while not operation.done():
            run.held.check()
            if run.stopping():
                break
            run.stages.sleep(deadlines.POLL_SECONDS)
    finally:
        if not operation.done():
            operation.cancel()
    if run.stopping():
        return run.stages.clock.now()
    result = operation.result()
    run.note(f"stack destroyed and removed in {result.seconds:.1f} s")
    absence = _prove(run)
    gone: dict[str, object] = {"stack_exists": False, "commit": None, "outputs": {}, "failures": 0}
    run.to(model.Phase.ABSENT, why, absence=absence, **gone)
    # Wanted again meanwhile: there is nothing in the way any more.
    return run.stages.clock.now() if ignored is None else None


def _prove(run: Pass) -> model.Absence:
    """List until nothing is left. Raises NotAbsentError, UnreachableError."""
    end = run.after(deadlines.PROOF_SECONDS)
    while True:
        absence = run.stages.prover.look(run.row.name)
        if absence.proved:
            return absence
        run.report(absence=absence)
        run.held.check()
        if run.stages.clock.now() > end or run.stopping():
            left = ", ".join(f"{found.kind} {found.name}" for found in absence.remnants)
            raise errors.NotAbsentError(f"still there after its stack was destroyed: {left}")
        run.stages.sleep(deadlines.PROOF_POLL_SECONDS)
