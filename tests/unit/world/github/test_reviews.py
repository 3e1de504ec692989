"""Reviews are shown, and told of."""

from __future__ import annotations

import pytest

from tests.unit.world.github.conftest import Api
from tests.unit.world.github.receiving import Receiver
from tests.world.github.control import GitHubWorld, WorldError

PATH = "/repos/acme/shop/pulls/1/reviews"


@pytest.fixture
def reviewed(github: GitHubWorld, receiver: Receiver) -> list[int]:
    """Three reviews of a pull request from a fork, of its two commits."""
    github.add_hook(receiver.url, "s", "acme/shop", ["pull_request_review"])
    github.open_pull_request("acme/shop", "change", {"a": "1"}, ["stage"], "mallory/shop")
    made = [github.review("acme/shop", 1, "mona", "/stage up")]
    github.push("acme/shop", 1, {"a": "2"})
    made.append(github.review("acme/shop", 1, "hubot", "", "APPROVED"))
    github.close("acme/shop", 1, merged=True)
    made.append(github.review("acme/shop", 1, "mona", "no", "CHANGES_REQUESTED"))
    github.settled()
    return made


def test_reviews_are_listed_oldest_first(
    api: Api, github: GitHubWorld, reviewed: list[int]
) -> None:
    first, second, third = api.ask("GET", PATH).json()
    assert [item["id"] for item in (first, second, third)] == reviewed
    assert (first["user"]["login"], first["body"], first["state"]) == (
        "mona",
        "/stage up",
        "COMMENTED",
    )
    assert (second["body"], second["state"]) == ("", "APPROVED")
    assert second["commit_id"] == third["commit_id"] == github.head("acme/shop", 1)
    assert first["commit_id"] != second["commit_id"]
    paged = api.ask("GET", PATH, params={"per_page": 1, "page": 2})
    assert paged.json() == [second]
    assert set(paged.links) == {"first", "prev", "next", "last"}


def test_one_review(api: Api, github: GitHubWorld, reviewed: list[int]) -> None:
    assert api.ask("GET", f"{PATH}/{reviewed[2]}").json()["state"] == "CHANGES_REQUESTED"
    github.open_pull_request("acme/shop", "other", {"b": "1"})
    for path in (f"{PATH}/17", f"/repos/acme/shop/pulls/2/reviews/{reviewed[0]}"):
        assert api.ask("GET", path).status_code == 404


def test_a_review_is_delivered(reviewed: list[int], receiver: Receiver) -> None:
    assert receiver.actions() == ["ping", *["pull_request_review submitted"] * 3]
    first, second, third = receiver.payloads("pull_request_review")
    assert [told["review"]["id"] for told in (first, second, third)] == reviewed
    assert first["review"]["state"] == "commented"
    assert (first["review"]["body"], second["review"]["body"]) == ("/stage up", None)
    assert first["review"]["commit_id"] == first["pull_request"]["head"]["sha"]
    assert first["review"]["html_url"].endswith(
        f"/acme/shop/pull/1#pullrequestreview-{reviewed[0]}"
    )
    assert (first["sender"]["login"], first["pull_request"]["user"]["login"]) == ("mona", "mallory")
    assert first["pull_request"]["head"]["repo"]["full_name"] == "mallory/shop"
    assert [label["name"] for label in first["pull_request"]["labels"]] == ["stage"]
    assert (second["pull_request"]["state"], third["pull_request"]["state"]) == ("open", "closed")
    assert third["pull_request"]["merged_at"] is not None
    assert "number" not in first


@pytest.mark.parametrize(("body", "state"), [("hi", "DONE"), ("", "COMMENTED")])
def test_what_is_no_review_is_refused(github: GitHubWorld, body: str, state: str) -> None:
    github.open_pull_request("acme/shop", "change", {"a": "1"})
    with pytest.raises(WorldError, match="Validation Failed"):
        github.review("acme/shop", 1, "mona", body, state)
