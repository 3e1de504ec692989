"""Comments of a whole repository, reactions, and pull requests as issues."""

from __future__ import annotations

import datetime

import pytest

from tests.unit.world.github.conftest import Api
from tests.world.github.control import GitHubWorld
from tests.world.github.server import Server

REPO = "/repos/acme/shop"
ALL = f"{REPO}/issues/comments"


@pytest.fixture
def written(server: Server, github: GitHubWorld) -> list[int]:
    """Three comments on two pull requests, an hour between each; the first was edited last."""
    for branch in ("one", "two"):
        github.open_pull_request("acme/shop", branch, {branch: "1"})
    made = [github.comment("acme/shop", number, "mona", f"on {number}") for number in (1, 2, 1)]
    begin = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)
    kept = server.world.state.repository("acme/shop").comments
    for at, number in enumerate(made):
        when = begin + datetime.timedelta(hours=at)
        kept[number].created_at = kept[number].updated_at = when
    kept[made[0]].updated_at = begin + datetime.timedelta(hours=9)
    return made


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", [0, 1, 2]),
        ("?direction=desc", [0, 1, 2]),
        ("?sort=created&direction=desc", [2, 1, 0]),
        ("?sort=updated&direction=asc", [1, 2, 0]),
        ("?sort=updated&direction=desc", [0, 2, 1]),
        ("?since=2026-05-01T14:00:00Z", [0, 2]),
        ("?since=2026-05-01T16:00:01%2B02:00&sort=updated&direction=asc", [0]),
        ("?since=2026-05-02T00:00:00Z", []),
    ],
)
def test_a_repositorys_comments(api: Api, written: list[int], query: str, order: list[int]) -> None:
    shown = [item["id"] for item in api.ask("GET", ALL + query).json()]
    assert shown == [written[at] for at in order]


def test_they_come_in_pages(api: Api, github: GitHubWorld, written: list[int]) -> None:
    first = api.ask("GET", ALL, params={"per_page": 2, "since": "2026-05-01T12:00:00Z"})
    assert [item["id"] for item in first.json()] == written[:2]
    second = api.ask("GET", first.links["next"]["url"].removeprefix(github.base_url))
    assert [item["id"] for item in second.json()] == written[2:]


@pytest.mark.parametrize("query", ["sort=id", "direction=up&sort=created", "since=yesterday"])
def test_what_can_not_be_asked_is_refused(api: Api, written: list[int], query: str) -> None:
    assert api.ask("GET", f"{ALL}?{query}").status_code == 422


def test_one_pull_requests_comments_since(api: Api, written: list[int]) -> None:
    path = f"{REPO}/issues/1/comments"
    assert [item["id"] for item in api.ask("GET", path).json()] == [written[0], written[2]]
    since = {"since": "2026-05-01T20:00:00Z"}
    assert [item["id"] for item in api.ask("GET", path, params=since).json()] == [written[0]]


def test_an_edited_comment_is_told_again(api: Api, github: GitHubWorld, written: list[int]) -> None:
    since = {"since": "2026-05-02T00:00:00Z"}
    github.edit_comment("acme/shop", written[1], "changed")
    assert [item["body"] for item in api.ask("GET", ALL, params=since).json()] == ["changed"]


def test_a_reaction_is_made_once(api: Api, github: GitHubWorld, written: list[int]) -> None:
    path = f"{ALL}/{written[0]}/reactions"
    first = api.ask("POST", path, json={"content": "eyes"})
    again = api.ask("POST", path, json={"content": "eyes"})
    other = api.ask("POST", path, json={"content": "+1"})
    assert [answer.status_code for answer in (first, again, other)] == [201, 200, 201]
    assert first.json()["id"] == again.json()["id"] != other.json()["id"]
    github.react("acme/shop", written[0], "mona", "eyes")
    shown = api.ask("GET", path).json()
    by = [(item["user"]["login"], item["content"]) for item in shown]
    assert by == [("understudy-bot", "eyes"), ("understudy-bot", "+1"), ("mona", "eyes")]
    only = api.ask("GET", path, params={"content": "+1"}).json()
    assert [item["content"] for item in only] == ["+1"]
    assert github.reactions("acme/shop", written[0]) == shown
    assert github.reactions("acme/shop", written[1]) == []


@pytest.mark.parametrize(
    ("comment", "content", "status"), [(0, "tada", 422), (0, None, 422), (None, "eyes", 404)]
)
def test_other_reactions_are_refused(
    api: Api, written: list[int], comment: int | None, content: str | None, status: int
) -> None:
    number = 17 if comment is None else written[comment]
    answer = api.ask("POST", f"{ALL}/{number}/reactions", json={"content": content})
    assert answer.status_code == status


def test_a_pull_request_is_an_issue_too(api: Api, github: GitHubWorld, written: list[int]) -> None:
    github.label("acme/shop", 1, "stage")
    github.close("acme/shop", 1, merged=True)
    shown = api.ask("GET", f"{REPO}/issues/1").json()
    assert (shown["number"], shown["state"], shown["comments"]) == (1, "closed", 2)
    assert [item["name"] for item in shown["labels"]] == ["stage"]
    assert shown["pull_request"]["merged_at"] == shown["closed_at"]
    assert shown["pull_request"]["url"].endswith(f"{REPO}/pulls/1")
    assert api.ask("GET", f"{REPO}/issues/9").status_code == 404
