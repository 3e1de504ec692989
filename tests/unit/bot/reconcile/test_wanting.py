from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot import errors, intent, model, testing
from bot.reconcile.wanting import Wanting
from infra import contract

KEY = model.EnvironmentKey("acme/shop", 7)
ADMIN, SHOP = KEY.defined("admin"), KEY.defined("shop")
MAIN = model.EnvironmentKey(KEY.repository, branch="main")
A = "a" * 40
FOLDERS = {name: contract.Definition(path=f"apps/{name}") for name in ("admin", "shop")}
UNREADABLE = errors.InvalidStageFileError("in the base branch main: nonsense")


def ask(question: Callable[..., intent.Policy], *given: Any) -> intent.Policy | None:
    try:
        return question(*given)
    except errors.UnderstudyError:
        return None


@pytest.fixture
def hub() -> testing.FakeHub:
    made = testing.FakeHub()
    made.open(KEY, A, "stage")
    made.branches[KEY.repository, "main"] = A
    return made


def listed(
    hub: testing.FakeHub, policies: testing.FakePolicies, *known: model.EnvironmentKey
) -> list[model.EnvironmentKey]:
    return [found.key for found in Wanting(hub, policies, ask).of(KEY.repository, known)]


def test_a_pull_request_stands_for_each_definition(hub: testing.FakeHub) -> None:
    policies = testing.FakePolicies(intent.Policy(never=intent.SEVERAL, definitions=FOLDERS))
    policies.definitions["shop"] = intent.Policy(bases=("main", "gone"))
    assert listed(hub, policies) == [KEY, ADMIN, SHOP, MAIN.defined("shop")]


def test_a_branch_that_is_named_is_listed(hub: testing.FakeHub) -> None:
    policies = testing.FakePolicies(intent.Policy(bases=("main",)))
    assert listed(hub, policies) == [KEY, MAIN]
    assert listed(hub, testing.FakePolicies(), MAIN) == [KEY], "no longer"


def test_of_what_can_not_be_read_nothing_is_missing(hub: testing.FakeHub) -> None:
    policies = testing.FakePolicies(intent.Policy(never=intent.SEVERAL, definitions=FOLDERS))
    policies.faults["main"] = UNREADABLE
    wanting = Wanting(hub, policies, ask)
    other = model.EnvironmentKey(KEY.repository, 8, definition="admin")
    found = wanting.of(KEY.repository, [KEY, ADMIN, other, MAIN])
    assert [one.key for one in found] == [KEY, ADMIN, MAIN]
    assert wanting.policies == {}


def test_a_branch_that_can_not_be_asked_for_ends_the_listing(hub: testing.FakeHub) -> None:
    policies = testing.FakePolicies(intent.Policy(bases=("main",)))
    asked = hub.pull_request

    def away(key: model.EnvironmentKey) -> model.PullRequest:
        if key.is_base:
            raise errors.UnreachableError("GitHub did not answer")
        return asked(key)

    hub.pull_request = away  # type: ignore[method-assign]
    with pytest.raises(errors.UnreachableError):
        listed(hub, policies)
