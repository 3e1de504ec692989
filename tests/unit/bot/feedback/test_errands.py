from __future__ import annotations

import dataclasses

import pytest

from bot import clock, model
from bot.feedback import errands
from bot.feedback.governor import Rank
from tests.unit.bot.feedback.reports import KEY, NOON

COMMAND = model.Command(KEY, 5, 1, "status", "ada", NOON)


def roomy(_: str, __: Rank) -> float:
    return 0.0


def full(_: str, __: Rank) -> float:
    return 60.0


@pytest.fixture
def waiting() -> errands.Errands:
    return errands.Errands()


def test_answers_go_before_reactions(waiting: errands.Errands) -> None:
    waiting.acknowledge(COMMAND, NOON)
    waiting.answer(COMMAND, NOON)
    taken = [waiting.pop(NOON, roomy) for _ in range(3)]
    assert [one and one.reaction for one in taken] == [False, True, None]


def test_a_comment_gets_one_reaction_and_a_review_none(waiting: errands.Errands) -> None:
    for line in (1, 2):
        waiting.acknowledge(dataclasses.replace(COMMAND, line=line), NOON)
    review = dataclasses.replace(COMMAND, comment_id=6, source=model.CommandSource.REVIEW)
    waiting.acknowledge(review, NOON)
    assert len(waiting) == 1


def test_reactions_without_room_are_forgotten_and_answers_wait(waiting: errands.Errands) -> None:
    waiting.acknowledge(COMMAND, NOON)
    waiting.answer(COMMAND, NOON)
    assert waiting.pop(NOON, full) is None
    assert len(waiting) == 1
    assert waiting.wait(NOON, full) == 60.0
    taken = waiting.pop(NOON, roomy)
    assert taken is not None
    assert not taken.reaction


@pytest.mark.parametrize("put_back", [True, False])
def test_a_reaction_is_never_tried_again(waiting: errands.Errands, put_back: bool) -> None:
    waiting.acknowledge(COMMAND, NOON)
    taken = waiting.pop(NOON, roomy)
    assert taken is not None
    if put_back:
        waiting.put_back(taken, NOON)
    else:
        waiting.ended(taken, NOON, told=False)
    assert len(waiting) == 0
    assert waiting.wait(NOON, roomy) is None


def test_an_answer_is_tried_again_later(waiting: errands.Errands) -> None:
    time = clock.ManualClock(NOON)
    waiting.answer(COMMAND, time.now())
    for seconds in (5.0, 10.0):
        taken = waiting.pop(time.now(), roomy)
        assert taken is not None
        waiting.ended(taken, time.now(), told=False)
        assert waiting.wait(time.now(), roomy) == seconds
        time.advance(seconds)
