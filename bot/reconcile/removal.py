"""Takes an environment away, and says so only after it was proved."""

from __future__ import annotations

import datetime

from bot import errors, intent, model, ports
from bot.reconcile import deadlines
from bot.reconcile.context import Pass

_WORDS = {
    intent.CLOSED: "the pull request was closed",
    intent.NO_LABEL: "the pull request does not have the label that asks for an environment",
    intent.GONE: "GitHub does not know the pull request any more",
}
_WANTED_AGAIN = "it is wanted again, and is made anew as soon as it is gone"


def sentence(wish: model.Desired | model.Ignored) -> str:
    """Why an environment is taken away, for people."""
    if isinstance(wish, model.Desired):
        return _WANTED_AGAIN
    return intent.HELD_BACK.get(wish.reason) or _WORDS.get(wish.reason, wish.reason)


def remove(run: Pass, wish: model.Desired | model.Ignored) -> datetime.datetime | None:
    """Destroy, remove the stack, prove; returns when to look again.

    Raises EngineError when the engine failed, UnreachableError when a listing did, and
    NotAbsentError when something is still there.
    """
    # What went wrong the last time stays readable while it is tried again.
    again = run.row.phase is model.Phase.DESTROYING and run.row.reason
    run.to(model.Phase.DESTROYING, again or sentence(wish))
    operation = run.stages.engine.destroy(run.row.name, run.engine_event)
    if not _ended(run, operation):
        return run.stages.clock.now()
    result = operation.result()
    run.note(f"stack destroyed and removed in {result.seconds:.1f} s")
    absence = _prove(run)
    if absence is None:
        return run.stages.clock.now()
    run.note("proved absent: nothing is left")
    run.progress = None
    run.to(
        _afterwards(wish),
        sentence(wish),
        absence,
        stack_exists=False,
        commit=None,
        outputs={},
        failures=0,
    )
    # Wanted again meanwhile: there is nothing in the way any more.
    return run.stages.clock.now() if isinstance(wish, model.Desired) else None


def _ended(run: Pass, operation: ports.Operation) -> bool:
    """Wait for the engine; False where the bot stops first. Raises LeaseLostError."""
    try:
        while not operation.done():
            run.held.check()
            if run.stopping():
                return False
            run.stages.sleep(deadlines.POLL_SECONDS)
    finally:
        if not operation.done():
            operation.cancel()
    return True


def _prove(run: Pass) -> model.Absence | None:
    """List until nothing is left; None where the bot stops first.

    Raises NotAbsentError and UnreachableError when the time is up, and LeaseLostError.
    """
    end = run.after(deadlines.PROOF_SECONDS)
    told: tuple[model.Remnant, ...] | None = None
    while not run.stopping():
        run.held.check()
        over = run.stages.clock.now() > end
        try:
            absence = run.stages.prover.look(run.row.name)
        except errors.UnreachableError:
            # It proves nothing, and may answer in a moment.
            if over:
                raise
        else:
            if absence.proved:
                return absence
            if absence.remnants != told:
                run.report(absence)
                told = absence.remnants
            if over:
                raise errors.NotAbsentError(_left(absence))
        run.stages.sleep(deadlines.PROOF_POLL_SECONDS)
    return None


def _left(absence: model.Absence) -> str:
    left = ", ".join(f"{found.kind} {found.name}" for found in absence.remnants)
    return f"still there after its stack was destroyed: {left or 'unknown, as nothing was listed'}"


def _afterwards(wish: model.Desired | model.Ignored) -> model.Phase:
    if isinstance(wish, model.Ignored) and wish.reason in intent.HELD_BACK:
        return model.Phase.WAITING
    return model.Phase.ABSENT
