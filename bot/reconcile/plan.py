"""The table between what is wanted and what is there. Pure; `loop` acts on it.

docs/architecture.md draws the same moves.
"""

from __future__ import annotations

from bot import model

_AWAKE = {
    model.Phase.READY: model.Step.NOTHING,
    model.Phase.PROVISIONING: model.Step.WATCH,
    model.Phase.DEGRADED: model.Step.WATCH,
    model.Phase.SLEEPING: model.Step.WAKE,
}
_ASLEEP = {
    model.Phase.READY: model.Step.SLEEP,
    model.Phase.PROVISIONING: model.Step.SLEEP,
    model.Phase.DEGRADED: model.Step.SLEEP,
    model.Phase.SLEEPING: model.Step.NOTHING,
}
"""What to do with one of the wanted commit; in every other phase it is made anew."""


def next_step(desired: model.Desired | model.Ignored, observed: model.Observed) -> model.Step:
    """What to do next; asked again after it was done, it says NOTHING."""
    if observed.removing:
        # Also when it is wanted again: building on half a removal would end in neither.
        return model.Step.DESTROY
    if isinstance(desired, model.Ignored):
        return model.Step.DESTROY if observed.stack_exists else model.Step.NOTHING
    if not observed.stack_exists or observed.commit != desired.commit:
        return model.Step.UP
    return (_ASLEEP if desired.asleep else _AWAKE).get(observed.phase, model.Step.UP)
