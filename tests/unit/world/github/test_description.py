"""The check of answers finds what is wrong with them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.unit.world.github.conftest import Api
from tests.world.github import description
from tests.world.github.control import GitHubWorld
from tests.world.github.world import Exchange

PATH = "/repos/acme/shop/pulls/1"


@pytest.fixture
def pull(api: Api, github: GitHubWorld) -> dict[str, Any]:
    """A pull request's answer."""
    github.open_pull_request("acme/shop", "change", {"a": "1"}, ["stage"])
    found: dict[str, Any] = api.ask("GET", PATH).json()
    return found


def faults(answered: Any, *, path: str = PATH, status: int = 200) -> list[str]:
    """What is wrong with an answer to a GET."""
    return description.faults(Exchange("GET", path, status, answered=answered))


def test_a_right_answer_has_no_faults(pull: dict[str, Any]) -> None:
    assert faults(pull) == []


@pytest.mark.parametrize(
    ("where", "value", "word"),
    [
        (("number",), "1", "not of type"),
        (("state",), "merged", "is not one of"),
        (("created_at",), "yesterday", "date-time"),
        (("made_up",), 1, "made_up"),
        (("head", "user", "made_up"), 1, "made_up"),
        (("base", "sha"), None, "not of type"),
    ],
)
def test_what_is_wrong_is_found(
    pull: dict[str, Any], where: tuple[str, ...], value: object, word: str
) -> None:
    broken = copy.deepcopy(pull)
    inner = broken
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value
    assert any(word in fault for fault in faults(broken))


def test_what_is_missing_is_found(pull: dict[str, Any]) -> None:
    del pull["labels"][0]["color"]
    assert any("'color' is a required property" in fault for fault in faults(pull))


def test_a_path_that_github_has_not_is_found() -> None:
    assert faults({}, path="/repos/acme/shop/environments-of-ours") != []


def test_an_answer_where_none_is_described_is_found() -> None:
    gone = Exchange("DELETE", "/repos/acme/shop/issues/comments/1", 204, answered={"a": 1})
    assert description.faults(gone) != []


def test_what_was_sent_is_held_against_the_description_too() -> None:
    sent = Exchange(
        "POST", "/repos/acme/shop/deployments/1/statuses", 201, sent={"state": 1}, answered={}
    )
    assert any("sent" in fault for fault in description.faults(sent))
