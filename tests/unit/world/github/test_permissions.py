"""Callers are held to their permissions, scopes and roles."""

from __future__ import annotations

import pytest

from tests.unit.world.github.conftest import Api, as_app, as_installation
from tests.world.github import grants, npm, permissions
from tests.world.github.api import BLUEPRINTS
from tests.world.github.control import GitHubWorld, WorldError
from tests.world.github.server import Server, create_app

REPO = "/repos/acme/shop"
COMMENTS = f"{REPO}/issues/1/comments"
ACCEPTED = "X-Accepted-GitHub-Permissions"


@pytest.fixture
def opened(github: GitHubWorld) -> str:
    """A pull request's commit."""
    return github.open_pull_request("acme/shop", "change", {"a": "1"}).sha


def test_every_part_of_a_repository_has_its_permission(server: Server) -> None:
    names = tuple(f"{blueprint.name}." for blueprint in BLUEPRINTS)
    rules = {
        (method, rule.rule.removeprefix(permissions.IN_REPOSITORY))
        for rule in create_app(server.world).url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(permissions.IN_REPOSITORY) and rule.endpoint.startswith(names)
    }
    assert rules == {*permissions.NEEDED, ("GET", "/installation")}


def test_permissions_are_those_of_the_description() -> None:
    described = npm.load(npm.DESCRIPTION)["components"]["schemas"]["app-permissions"]["properties"]
    assert {name: tuple(kind["enum"]) for name, kind in described.items()} == grants.LEVELS


@pytest.mark.parametrize(
    ("granted", "needed", "enough"),
    [
        ({"issues": "read"}, "issues=read", True),
        ({"issues": "read"}, "issues=write", False),
        ({"issues": "write"}, "issues=read", True),
        ({"pull_requests": "write"}, "issues=write; pull_requests=write", True),
        ({"pull_requests": "write"}, "pull_requests=write,contents=read", False),
        (
            {"pull_requests": "write", "contents": "write"},
            "pull_requests=write,contents=read",
            True,
        ),
        ({}, "metadata=read", False),
    ],
)
def test_what_suffices(granted: dict[str, str], needed: str, enough: bool) -> None:
    assert permissions.suffices(granted, needed) is enough


def test_an_app_may_what_it_was_permitted(server: Server, github: GitHubWorld, opened: str) -> None:
    may = {"pull_requests": "write", "deployments": "read"}
    made = github.create_app("understudy", permissions=may)
    inside = as_installation(made, server.url)
    assert inside.ask("GET", REPO).ok
    said = inside.ask("POST", COMMENTS, json={"body": "hello"})
    assert said.status_code == 201
    assert said.headers[ACCEPTED] == "issues=write; pull_requests=write"
    for method, path, needed in (
        ("GET", "/contents/src/a.py", "contents=read"),
        ("POST", "/deployments", "deployments=write"),
        ("POST", f"/statuses/{opened}", "statuses=write"),
        ("POST", "/check-runs", "checks=write"),
        ("GET", "/hooks", "repository_hooks=read"),
    ):
        refused = inside.ask(method, REPO + path, json={} if method == "POST" else None)
        assert refused.status_code == 403
        assert refused.json()["message"] == "Resource not accessible by integration"
        assert refused.headers[ACCEPTED] == needed
    assert inside.ask("GET", f"{REPO}/deployments").ok
    assert github.deployments("acme/shop") == []


def test_an_app_that_was_given_none_may_everything(
    server: Server, github: GitHubWorld, opened: str
) -> None:
    inside = as_installation(github.create_app("understudy"), server.url)
    answer = inside.ask("GET", f"{REPO}/hooks")
    assert (answer.status_code, answer.headers[ACCEPTED]) == (200, "repository_hooks=read")


def test_permissions_and_events_are_shown(server: Server, github: GitHubWorld) -> None:
    may, events = {"pull_requests": "write", "metadata": "read"}, ["repository", "issue_comment"]
    made = github.create_app("understudy", permissions={"pull_requests": "write"}, events=events)
    app = as_app(made, server.url)
    (listed,) = app.ask("GET", "/app/installations").json()
    one = app.ask("GET", f"/app/installations/{listed['id']}").json()
    for shown in (app.ask("GET", "/app").json(), listed, one):
        assert (shown["permissions"], shown["events"]) == (may, events)
    tokens = f"/app/installations/{listed['id']}/access_tokens"
    assert app.ask("POST", tokens).json()["permissions"] == may
    assert app.ask("GET", "/app/installations/17").status_code == 404


def test_a_token_may_have_less_and_never_more(
    server: Server, github: GitHubWorld, opened: str
) -> None:
    made = github.create_app("understudy", permissions={"issues": "write", "contents": "read"})
    less = as_installation(made, server.url, permissions={"issues": "read"})
    assert less.ask("GET", COMMENTS).ok
    assert less.ask("POST", COMMENTS, json={"body": "hello"}).status_code == 403
    assert less.ask("GET", f"{REPO}/contents/src/a.py").status_code == 403
    app = as_app(made, server.url)
    number = app.ask("GET", f"{REPO}/installation").json()["id"]
    more = {"permissions": {"contents": "write"}}
    refused = app.ask("POST", f"/app/installations/{number}/access_tokens", json=more)
    assert refused.status_code == 422
    assert "not granted" in refused.json()["message"]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"permissions": {"everything": "write"}}, "everything"),
        ({"permissions": {"workflows": "read"}}, "no level read"),
        ({"events": ["issue_comment", "coffee"]}, "coffee"),
        ({"events": ["installation"]}, "unsupported: installation"),
        ({"events": ["push"], "permissions": {"issues": "read"}}, "unsupported: push"),
    ],
)
def test_what_github_does_not_know_is_refused(
    github: GitHubWorld, given: dict[str, dict[str, str] | list[str]], word: str
) -> None:
    with pytest.raises(WorldError, match=word):
        github.create_app("understudy", **given)  # type: ignore[arg-type]


def test_scopes_are_told_and_needed_for_changes(
    server: Server, api: Api, github: GitHubWorld, opened: str
) -> None:
    assert api.ask("GET", REPO).headers["X-OAuth-Scopes"] == "repo"
    assert api.ask("GET", f"{REPO}/pulls/9").headers["X-OAuth-Scopes"] == "repo"
    github.add_token("t", "mona", ["gist", "repo:status"])
    few = Api(server.url, "t")
    assert few.ask("GET", REPO).headers["X-OAuth-Scopes"] == "gist, repo:status"
    refused = few.ask("POST", COMMENTS, json={"body": "hello"})
    assert refused.status_code == 404
    assert refused.headers["X-Accepted-OAuth-Scopes"] == "public_repo, repo"
    assert few.ask("POST", f"{REPO}/statuses/{opened}", json={"state": "success"}).ok
    assert few.ask("GET", f"{REPO}/hooks").status_code == 404
    github.add_token("n", "mona", [])
    assert Api(server.url, "n").ask("GET", REPO).headers["X-OAuth-Scopes"] == ""
    inside = as_installation(github.create_app("understudy"), server.url)
    assert "X-OAuth-Scopes" not in inside.ask("GET", REPO).headers


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        (None, [201, 200, 201, 201, 200]),
        ("read", [201, 403, 403, 403, 404]),
        ("triage", [201, 200, 403, 403, 404]),
        ("write", [201, 200, 201, 201, 404]),
        ("admin", [201, 200, 201, 201, 200]),
    ],
)
def test_people_need_a_role_where_one_was_set(
    server: Server, github: GitHubWorld, opened: str, role: str | None, statuses: list[int]
) -> None:
    github.add_token("t", "mona")
    if role is not None:
        github.set_permission("acme/shop", "mona", role)
    mona = Api(server.url, "t")
    wish = {"ref": opened, "auto_merge": False, "required_contexts": []}
    asked = [
        mona.ask("POST", COMMENTS, json={"body": "hello"}),
        mona.ask("POST", f"{REPO}/issues/1/labels", json={"labels": ["stage"]}),
        mona.ask("POST", f"{REPO}/deployments", json=wish),
        mona.ask("POST", f"{REPO}/statuses/{opened}", json={"state": "success"}),
        mona.ask("GET", f"{REPO}/hooks"),
    ]
    assert [answer.status_code for answer in asked] == statuses


def test_everybody_may_change_what_they_wrote(server: Server, github: GitHubWorld) -> None:
    github.open_pull_request("acme/shop", "change", {"a": "1"}, author="mona")
    github.add_token("t", "mona")
    github.set_permission("acme/shop", "mona", "read")
    mona = Api(server.url, "t")
    mine, other = (github.comment("acme/shop", 1, login, "hello") for login in ("mona", "hubot"))
    one = f"{REPO}/issues/comments"
    assert mona.ask("PATCH", f"{one}/{mine}", json={"body": "mine"}).ok
    assert mona.ask("PATCH", f"{one}/{other}", json={"body": "mine"}).status_code == 403
    assert mona.ask("PATCH", f"{REPO}/pulls/1", json={"state": "closed"}).ok
