from __future__ import annotations

import pytest

from bot import intent, model, testing

KEY = model.EnvironmentKey("acme/shop", 7)
COMMIT = "a" * 40


def pull_request(*labels: str, fork: str | None = None, **changes: object) -> model.PullRequest:
    hub = testing.FakeHub()
    hub.open(KEY, COMMIT, *labels, fork=fork)
    hub.change(KEY, **changes)
    return hub.pull_request(KEY)


def test_label_asks_for_an_environment_of_the_newest_commit() -> None:
    assert intent.decide(pull_request("stage"), intent.Policy()) == model.Desired(COMMIT)


def test_a_draft_may_have_one() -> None:
    found = pull_request("stage", draft=True)
    assert intent.decide(found, intent.Policy()) == model.Desired(COMMIT)


def test_the_label_has_another_name_where_the_policy_says_so() -> None:
    policy = intent.Policy(label="preview")
    assert intent.decide(pull_request("stage"), policy) == model.Ignored(intent.NO_LABEL)
    assert intent.decide(pull_request("preview"), policy) == model.Desired(COMMIT)


def test_no_label_no_environment() -> None:
    found = pull_request("bug", "stage/pin")
    assert intent.decide(found, intent.Policy()) == model.Ignored(intent.NO_LABEL)


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("labels", [("stage",), ()], ids=["label", "no-label"])
def test_closed_is_closed(labels: tuple[str, ...], merged: bool) -> None:
    found = pull_request(*labels, open=False, merged=merged)
    assert intent.decide(found, intent.Policy()) == model.Ignored(intent.CLOSED)


def test_forks_only_where_all_are_trusted() -> None:
    found = pull_request("stage", fork="stranger/shop")
    refused = intent.decide(found, intent.Policy())
    assert refused == model.Ignored(intent.FORK_NOT_APPROVED)
    assert intent.decide(found, intent.Policy(allow_forks=True)) == model.Desired(COMMIT)


@pytest.mark.parametrize("trusted", [True, False])
def test_a_deleted_fork_never(trusted: bool) -> None:
    found = pull_request("stage", head_repository=None)
    refused = intent.decide(found, intent.Policy(allow_forks=trusted))
    assert refused == model.Ignored(intent.FORK_DELETED)


def test_who_did_not_ask_for_an_environment_is_not_told_about_forks() -> None:
    found = pull_request(fork="stranger/shop")
    assert intent.decide(found, intent.Policy()) == model.Ignored(intent.NO_LABEL)


@pytest.mark.parametrize("reason", [intent.FORK_DELETED, intent.FORK_NOT_APPROVED])
def test_a_refusal_says_what_to_do(reason: str) -> None:
    assert "push the branch to" in intent.HELD_BACK[reason]
