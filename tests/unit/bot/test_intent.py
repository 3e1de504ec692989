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


STRANGER = intent.Known(trusted=False)


def test_a_strangers_code_runs_only_as_the_commit_that_was_approved() -> None:
    found = pull_request("stage", fork="stranger/shop")

    def asked(**life: Any) -> model.Desired | model.Ignored:
        return intent.asked(found, intent.Policy(), model.Life(**life), STRANGER)

    assert asked() == model.Ignored(intent.NOT_APPROVED)
    assert asked(approved="b" * 40) == model.Ignored(intent.NOT_APPROVED)
    assert asked(approved=COMMIT) == model.Desired(COMMIT)
    assert asked(approved=COMMIT, chosen="b" * 40, chosen_over=COMMIT) == model.Ignored(
        intent.NOT_APPROVED
    )
    assert intent.asked(found, intent.Policy()) == model.Desired(COMMIT)


@pytest.mark.parametrize("trusted", [True, False])
def test_a_deleted_fork_never(trusted: bool) -> None:
    found = pull_request("stage", head_repository=None)
    refused = intent.asked(found, intent.Policy(), model.Life(), intent.Known(trusted))
    assert refused == model.Ignored(intent.FORK_DELETED)


def test_who_did_not_ask_for_an_environment_is_not_told_about_forks() -> None:
    found = pull_request(fork="stranger/shop")
    assert intent.asked(found, intent.Policy()) == model.Ignored(intent.NO_LABEL)


@pytest.mark.parametrize(
    ("reason", "words"),
    [(intent.FORK_DELETED, "push the branch to"), (intent.NOT_APPROVED, "write `approve`")],
)
def test_a_refusal_says_what_to_do(reason: str, words: str) -> None:
    assert words in intent.HELD_BACK[reason]


# -- wishes ---------------------------------------------------------------------------------------


def wish(
    policy: intent.Policy, *labels: str, changed: tuple[str, ...] | None = None, **life: Any
) -> model.Desired | model.Ignored:
    """What a pull request asks for under a policy."""
    known = intent.Known(changed=changed)
    return intent.asked(pull_request(*labels), policy, model.Life(**life), known)


@pytest.mark.parametrize("mode", intent.Mode)
def test_a_command_counts_in_each_mode(mode: intent.Mode) -> None:
    policy = intent.Policy(mode=mode)
    assert wish(policy, wished=True) == model.Desired(COMMIT)
    assert wish(policy, "stage", wished=False) == model.Ignored(intent.DOWN)


def test_by_command_alone_the_label_says_nothing() -> None:
    policy = intent.Policy(mode=intent.Mode.COMMAND)
    assert wish(policy, "stage") == model.Ignored(intent.NOT_ASKED)


@pytest.mark.parametrize(
    ("filters", "changes", "passes"),
    [
        ({}, {}, True),
        ({}, {"draft": True}, True),
        ({"drafts": False}, {"draft": True}, False),
        ({"drafts": False}, {}, True),
        ({"branches": ("main", "release/*")}, {"base_ref": "release/3"}, True),
        ({"branches": ("release/*",)}, {}, False),
        ({"authors": ("ada", "*[[]bot]")}, {"author": "Ada"}, True),
        ({"authors": ("*[[]bot]",)}, {"author": "renovate[bot]"}, True),
        ({"authors": ("bob",)}, {}, False),
    ],
)
def test_always_lets_through_what_the_filters_do(
    filters: dict[str, Any], changes: dict[str, Any], passes: bool
) -> None:
    policy = intent.Policy(mode=intent.Mode.ALWAYS, **filters)
    found = intent.asked(pull_request(**changes), policy)
    assert isinstance(found, model.Desired) is passes
    assert isinstance(intent.asked(pull_request("stage", **changes), policy), model.Desired)


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("web/**", "web/a/b.css", True),
        ("web/**", "webs/a", False),
        ("web/*", "web/a/b", False),
        ("**/*.py", "a.py", True),
        ("**/*.py", "a/b/c.py", True),
        ("**/test/*", "a/test/b", True),
        ("**/test/*", "atest/b", False),
        ("v?.txt", "v1.txt", True),
        ("v?.txt", "v/.txt", False),
        ("a[b].txt", "a[b].txt", True),
    ],
)
def test_paths_match_as_people_expect(pattern: str, path: str, fits: bool) -> None:
    policy = intent.Policy(mode=intent.Mode.ALWAYS, paths=("other/x", pattern))
    found = wish(policy, changed=("README", path))
    assert isinstance(found, model.Desired) is fits
    assert wish(policy, changed=()) == model.Ignored(intent.NOT_ASKED)


def test_a_chosen_commit_counts_until_the_next_push() -> None:
    chosen: dict[str, Any] = {"wished": True, "chosen": "b" * 40}
    assert wish(intent.Policy(), **chosen, chosen_over=COMMIT) == model.Desired("b" * 40)
    assert wish(intent.Policy(), **chosen, chosen_over="c" * 40) == model.Desired(COMMIT)


def test_whoever_changes_the_label_has_the_last_word() -> None:
    def after(life: model.Life, *labels: str) -> intent.Decision:
        return intent.decide(pull_request(*labels), intent.Policy(), life, at(0))

    down = after(model.Life(wished=False, labelled=True), "stage")
    assert down.wish == model.Ignored(intent.DOWN)
    off = after(down.life)
    assert off.wish == model.Ignored(intent.NO_LABEL)
    assert after(off.life, "stage").wish == model.Desired(COMMIT), "put on anew"
    up = after(model.Life(wished=True))
    assert up.wish == model.Desired(COMMIT)
    both = after(up.life, "stage")
    assert both.wish == model.Desired(COMMIT)
    assert after(both.life).wish == model.Ignored(intent.NO_LABEL), "the label was taken off"


def test_what_is_closed_keeps_what_was_said() -> None:
    found = intent.decide(pull_request(open=False), intent.Policy(), model.Life(wished=True), at(0))
    assert found.wish == model.Ignored(intent.CLOSED)
    assert found.life.wished is True, "it is reopened as it was"


# -- life -----------------------------------------------------------------------------------------

NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
HOUR = intent.Policy(lifetime=3600, warn_before=600)
LIFE = model.Life(labelled=True, began_at=NOON, head=COMMIT, pushed_at=NOON)
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
    assert broken == Decision(model.Ignored(intent.CLOSED), model.Life(labelled=True))
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


# -- branches and definitions ---------------------------------------------------------------------

MAIN = model.EnvironmentKey("acme/shop", branch="main")
BRANCH = model.PullRequest.of_branch(MAIN, COMMIT, "main")


def test_a_branch_that_is_named_has_one_until_somebody_says_otherwise() -> None:
    named, other = intent.Policy(bases=("main",)), intent.Policy(bases=("release",))
    assert intent.asked(BRANCH, named) == model.Desired(COMMIT)
    assert intent.asked(BRANCH, other) == model.Ignored(intent.NOT_ASKED)
    down = model.Life(wished=False)
    assert intent.asked(BRANCH, named, down) == model.Ignored(intent.DOWN)
    assert intent.asked(BRANCH, other, model.Life(wished=True)) == model.Ignored(intent.NOT_ASKED)


def test_a_branch_s_own_is_pinned() -> None:
    policy = intent.Policy(bases=("main",), lifetime=60)
    found = intent.decide(BRANCH, policy, model.Life(), at(0))
    assert (found.life.pinned, found.changes_at) == (True, None)
    unpinned = model.Life(pin_order="1")
    assert intent.decide(BRANCH, policy, unpinned, at(0)).changes_at is not None


@pytest.mark.parametrize(
    ("labels", "changed", "wanted"),
    [
        (("stage",), ["apps/admin/a"], True),
        (("stage",), ["apps/shop/a"], False),
        (("stage",), None, True),
        (("stage/admin",), ["apps/shop/a"], True),
        (("stage/shop",), ["apps/admin/a"], False),
        ((), ["apps/admin/a"], False),
    ],
)
def test_the_label_asks_for_what_is_changed_and_its_own_for_any(
    labels: tuple[str, ...], changed: list[str] | None, wanted: bool
) -> None:
    found = pull_request(*labels).of("admin")
    policy = intent.Policy(within=("apps/admin/**",))
    asked = intent.asked(found, policy, model.Life(), intent.Known(changed=changed))
    assert isinstance(asked, model.Desired) is wanted


@pytest.mark.parametrize("path", ["apps/admin/a", "apps/shop/a"])
def test_always_is_for_what_a_definition_is_made_of(path: str) -> None:
    policy = intent.Policy(mode=intent.Mode.ALWAYS, within=("apps/admin/**",))
    known = intent.Known(changed=[path])
    asked = intent.asked(pull_request().of("admin"), policy, model.Life(), known)
    assert isinstance(asked, model.Desired) is path.startswith("apps/admin")


def test_nothing_is_asked_for_where_there_are_several_or_none() -> None:
    for reason in (intent.SEVERAL, intent.UNDEFINED):
        policy = intent.Policy(never=reason)
        asked = intent.asked(pull_request("stage"), policy, model.Life(wished=True))
        assert asked == model.Ignored(reason)
