"""Deliveries about commits, checks, workflows, deployments and repositories."""

from __future__ import annotations

import json

import pytest

from tests.unit.world.github.conftest import Api, as_installation
from tests.unit.world.github.receiving import Receiver, kinds
from tests.world.github import npm, payloads, renaming
from tests.world.github.control import GitHubWorld, WorldError
from tests.world.github.server import Server

REPO = "/repos/acme/shop"
EVENTS = ["push", "check_run", "check_suite", "workflow_run", "deployment_status", "repository"]


@pytest.fixture
def told(github: GitHubWorld, receiver: Receiver) -> GitHubWorld:
    """A GitHub that delivers all this of `acme/shop`."""
    github.add_hook(receiver.url, "s", "acme/shop", EVENTS)
    github.settled()
    receiver.taken.clear()
    return github


def test_a_push_tells_which_files_changed(told: GitHubWorld, receiver: Receiver) -> None:
    first = told.commit("acme/shop", "main", {"new.txt": "1"}, author="mona")
    second = told.commit("acme/shop", "main", {"new.txt": "2", "src/a.py": None, "b/c": b"\x00"})
    told.commit("acme/shop", "other", {"x": "1"})
    told.settled()
    one, two, branch = receiver.payloads("push")
    assert (one["ref"], one["after"], two["before"], two["after"]) == (
        "refs/heads/main",
        first,
        first,
        second,
    )
    assert len(one["before"]) == 40
    assert (one["created"], branch["created"], branch["before"]) == (False, True, "0" * 40)
    assert branch["ref"] == "refs/heads/other"
    (commit,) = two["commits"]
    assert commit["id"] == second
    assert (commit["added"], commit["removed"], commit["modified"]) == (
        ["b/c"],
        ["src/a.py"],
        ["new.txt"],
    )
    assert two["head_commit"] == commit
    assert one["pusher"]["name"] == one["sender"]["login"] == "mona"
    assert two["repository"]["full_name"] == "acme/shop"
    for text in ("Codertocat", "Hello-World", "6113728f27ae"):
        assert text not in json.dumps(two)


def test_a_merge_is_a_push_to_the_base(told: GitHubWorld, receiver: Receiver) -> None:
    told.open_pull_request("acme/shop", "change", {"new.txt": "1"})
    told.close("acme/shop", 1, merged=True)
    told.settled()
    (pushed,) = receiver.payloads("push")
    assert pushed["after"] == told.pull_request("acme/shop", 1)["merge_commit_sha"]
    assert pushed["commits"][0]["added"] == ["new.txt"]


def test_a_foreign_check_is_created_and_completed(told: GitHubWorld, receiver: Receiver) -> None:
    number, sha = told.open_pull_request("acme/shop", "change", {"a": "1"})
    check = told.complete_check("acme/shop", sha, "tests", "failure")
    suite = told.complete_suite("acme/shop", sha, "failure")
    told.settled()
    assert receiver.actions() == [
        "check_run created",
        "check_run completed",
        "check_suite completed",
    ]
    done = receiver.payloads("check_run")[1]["check_run"]
    assert (done["id"], done["name"], done["conclusion"]) == (check, "tests", "failure")
    assert done["app"]["slug"] == done["check_suite"]["app"]["slug"] == "ci"
    assert done["url"].endswith(f"{REPO}/check-runs/{check}")
    assert done["check_suite"]["id"] == suite
    assert [pull["number"] for pull in done["pull_requests"]] == [number]
    (completed,) = receiver.payloads("check_suite")
    of = completed["check_suite"]
    assert (of["id"], of["head_sha"], of["head_branch"]) == (suite, sha, "change")
    assert (of["status"], of["conclusion"]) == ("completed", "failure")
    assert of["head_commit"]["id"] == of["after"] == sha
    assert of["check_runs_url"].endswith(f"{REPO}/check-suites/{suite}/check-runs")
    assert completed["sender"]["login"] == "ci[bot]"
    (shown,) = told.checks("acme/shop", sha)["check_runs"]
    assert (shown["id"], shown["check_suite"]["id"]) == (check, suite)


def test_what_has_no_such_conclusion_is_refused(told: GitHubWorld) -> None:
    sha = told.commit("acme/shop", "main", {"a": "1"})
    with pytest.raises(WorldError, match="conclusion"):
        told.complete_check("acme/shop", sha, "tests", "good")
    with pytest.raises(WorldError, match="conclusion"):
        told.finish_workflow("acme/shop", "CI", sha, "good")
    with pytest.raises(WorldError, match="Not Found"):
        told.complete_suite("acme/shop", "0" * 40)


def test_who_is_asked_for_a_check_again_is_told_alone(
    server: Server, told: GitHubWorld, receiver: Receiver
) -> None:
    made = told.create_app("understudy", receiver.url, "s", events=["pull_request"])
    told.create_app("other", receiver.url, "s", events=["check_run"])
    sha = told.commit("acme/shop", "main", {"a": "1"})
    inside = as_installation(made, server.url)
    given = {"name": "understudy", "head_sha": sha, "status": "in_progress"}
    check = inside.ask("POST", f"{REPO}/check-runs", json=given).json()["id"]
    inside.ask("PATCH", f"{REPO}/check-runs/{check}", json={"conclusion": "success"})
    told.settled()
    receiver.taken.clear()
    told.rerequest("acme/shop", check, "mona")
    told.rerequest_suite("acme/shop", sha, "mona", app="understudy")
    told.rerequest_suite("acme/shop", sha, "mona", app="ci")
    told.settled()
    assert receiver.actions() == ["check_run rerequested", "check_suite rerequested"]
    for headers, body in receiver.taken:
        assert headers["X-GitHub-Hook-Installation-Target-ID"] == str(made["app_id"])
        assert json.loads(body)["sender"]["login"] == "mona"
        assert "id" in json.loads(body)["installation"]
    (again,) = receiver.payloads("check_run")
    assert (again["check_run"]["id"], again["check_run"]["head_sha"]) == (check, sha)
    assert again["check_run"]["name"] == "understudy"
    assert again["check_run"]["conclusion"] == "success"
    assert (again["check_run"]["check_suite"]["status"], again["installation"]["id"]) == (
        "queued",
        told.deliveries()[-1]["installation_id"],
    )
    with pytest.raises(WorldError, match="Not Found"):
        told.rerequest("acme/shop", 17, "mona")


def test_an_app_that_may_not_write_checks_is_not_asked(
    told: GitHubWorld, receiver: Receiver
) -> None:
    told.create_app("understudy", receiver.url, "s", ["check_run"], {"checks": "read"})
    sha = told.commit("acme/shop", "main", {"a": "1"})
    check = told.complete_check("acme/shop", sha, "tests", app="understudy")
    told.settled()
    receiver.taken.clear()
    told.rerequest("acme/shop", check, "mona")
    told.settled()
    assert receiver.actions() == []


def test_an_apps_own_checks_are_told(server: Server, told: GitHubWorld, receiver: Receiver) -> None:
    sha = told.commit("acme/shop", "main", {"a": "1"})
    inside = as_installation(told.create_app("understudy"), server.url)
    given = {"name": "understudy", "head_sha": sha, "output": {"title": "Now", "summary": "soon"}}
    check = inside.ask("POST", f"{REPO}/check-runs", json=given).json()["id"]
    path = f"{REPO}/check-runs/{check}"
    for change in ({"status": "in_progress"}, {"conclusion": "success"}, {"conclusion": "neutral"}):
        assert inside.ask("PATCH", path, json=change).ok
    told.settled()
    created, completed = receiver.payloads("check_run")
    assert (created["action"], completed["action"]) == ("created", "completed")
    assert created["check_run"]["output"]["title"] == "Now"
    assert (created["check_run"]["status"], created["check_run"]["conclusion"]) == ("queued", None)
    assert completed["check_run"]["status"] == "completed"


def test_a_workflow_has_run(told: GitHubWorld, receiver: Receiver) -> None:
    number, sha = told.open_pull_request("acme/shop", "change", {"a": "1"}, author="mona")
    first = told.finish_workflow("acme/shop", "Build images", sha)
    second = told.finish_workflow("acme/shop", "Build images", sha, "failure")
    told.settled()
    one, two = receiver.payloads("workflow_run")
    run = one["workflow_run"]
    assert (run["id"], two["workflow_run"]["id"]) == (first, second)
    assert (run["name"], run["conclusion"], run["status"]) == (
        "Build images",
        "success",
        "completed",
    )
    assert two["workflow_run"]["conclusion"] == "failure"
    assert (run["head_sha"], run["head_branch"], run["event"]) == (sha, "change", "pull_request")
    assert run["path"] == one["workflow"]["path"] == ".github/workflows/build-images.yml"
    assert (run["run_number"], two["workflow_run"]["run_number"]) == (1, 2)
    assert run["workflow_id"] == one["workflow"]["id"]
    assert run["actor"]["login"] == "mona"
    assert [pull["number"] for pull in run["pull_requests"]] == [number]
    assert run["jobs_url"].endswith(f"{REPO}/actions/runs/{first}/jobs")
    assert run["repository"]["full_name"] == "acme/shop"
    assert "octo-org" not in json.dumps(one)


def test_every_state_of_a_deployment_is_told(
    api: Api, told: GitHubWorld, receiver: Receiver
) -> None:
    sha = told.commit("acme/shop", "main", {"a": "1"})
    wish = {"ref": sha, "environment": "pr-1", "auto_merge": False, "required_contexts": []}
    made = api.ask("POST", f"{REPO}/deployments", json=wish).json()["id"]
    given = {"state": "success", "environment_url": "http://pr-1.test", "log_url": "http://logs"}
    statuses = f"{REPO}/deployments/{made}/statuses"
    status = api.ask("POST", statuses, json=given).json()["id"]
    told.settled()
    (payload,) = receiver.payloads("deployment_status")
    shown, of = payload["deployment_status"], payload["deployment"]
    assert (shown["id"], shown["state"], shown["environment"]) == (status, "success", "pr-1")
    assert (shown["environment_url"], shown["log_url"]) == ("http://pr-1.test", "http://logs")
    assert shown["url"].endswith(f"{statuses}/{status}")
    assert (of["id"], of["sha"], of["environment"]) == (made, sha, "pr-1")
    assert payload["sender"]["login"] == of["creator"]["login"] == "understudy-bot"
    again = api.ask("POST", f"{REPO}/deployments", json=wish).json()["id"]
    api.ask("POST", f"{REPO}/deployments/{again}/statuses", json={"state": "success"})
    told.settled()
    states = [
        (item["deployment"]["id"], item["deployment_status"]["state"])
        for item in receiver.payloads("deployment_status")[1:]
    ]
    assert states == [(again, "success"), (made, "inactive")]


def test_a_renamed_repository_is_found_by_both_names(
    api: Api, told: GitHubWorld, receiver: Receiver
) -> None:
    number, _ = told.open_pull_request("acme/shop", "change", {"a": "1"})
    told.rename_repository("acme/shop", "acme/store")
    told.settled()
    (payload,) = receiver.payloads("repository")
    assert (payload["action"], payload["repository"]["full_name"]) == ("renamed", "acme/store")
    assert payload["changes"] == {"repository": {"name": {"from": "shop"}}}
    moved = api.ask("GET", f"{REPO}/pulls/{number}?x=1", allow_redirects=False)
    by_id = f"{told.base_url}/repositories/{payload['repository']['id']}"
    assert moved.status_code == 301
    assert moved.json()["message"] == "Moved Permanently"
    assert moved.headers["Location"] == moved.json()["url"] == f"{by_id}/pulls/{number}?x=1"
    followed = api.ask("GET", f"{REPO}/pulls/{number}")
    assert followed.json()["base"]["repo"]["full_name"] == "acme/store"
    posted = api.ask("POST", f"{REPO}/issues/{number}/comments", json={"body": "hello"})
    assert ([item.status_code for item in posted.history], posted.status_code) == ([307], 201)
    assert told.comments("acme/store", number)[0]["body"] == "hello"
    assert api.ask("GET", "/repositories/17").status_code == 404
    page = api.ask("GET", f"/acme/shop/pull/{number}")
    assert (page.status_code, page.url) == (200, f"{told.base_url}/acme/store/pull/{number}")
    with pytest.raises(WorldError, match="acme/store now"):
        told.comments("acme/shop", number)
    told.create_repository("acme/shop", {"b": "1"})
    assert api.ask("GET", REPO, allow_redirects=False).json()["full_name"] == "acme/shop"
    with pytest.raises(WorldError, match="already exists"):
        told.rename_repository("acme/store", "shop")


def test_a_transferred_repository_has_another_owner(
    server: Server, told: GitHubWorld, receiver: Receiver
) -> None:
    inside = as_installation(told.create_app("understudy"), server.url)
    told.rename_repository("acme/shop", "umbrella/shop")
    told.settled()
    (payload,) = receiver.payloads("repository")
    assert (payload["action"], payload["repository"]["full_name"]) == (
        "transferred",
        "umbrella/shop",
    )
    assert payload["changes"]["owner"]["from"]["organization"]["login"] == "acme"
    # The installation on the old owner ends there.
    assert inside.ask("GET", REPO).status_code == 404


def test_a_deleted_repository_is_gone(api: Api, told: GitHubWorld, receiver: Receiver) -> None:
    told.delete_repository("acme/shop")
    told.settled()
    (payload,) = receiver.payloads("repository")
    assert (payload["action"], payload["repository"]["full_name"]) == ("deleted", "acme/shop")
    assert api.ask("GET", REPO).status_code == 404


def test_each_has_the_keys_of_a_published_one(
    api: Api, told: GitHubWorld, receiver: Receiver
) -> None:
    published = {entry["name"]: entry["examples"] for entry in npm.load(npm.EXAMPLES)}
    _, sha = told.open_pull_request("acme/shop", "change", {"a": "1"})
    told.commit("acme/shop", "main", {"b": "1"})
    told.complete_check("acme/shop", sha, "tests")
    told.complete_suite("acme/shop", sha)
    told.finish_workflow("acme/shop", "CI", sha)
    wish = {"ref": sha, "auto_merge": False, "required_contexts": []}
    made = api.ask("POST", f"{REPO}/deployments", json=wish).json()["id"]
    api.ask("POST", f"{REPO}/deployments/{made}/statuses", json={"state": "success"})
    told.rename_repository("acme/shop", "acme/store")
    told.rename_repository("acme/store", "umbrella/store")
    told.delete_repository("umbrella/store")
    told.settled()
    assert len(receiver.taken) == 9
    for headers, body in receiver.taken:
        payload, event = json.loads(body), headers["X-GitHub-Event"]
        action = payload.get("action", "")
        example = renaming.pick(
            event,
            payloads.INSTEAD.get((event, action), action),
            installed=False,
            fits=payloads.FITS.get(event, bool),
        )
        example.pop("installation", None)
        mine, theirs = kinds(payload), kinds(example)
        added = {"environment_url", "log_url"} if event == "deployment_status" else set()
        # The one example of a transfer is of a person's repository.
        free = ("[]", ".permissions.", *(("from.",) if action == "transferred" else ()))
        differ = {key for key in set(mine) ^ set(theirs) if not any(part in key for part in free)}
        assert differ == {f"$.deployment_status.{key}" for key in added}
        anywhere: dict[str, set[str]] = {}
        for other in published[event]:
            for path, types in kinds(other).items():
                anywhere.setdefault(path, set()).update(types)
        for path, types in kinds(payload).items():
            assert any(part in path for part in free[1:]) or types <= anywhere.get(path, types), (
                path
            )
