"""Workflows are asked for, and what has run is shown."""

from __future__ import annotations

import pytest

from tests.unit.world.github.conftest import Api, as_installation
from tests.world.github.control import GitHubWorld
from tests.world.github.server import Server

ACTIONS = "/repos/acme/shop/actions"
DISPATCHES = f"{ACTIONS}/workflows/smoke.yml/dispatches"


def test_a_workflow_is_asked_for(api: Api, github: GitHubWorld) -> None:
    number = github.add_workflow("acme/shop", "smoke.yml", "Smoke tests")
    given = {"ref": "main", "inputs": {"url": "http://pr-1.test"}}
    answer = api.ask("POST", DISPATCHES, json=given)
    assert (answer.status_code, answer.content) == (204, b"")
    by_id = f"{ACTIONS}/workflows/{number}/dispatches"
    assert api.ask("POST", by_id, json={"ref": "refs/heads/main"}).status_code == 204
    assert github.dispatches("acme/shop") == [
        {"workflow": "smoke.yml", **given, "login": "understudy-bot"},
        {
            "workflow": "smoke.yml",
            "ref": "refs/heads/main",
            "inputs": {},
            "login": "understudy-bot",
        },
    ]
    shown = api.ask("GET", f"{ACTIONS}/workflows/smoke.yml").json()
    assert (shown["id"], shown["name"]) == (number, "Smoke tests")
    assert shown["path"] == ".github/workflows/smoke.yml"


@pytest.mark.parametrize(
    ("path", "given", "status"),
    [
        (f"{ACTIONS}/workflows/none.yml/dispatches", {"ref": "main"}, 404),
        (DISPATCHES, {}, 422),
        (DISPATCHES, {"ref": "nowhere"}, 422),
        (DISPATCHES, {"ref": 1}, 422),
        (DISPATCHES, {"ref": "main", "inputs": ["a"]}, 422),
        (DISPATCHES, {"ref": "main", "inputs": {str(at): "1" for at in range(26)}}, 422),
    ],
)
def test_what_can_not_run_is_refused(
    api: Api, github: GitHubWorld, path: str, given: dict[str, object], status: int
) -> None:
    github.add_workflow("acme/shop", "smoke.yml")
    assert api.ask("POST", path, json=given).status_code == status
    assert github.dispatches("acme/shop") == []


def test_an_app_needs_the_permission(server: Server, github: GitHubWorld) -> None:
    github.add_workflow("acme/shop", "smoke.yml")
    made = github.create_app("understudy", permissions={"actions": "read"})
    inside = as_installation(made, server.url)
    assert inside.ask("GET", f"{ACTIONS}/runs").ok
    assert inside.ask("POST", DISPATCHES, json={"ref": "main"}).status_code == 403


def test_what_has_run_is_listed(api: Api, github: GitHubWorld) -> None:
    number, sha = github.open_pull_request("acme/shop", "change", {"a": "1"}, author="mona")
    other = github.commit("acme/shop", "main", {"b": "1"})
    github.add_workflow("acme/shop", "smoke.yml", "Smoke tests")
    made = [
        github.finish_workflow("acme/shop", "Images", sha),
        github.finish_workflow("acme/shop", "Smoke tests", sha, "failure"),
        github.finish_workflow("acme/shop", "smoke.yml", other),
    ]

    def listed(query: str) -> list[int]:
        found = api.ask("GET", f"{ACTIONS}/runs{query}").json()
        assert found["total_count"] == len(found["workflow_runs"])
        return [made.index(run["id"]) for run in found["workflow_runs"]]

    assert listed("") == [2, 1, 0]
    assert listed(f"?head_sha={sha}") == [1, 0]
    assert listed(f"?head_sha={sha}&status=failure") == [1]
    assert listed("?branch=main&status=completed") == [2]
    assert listed("?event=pull_request") == [1, 0]
    assert listed("?head_sha=0000") == []
    one = api.ask("GET", f"{ACTIONS}/runs/{made[1]}").json()
    assert (one["name"], one["conclusion"], one["run_number"]) == ("Smoke tests", "failure", 1)
    assert one["path"] == ".github/workflows/smoke.yml"
    assert [pull["number"] for pull in one["pull_requests"]] == [number]
    assert api.ask("GET", f"{ACTIONS}/runs/17").status_code == 404
