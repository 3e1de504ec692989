from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import pytest

from bot import intent, model, testing
from bot.intent import Decision
from bot.model import LifetimeFrom

KEY = model.EnvironmentKey("acme/shop", 7)
COMMIT = "a" * 40


def pull_request(*labels: str, fork: str | None = None, **changes: object) -> model.PullRequest:
    hub = testing.FakeHub()
    hub.open(KEY, COMMIT, *labels, fork=fork)
    hub.change(KEY, **changes)
    return hub.pull_request(KEY)


def test_label_asks_for_an_environment_of_the_newest_commit() -> None:
    assert intent.asked(pull_request("stage"), intent.Policy()) == model.Desired(COMMIT)


def test_a_draft_may_have_one() -> None:
    found = pull_request("stage", draft=True)
    assert intent.asked(found, intent.Policy()) == model.Desired(COMMIT)


def test_the_label_has_another_name_where_the_policy_says_so() -> None:
    policy = intent.Policy(label="preview")
    assert intent.asked(pull_request("stage"), policy) == model.Ignored(intent.NO_LABEL)
    assert intent.asked(pull_request("preview"), policy) == model.Desired(COMMIT)


def test_no_label_no_environment() -> None:
    found = pull_request("bug", "stage/pin")
    assert intent.asked(found, intent.Policy()) == model.Ignored(intent.NO_LABEL)


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("labels", [("stage",), ()], ids=["label", "no-label"])
def test_closed_is_closed(labels: tuple[str, ...], merged: bool) -> None:
    found = pull_request(*labels, open=False, merged=merged)
    assert intent.asked(found, intent.Policy()) == model.Ignored(intent.CLOSED)


def test_forks_only_where_all_are_trusted() -> None:
    found = pull_request("stage", fork="stranger/shop")
    refused = intent.asked(found, intent.Policy())
    assert refused == model.Ignored(intent.FORK_NOT_APPROVED)
    assert intent.asked(found, intent.Policy(allow_forks=True)) == model.Desired(COMMIT)


@pytest.mark.parametrize("trusted", [True, False])
def test_a_deleted_fork_never(trusted: bool) -> None:
    found = pull_request("stage", head_repository=None)
    refused = intent.asked(found, intent.Policy(allow_forks=trusted))
    assert refused == model.Ignored(intent.FORK_DELETED)


def test_who_did_not_ask_for_an_environment_is_not_told_about_forks() -> None:
    found = pull_request(fork="stranger/shop")
    assert intent.asked(found, intent.Policy()) == model.Ignored(intent.NO_LABEL)


@pytest.mark.parametrize("reason", [intent.FORK_DELETED, intent.FORK_NOT_APPROVED])
def test_a_refusal_says_what_to_do(reason: str) -> None:
    assert "push the branch to" in intent.HELD_BACK[reason]


# -- life -----------------------------------------------------------------------------------------

NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
HOUR = intent.Policy(lifetime=3600, warn_before=600)
LIFE = model.Life(began_at=NOON, head=COMMIT, pushed_at=NOON)
EXPIRED = model.Ignored(intent.EXPIRED)


def at(seconds: float) -> datetime.datetime:
    return NOON + datetime.timedelta(seconds=seconds)


def decide(
    life: model.Life, seconds: float, policy: intent.Policy = HOUR, **changes: Any
) -> Decision:
    return intent.decide(pull_request("stage", **changes), policy, life, at(seconds))


def lived(**changes: object) -> model.Life:
    return dataclasses.replace(LIFE, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("asleep", [True, False])
def test_without_a_lifetime_it_lives_for_as_long_as_it_is_asked_for(asleep: bool) -> None:
    life = lived(asleep=asleep)
    decision = decide(life, 10**9, intent.Policy())
    assert decision == Decision(model.Desired(COMMIT, asleep=asleep), life)


def test_a_life_begins_when_it_is_first_asked_for_and_again_after_a_break() -> None:
    begun = decide(model.Life(), 0)
    assert begun == Decision(model.Desired(COMMIT), LIFE, at(3000))
    assert decide(begun.life, 100).life == LIFE
    broken = decide(begun.life, 200, open=False)
    assert broken == Decision(model.Ignored(intent.CLOSED), model.Life())
    assert decide(broken.life, 300).life.began_at == at(300)


def test_the_warning_comes_first_and_then_the_end() -> None:
    assert decide(LIFE, 2999) == Decision(model.Desired(COMMIT), LIFE, at(3000))
    warned = decide(LIFE, 3000)
    assert warned == Decision(model.Desired(COMMIT), lived(ends_at=at(3600)), at(3600))
    assert decide(warned.life, 3599) == warned
    assert decide(warned.life, 3600) == Decision(EXPIRED, warned.life)
    assert decide(warned.life, 10**6).wish == EXPIRED


def test_nothing_ends_that_was_not_warned_of_in_time() -> None:
    """The bot did not run meanwhile, or the policy was made stricter."""
    late = decide(LIFE, 9000)
    assert late == Decision(model.Desired(COMMIT), lived(ends_at=at(9600)), at(9600))
    assert decide(late.life, 9599).wish == model.Desired(COMMIT)
    assert decide(late.life, 9600).wish == EXPIRED


def test_without_a_warning_it_ends_at_once() -> None:
    policy = dataclasses.replace(HOUR, warn_before=0)
    assert decide(LIFE, 3599, policy).changes_at == at(3600)
    assert decide(LIFE, 9000, policy).wish == EXPIRED


def test_pinned_never_expires_and_unpinned_is_warned_anew() -> None:
    for ends_at in (None, at(3600)):
        pinned = decide(lived(pinned=True, ends_at=ends_at), 10**6)
        assert pinned == Decision(model.Desired(COMMIT), lived(pinned=True))
    unpinned = dataclasses.replace(pinned.life, pinned=False)
    assert decide(unpinned, 10**6).changes_at == at(10**6 + 600)


def test_extending_moves_the_end_only_later() -> None:
    assert decide(lived(expires_at=at(1000)), 0).changes_at == at(3000)
    later = lived(expires_at=at(9000), ends_at=at(3600))
    decision = decide(later, 3600)
    assert decision == Decision(model.Desired(COMMIT), lived(expires_at=at(9000)), at(8400))
    assert decide(decision.life, 8400).life.ends_at == at(9000)


@pytest.mark.parametrize("since", LifetimeFrom)
def test_a_lifetime_is_counted_from_what_the_policy_says(since: LifetimeFrom) -> None:
    happened = {
        LifetimeFrom.CREATION: {},
        LifetimeFrom.PUSH: {"pushed_at": at(1000)},
        LifetimeFrom.COMMAND: {"commanded_at": at(1000)},
        LifetimeFrom.TRAFFIC: {"traffic_at": at(1000)},
    }
    policy = dataclasses.replace(HOUR, lifetime_from=since)
    for what, facts in happened.items():
        counts = what is since is not LifetimeFrom.CREATION
        assert decide(lived(**facts), 1000, policy).changes_at == at(4000 if counts else 3000)


@pytest.mark.parametrize("since", LifetimeFrom)
def test_a_push_after_the_end_brings_back_only_what_is_counted_from_pushes(
    since: LifetimeFrom,
) -> None:
    policy = dataclasses.replace(HOUR, lifetime_from=since)
    over = lived(ends_at=at(3600))
    decision = decide(over, 5000, policy, head_sha="b" * 40)
    if since is LifetimeFrom.PUSH:
        assert decision.wish == model.Desired("b" * 40)
        assert (decision.life.ends_at, decision.changes_at) == (None, at(8000))
    else:
        assert decision.wish == EXPIRED
    assert decision.life.pushed_at == at(5000)
