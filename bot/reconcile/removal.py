"""Takes an environment away, and says so only after it was proved."""

from __future__ import annotations

import datetime

from bot import errors, intent, model
from bot.reconcile import deadlines, operations
from bot.reconcile.context import Pass

_WORDS = {
    intent.CLOSED: "the pull request was closed",
    intent.NO_LABEL: "the pull request does not have the label that asks for an environment",
    intent.DOWN: "somebody asked for that; no push brings it back",
    intent.NOT_ASKED: "the repository's policy gives this pull request none, and nobody asked",
    intent.GONE: "GitHub does not know the pull request any more",
    intent.MOVED: "the repository has another name by now, and the environment is made under that",
    intent.EXPIRED: (
        "its time is up: extend or pin it to have it again, or take the label off and put it back"
    ),
    intent.NO_EDGE: "the stage file asks for no way through CloudFront",
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
    NotAbsentError when something is still there that should have gone long since.
    """
    # What went wrong the last time stays readable while it is tried again.
    again = run.row.removing and run.row.reason
    run.to(model.Phase.DESTROYING, again or sentence(wish), removing=True)
    if run.row.destroyed_at is None:
        if run.row.lane is model.Lane.EDGE and not run.stages.drain.drained(run.row.name):
            return run.after(deadlines.edge_seconds(run.in_phase()))
        operation = run.stages.engine.destroy(run.row.stack, run.engine_event)
        if not operations.ended(run, operation):
            return run.stages.clock.now()
        result = operation.result()
        run.note(f"stack {run.row.stack} destroyed and removed in {result.seconds:.1f} s")
        run.save(destroyed_at=run.stages.clock.now())
    known = run.row.absence.remnants if run.row.absence else ()
    absence = _prove(run)
    if absence is None:
        return run.stages.clock.now()
    if not absence.proved:
        # Each is counted once, however often it is looked at.
        run.stages.metrics.left(found for found in absence.remnants if found not in known)
        return _later(run, absence)
    if run.others_gone():
        # The last of an environment's lanes looks for all of it, before anybody is told.
        absence = run.stages.prover.look(run.row.name)
        if not absence.proved:
            run.stages.metrics.left(absence.remnants)
            run.note(_left(absence))
            run.stages.store.adopt(run.key)
            return run.stages.clock.now()
    _gone(run, wish, absence)
    # Wanted again meanwhile: there is nothing in the way any more.
    return run.stages.clock.now() if isinstance(wish, model.Desired) else None


def _gone(run: Pass, wish: model.Desired | model.Ignored, absence: model.Absence) -> None:
    """The lane is proved absent: nothing of it is recorded any more."""
    lane = "" if run.row.lane is model.Lane.CLUSTER else f"{run.row.lane.value}: "
    run.note(f"{lane}proved absent: nothing is left")
    run.stages.metrics.proved(run.row.lane)
    run.to(
        _afterwards(wish),
        sentence(wish),
        absence=absence,
        stack_exists=False,
        removing=False,
        destroyed_at=None,
        commit=None,
        outputs={},
        progress=None,
        failures=0,
    )


def _prove(run: Pass) -> model.Absence | None:
    """List until nothing is left, or for a while; None where the bot stops first.

    Raises UnreachableError when the last listing failed, and LeaseLostError.
    """
    end = run.after(deadlines.PROOF_SECONDS)
    while not run.stopping():
        run.held.check()
        over = run.stages.clock.now() >= end
        try:
            absence = run.stages.prover.look(run.row.name, run.row.lane)
        except errors.UnreachableError:
            run.stages.metrics.not_listed(run.row.lane)
            # It proves nothing, and may answer in a moment.
            if over:
                raise
        else:
            if absence.proved or over:
                return absence
            if run.row.absence is None or absence.remnants != run.row.absence.remnants:
                run.save(absence=absence)
                run.report()
        run.stages.sleep(deadlines.PROOF_POLL_SECONDS)
    return None


def _later(run: Pass, absence: model.Absence) -> datetime.datetime:
    """Help what is left to go, and say what it waits for; returns when to look again.

    Raises NotAbsentError when it has been there too long, and UnreachableError.
    """
    assert run.row.destroyed_at is not None
    waited = (run.stages.clock.now() - run.row.destroyed_at).total_seconds()
    obstacles = run.stages.clearers[run.row.lane].clear(run.row.name, waited)
    for obstacle in obstacles:
        if obstacle.done:
            run.note(f"{obstacle.remnant.kind} {obstacle.remnant.name}: {obstacle.done}")
    why = "; ".join(dict.fromkeys(obstacle.why for obstacle in obstacles))
    if waited > deadlines.REMNANT_SECONDS:
        run.save(absence=absence)
        raise errors.NotAbsentError(f"{_left(absence)}{f' ({why})' if why else ''}")
    run.to(model.Phase.DESTROYING, why or run.row.reason, absence=absence)
    return run.after(deadlines.look_seconds(waited))


def _left(absence: model.Absence) -> str:
    left = ", ".join(f"{found.kind} {found.name}" for found in absence.remnants)
    return f"still there after its stack was destroyed: {left or 'unknown, as nothing was listed'}"


def _afterwards(wish: model.Desired | model.Ignored) -> model.Phase:
    if isinstance(wish, model.Ignored) and wish.reason in intent.HELD_BACK:
        return model.Phase.WAITING
    return model.Phase.ABSENT
