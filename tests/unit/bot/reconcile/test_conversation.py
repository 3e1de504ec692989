from __future__ import annotations

import datetime

import pytest

from bot import chatops, errors, model, said
from bot.reconcile import Conversation
from bot.reconcile.conversation import FIRST
from tests.unit.bot.reconcile.stand import KEY, A, Stand


@pytest.fixture
def conversation(stand: Stand) -> Conversation:
    return Conversation(stand.store, stand.hub, chatops.Reader().read, stand.clock)


def write(stand: Stand, body: str, *, number: int = 7, ago: float = 0.0) -> None:
    """Somebody wrote this, and no delivery told of it."""
    at = stand.clock.now() - datetime.timedelta(seconds=ago)
    key = model.EnvironmentKey(KEY.repository, number)
    stand.hub.said.append(said.Said(key, len(stand.hub.said) + 1, "ada", body, at))


def catch_up(stand: Stand, conversation: Conversation) -> list[str]:
    pulls = stand.hub.open_pull_requests(KEY.repository)
    return [one.text for one in conversation.catch_up(KEY.repository, pulls)]


def test_a_command_that_no_delivery_told_of_is_run(
    stand: Stand, conversation: Conversation
) -> None:
    stand.open(A, "bug")
    stand.settle()
    write(stand, "please\n/stage up")
    assert catch_up(stand, conversation) == ["up"]
    stand.settle()
    assert stand.row.phase is model.Phase.READY
    assert catch_up(stand, conversation) == [], "kept once"


def test_what_was_said_elsewhere_is_left_alone(stand: Stand, conversation: Conversation) -> None:
    stand.open(A, "bug")
    write(stand, "/stage up", number=8)
    assert catch_up(stand, conversation) == []
    assert stand.store.row(model.EnvironmentKey(KEY.repository, 8)) is None


def test_a_restored_store_reads_again_what_was_said_since_its_mark(
    stand: Stand, conversation: Conversation
) -> None:
    stand.open(A, "bug")
    catch_up(stand, conversation)
    stand.clock.advance(3600)
    write(stand, "/stage extend 8h")
    lost = Stand()
    lost.clock, lost.hub = stand.clock, stand.hub
    name = f"comments {KEY.repository}"
    mark = stand.store.mark(name)
    assert mark is not None
    lost.store.set_mark(name, mark)
    again = Conversation(lost.store, stand.hub, chatops.Reader().read, stand.clock)
    assert catch_up(lost, again) == ["extend 8h"]


def test_without_a_mark_it_reads_as_far_back_as_a_command_reaches(
    stand: Stand, conversation: Conversation
) -> None:
    stand.open(A)
    write(stand, "/stage pin", ago=FIRST.total_seconds() - 60)
    write(stand, "/stage sleep", ago=FIRST.total_seconds() + 3600)
    assert catch_up(stand, conversation) == ["pin"]


def test_nothing_is_marked_as_read_that_was_not(stand: Stand, conversation: Conversation) -> None:
    stand.open(A)
    write(stand, "/stage pin")
    stand.hub.fault = errors.UnreachableError("GitHub did not answer")
    with pytest.raises(errors.UnreachableError):
        conversation.catch_up(KEY.repository, [stand.hub.pull_requests[KEY]])
    assert stand.store.mark(f"comments {KEY.repository}") is None
    stand.hub.fault = None
    assert catch_up(stand, conversation) == ["pin"]


def test_where_nothing_is_open_nothing_is_asked(stand: Stand, conversation: Conversation) -> None:
    stand.hub.fault = errors.UnreachableError("GitHub did not answer")
    assert conversation.catch_up(KEY.repository, []) == []
