"""The table between what is wanted and what is there. Pure; `loop` acts on it.

docs/architecture.md draws the same moves.
"""

from __future__ import annotations

from bot import model


def next_step(desired: model.Desired | model.Ignored, observed: model.Observed) -> model.Step:
    """What to do next; asked again after it was done, it says NOTHING."""
    if observed.removing:
        # Also when it is wanted again: building on half a removal would end in neither.
        return model.Step.DESTROY
    if isinstance(desired, model.Ignored):
        return model.Step.DESTROY if observed.stack_exists else model.Step.NOTHING
    if not observed.stack_exists or observed.commit != desired.commit:
        return model.Step.UP
    match observed.phase:
        case model.Phase.READY | model.Phase.SLEEPING:
            return model.Step.NOTHING
        case model.Phase.PROVISIONING | model.Phase.DEGRADED:
            return model.Step.WATCH
        case _:
            return model.Step.UP
