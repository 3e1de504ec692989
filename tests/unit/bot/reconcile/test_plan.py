from __future__ import annotations

import itertools

import pytest

from bot import intent, model
from bot.model import Observed, Phase, Step
from bot.reconcile import plan

NEW, OLD = "b" * 40, "a" * 40
WANTED = model.Desired(NEW)
ASLEEP = model.Desired(NEW, asleep=True)
UNWANTED = model.Ignored(intent.CLOSED)

# Rows: phase; columns: what the last successful update was of, while something exists.
WITH_STACK = {
    #                    the wanted commit, another one, none succeeded
    Phase.ABSENT: (Step.UP, Step.UP, Step.UP),
    Phase.WAITING: (Step.UP, Step.UP, Step.UP),
    Phase.PROVISIONING: (Step.WATCH, Step.UP, Step.UP),
    Phase.READY: (Step.NOTHING, Step.UP, Step.UP),
    Phase.DEGRADED: (Step.WATCH, Step.UP, Step.UP),
    Phase.SLEEPING: (Step.WAKE, Step.UP, Step.UP),
    Phase.DESTROYING: (Step.UP, Step.UP, Step.UP),
    Phase.STUCK: (Step.UP, Step.UP, Step.UP),
}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize(
    ("column", "commit"), [(0, NEW), (1, OLD), (2, None)], ids=["same", "old", "no"]
)
def test_wanted_while_something_exists(phase: Phase, column: int, commit: str | None) -> None:
    observed = Observed(phase, stack_exists=True, commit=commit)
    assert plan.next_step(WANTED, observed) is WITH_STACK[phase][column]


WANTED_ASLEEP = {
    **WITH_STACK,
    Phase.PROVISIONING: (Step.SLEEP, Step.UP, Step.UP),
    Phase.READY: (Step.SLEEP, Step.UP, Step.UP),
    Phase.DEGRADED: (Step.SLEEP, Step.UP, Step.UP),
    Phase.SLEEPING: (Step.NOTHING, Step.UP, Step.UP),
}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize(
    ("column", "commit"), [(0, NEW), (1, OLD), (2, None)], ids=["same", "old", "no"]
)
def test_wanted_asleep_while_something_exists(
    phase: Phase, column: int, commit: str | None
) -> None:
    observed = Observed(phase, stack_exists=True, commit=commit)
    assert plan.next_step(ASLEEP, observed) is WANTED_ASLEEP[phase][column]


@pytest.mark.parametrize("wish", [WANTED, ASLEEP], ids=["awake", "asleep"])
@pytest.mark.parametrize("phase", Phase)
def test_wanted_while_nothing_exists(phase: Phase, wish: model.Desired) -> None:
    assert plan.next_step(wish, Observed(phase, stack_exists=False)) is Step.UP


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("wish", [WANTED, ASLEEP, UNWANTED], ids=["wanted", "asleep", "unwanted"])
def test_a_removal_that_was_begun_is_ended_first(
    wish: model.Desired | model.Ignored, phase: Phase
) -> None:
    """Building on half a removal would end in neither; also when a person was asked meanwhile."""
    observed = Observed(phase, stack_exists=True, removing=True, commit=NEW)
    assert plan.next_step(wish, observed) is Step.DESTROY


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("reason", [intent.CLOSED, intent.EXPIRED, intent.FORK_DELETED])
def test_unwanted_while_something_exists(phase: Phase, reason: str) -> None:
    observed = Observed(phase, stack_exists=True, commit=OLD)
    assert plan.next_step(model.Ignored(reason), observed) is Step.DESTROY


@pytest.mark.parametrize("phase", Phase)
def test_unwanted_while_nothing_exists(phase: Phase) -> None:
    assert plan.next_step(UNWANTED, Observed(phase, stack_exists=False)) is Step.NOTHING


def test_each_step_done_ends_in_nothing() -> None:
    """What a step leads to when it succeeds asks for nothing more (after a watch, at most)."""
    ready = Observed(Phase.READY, True, commit=NEW)
    after = {
        Step.UP: ready,
        Step.WATCH: ready,
        Step.WAKE: ready,
        Step.SLEEP: Observed(Phase.SLEEPING, True, commit=NEW),
        Step.DESTROY: Observed(Phase.ABSENT, False),
    }
    starts = itertools.product(Phase, (True, False), (NEW, OLD, None))
    wishes: tuple[model.Desired | model.Ignored, ...] = (WANTED, ASLEEP, UNWANTED)
    for wish, (phase, exists, commit) in itertools.product(wishes, starts):
        observed, steps = Observed(phase, exists, commit=commit), 0
        while (step := plan.next_step(wish, observed)) is not Step.NOTHING:
            observed, steps = after[step], steps + 1
            assert steps <= 2, (wish, phase, exists, commit)
        assert observed.stack_exists is isinstance(wish, model.Desired)
