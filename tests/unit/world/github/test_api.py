"""The API answers what GitHub would; conftest holds each answer against its description."""

from __future__ import annotations

import base64
import datetime
import hashlib

import jwt
import pytest

from tests.unit.world.github.conftest import TOKEN, Api
from tests.world.github.control import GitHubWorld
from tests.world.github.server import Server

REPO = "/repos/acme/shop"


def opened(github: GitHubWorld, *labels: str, fork: str | None = None) -> tuple[int, str]:
    """A pull request with one changed file."""
    return github.open_pull_request("acme/shop", "change", {"new.txt": "1"}, labels, fork)


def test_a_pull_request_is_shown_as_it_is(api: Api, github: GitHubWorld) -> None:
    number, sha = opened(github, "stage")
    shown = api.ask("GET", f"{REPO}/pulls/{number}").json()
    assert shown["head"]["sha"] == sha
    assert shown["head"]["repo"]["full_name"] == "acme/shop"
    assert [label["name"] for label in shown["labels"]] == ["stage"]
    assert (shown["state"], shown["merged"], shown["draft"]) == ("open", False, False)


def test_a_fork_is_the_head_until_it_is_deleted(api: Api, github: GitHubWorld) -> None:
    number, _ = opened(github, fork="mallory/shop")
    shown = api.ask("GET", f"{REPO}/pulls/{number}").json()
    assert shown["head"]["repo"]["full_name"] == "mallory/shop"
    assert shown["head"]["repo"]["fork"] is True
    github.delete_fork("mallory/shop")
    shown = api.ask("GET", f"{REPO}/pulls/{number}").json()
    assert shown["head"]["repo"] is None
    assert shown["state"] == "open"
    assert api.ask("GET", "/repos/mallory/shop").status_code == 404


def test_pull_requests_are_listed_by_state(api: Api, github: GitHubWorld) -> None:
    for branch in ("one", "two", "three"):
        github.open_pull_request("acme/shop", branch, {branch: branch})
    github.close("acme/shop", 2)
    github.close("acme/shop", 3, merged=True)

    def numbers(query: str) -> list[int]:
        return [item["number"] for item in api.ask("GET", f"{REPO}/pulls{query}").json()]

    assert numbers("") == [1]
    assert numbers("?state=closed") == [3, 2]
    assert numbers("?state=all&head=acme:two") == [2]
    merged = api.ask("GET", f"{REPO}/pulls/3").json()
    assert merged["merged"] is True
    main = api.ask("GET", f"{REPO}/commits/main").json()
    assert main["sha"] == merged["merge_commit_sha"]


def test_a_file_is_read_at_a_commit(api: Api, github: GitHubWorld) -> None:
    number, before = github.open_pull_request("acme/shop", "change", {".stage.yaml": "one: 1\n"})
    after = github.push("acme/shop", number, {".stage.yaml": None, "ä.bin": b"\xff\x00"})
    shown = api.ask("GET", f"{REPO}/contents/.stage.yaml", params={"ref": before}).json()
    assert base64.b64decode(shown["content"]) == b"one: 1\n"
    assert shown["sha"] == hashlib.sha1(b"blob 7\0one: 1\n").hexdigest()
    gone = api.ask("GET", f"{REPO}/contents/.stage.yaml", params={"ref": after})
    assert (gone.status_code, gone.json()["message"]) == (404, "Not Found")
    raw = api.ask(
        "GET",
        f"{REPO}/contents/ä.bin",
        params={"ref": after},
        headers={"Accept": "application/vnd.github.raw+json"},
    )
    assert raw.content == b"\xff\x00"
    unknown = api.ask("GET", f"{REPO}/contents/.stage.yaml", params={"ref": "0" * 40})
    assert unknown.json()["message"] == f"No commit found for the ref {'0' * 40}"


def test_a_folder_is_a_list_and_a_large_file_has_no_content(api: Api, github: GitHubWorld) -> None:
    github.commit("acme/shop", "main", {"large.bin": b"x" * 1_000_001})
    entries = api.ask("GET", f"{REPO}/contents/").json()
    assert [(entry["name"], entry["type"]) for entry in entries] == [
        (".stage.yaml", "file"),
        ("large.bin", "file"),
        ("src", "dir"),
    ]
    large = api.ask("GET", f"{REPO}/contents/large.bin").json()
    assert (large["encoding"], large["content"], large["size"]) == ("none", "", 1_000_001)


def test_commits_of_a_fork_are_read_through_its_parent(api: Api, github: GitHubWorld) -> None:
    _, sha = opened(github, fork="mallory/shop")
    github.create_repository("other/shop", {"a": "a"})
    assert api.ask("GET", f"{REPO}/contents/new.txt", params={"ref": sha}).ok
    elsewhere = api.ask("GET", "/repos/other/shop/contents/new.txt", params={"ref": sha})
    assert elsewhere.status_code == 404


def test_comments_are_written_edited_deleted_and_paged(api: Api, github: GitHubWorld) -> None:
    number, _ = opened(github)
    comments = f"{REPO}/issues/{number}/comments"
    made = [api.ask("POST", comments, json={"body": f"nr {at}"}).json() for at in range(5)]
    first = api.ask("GET", comments, params={"per_page": 2})
    assert [item["body"] for item in first.json()] == ["nr 0", "nr 1"]
    assert set(first.links) == {"next", "last"}
    second = api.ask("GET", first.links["next"]["url"].removeprefix(f"{github.base_url}"))
    assert [item["body"] for item in second.json()] == ["nr 2", "nr 3"]
    assert "page=3" in second.links["last"]["url"]
    one = f"{REPO}/issues/comments/{made[0]['id']}"
    assert api.ask("PATCH", one, json={"body": "changed"}).json()["body"] == "changed"
    assert api.ask("GET", one).json()["user"]["login"] == "understudy-bot"
    assert api.ask("DELETE", one).status_code == 204
    assert api.ask("PATCH", one, json={"body": "again"}).status_code == 404
    for body in ("", "x" * 65_537):
        refused = api.ask("POST", comments, json={"body": body})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "body"


def test_labels_come_and_go(api: Api, github: GitHubWorld) -> None:
    number, _ = opened(github)
    labels = f"{REPO}/issues/{number}/labels"
    api.ask("POST", labels, json={"labels": ["stage", "bug"]})
    assert [item["name"] for item in api.ask("GET", labels).json()] == ["stage", "bug"]
    left = api.ask("DELETE", f"{labels}/stage").json()
    assert [item["name"] for item in left] == ["bug"]
    assert api.ask("DELETE", f"{labels}/stage").status_code == 404


def test_a_deployment_has_statuses(api: Api, github: GitHubWorld) -> None:
    _, sha = opened(github)
    wish = {"ref": sha, "environment": "pr-1", "auto_merge": False, "required_contexts": []}
    made = api.ask("POST", f"{REPO}/deployments", json={**wish, "transient_environment": True})
    number = made.json()["id"]
    statuses = f"{REPO}/deployments/{number}/statuses"
    for state in ("in_progress", "success"):
        given = {"state": state, "environment_url": "http://pr-1.test", "description": "so"}
        assert api.ask("POST", statuses, json=given).status_code == 201
    assert [item["state"] for item in api.ask("GET", statuses).json()] == ["success", "in_progress"]
    found = api.ask("GET", f"{REPO}/deployments", params={"sha": sha, "environment": "pr-1"})
    assert [item["id"] for item in found.json()] == [number]
    assert api.ask("GET", f"{REPO}/deployments", params={"environment": "pr-2"}).json() == []
    assert api.ask("GET", f"{REPO}/deployments/{number}").json()["sha"] == sha
    assert api.ask("POST", statuses, json={"state": "done"}).status_code == 422
    long = {"state": "success", "description": "x" * 141}
    assert api.ask("POST", statuses, json=long).status_code == 422


def test_github_merges_and_waits_for_checks_unless_told_not_to(
    api: Api, github: GitHubWorld
) -> None:
    _, sha = opened(github)
    github.commit("acme/shop", "main", {"later": "1"})
    deployments = f"{REPO}/deployments"
    merged = api.ask("POST", deployments, json={"ref": sha})
    assert (merged.status_code, "Auto-merged" in merged.json()["message"]) == (202, True)
    api.ask("POST", f"{REPO}/statuses/{sha}", json={"state": "pending", "context": "ci"})
    waiting = api.ask("POST", deployments, json={"ref": sha, "auto_merge": False})
    assert waiting.status_code == 409
    unknown = api.ask("POST", deployments, json={"ref": "nowhere", "auto_merge": False})
    assert unknown.status_code == 422


def test_success_ends_older_deployments_of_lasting_environments_only(
    api: Api, github: GitHubWorld
) -> None:
    _, sha = opened(github)

    def succeed(environment: str, *, transient: bool) -> int:
        wish = {"ref": sha, "environment": environment, "transient_environment": transient}
        more = {"auto_merge": False, "required_contexts": []}
        number = int(api.ask("POST", f"{REPO}/deployments", json={**wish, **more}).json()["id"])
        api.ask("POST", f"{REPO}/deployments/{number}/statuses", json={"state": "success"})
        return number

    def states() -> dict[str, list[str]]:
        made: dict[str, list[str]] = {}
        for item in github.deployments("acme/shop"):
            made.setdefault(item["environment"], []).append(item["statuses"][-1]["state"])
        return made

    for environment, transient in (("qa", False), ("pr-1", True)):
        succeed(environment, transient=transient)
        succeed(environment, transient=transient)
    assert states() == {"qa": ["inactive", "success"], "pr-1": ["success", "success"]}


def test_commit_statuses_come_together(api: Api, github: GitHubWorld) -> None:
    _, sha = opened(github)
    for context, state in (("a", "success"), ("b", "pending"), ("b", "success")):
        given = {"state": state, "context": context}
        assert api.ask("POST", f"{REPO}/statuses/{sha}", json=given).status_code == 201
    combined = api.ask("GET", f"{REPO}/commits/{sha}/status").json()
    assert (combined["state"], combined["total_count"]) == ("success", 2)
    assert len(api.ask("GET", f"{REPO}/commits/{sha}/statuses").json()) == 3


def test_an_app_has_tokens_for_its_installations(server: Server, github: GitHubWorld) -> None:
    made = github.create_app("understudy")
    github.create_repository("other/thing", {"a": "a"})
    now = int(datetime.datetime.now(datetime.UTC).timestamp())
    claims = {"iss": str(made["app_id"]), "iat": now - 60, "exp": now + 300}
    app = Api(server.url, jwt.encode(claims, made["private_key"], "RS256"))
    assert app.ask("GET", "/app").json()["slug"] == "understudy"
    assert app.ask("GET", "/app").json()["installations_count"] == 2
    number = app.ask("GET", f"{REPO}/installation").json()["id"]
    answer = app.ask("POST", f"/app/installations/{number}/access_tokens", json={})
    assert answer.status_code == 201
    inside = Api(server.url, answer.json()["token"])
    assert inside.ask("GET", REPO).ok
    assert inside.ask("GET", "/repos/other/thing").status_code == 404
    assert inside.ask("GET", "/user").status_code == 403
    # A signed token is for the App itself, not for repositories.
    assert app.ask("GET", REPO).status_code == 404
    assert app.ask("POST", "/app/installations/1/access_tokens", json={}).status_code == 404
    opened(github)
    inside.ask("POST", f"{REPO}/issues/1/comments", json={"body": "hello"})
    assert github.comments("acme/shop", 1)[0]["user"]["login"] == "understudy[bot]"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"exp": 3600}, "too far in the future"),
        ({"exp": -300}, "must be a numeric value representing the future time"),
        ({"iss": "17"}, "could not be decoded"),
    ],
)
def test_a_signed_token_is_checked(
    server: Server, github: GitHubWorld, changes: dict[str, object], message: str
) -> None:
    made = github.create_app("understudy")
    now = int(datetime.datetime.now(datetime.UTC).timestamp())
    claims = {"iss": str(made["app_id"]), "iat": now, "exp": 300, **changes}
    claims["exp"] = now + claims["exp"]  # type: ignore[operator]
    app = Api(server.url, jwt.encode(claims, made["private_key"], "RS256"))
    answer = app.ask("GET", "/app")
    assert answer.status_code == 401
    assert message in answer.json()["message"]


def test_another_key_signs_nothing(server: Server, github: GitHubWorld) -> None:
    one, other = github.create_app("one"), github.create_app("other")
    now = int(datetime.datetime.now(datetime.UTC).timestamp())
    claims = {"iss": str(one["app_id"]), "iat": now, "exp": now + 300}
    app = Api(server.url, jwt.encode(claims, other["private_key"], "RS256"))
    assert app.ask("GET", "/app").status_code == 401


def test_checks_are_for_apps(server: Server, api: Api, github: GitHubWorld) -> None:
    _, sha = opened(github)
    given = {"name": "understudy", "head_sha": sha, "status": "in_progress"}
    assert api.ask("POST", f"{REPO}/check-runs", json=given).status_code == 403
    world = server.world
    app, _ = world.add_app("understudy")
    token, _ = world.credentials.installation_token(app, "acme")
    inside = Api(server.url, token)
    run = inside.ask("POST", f"{REPO}/check-runs", json=given).json()
    assert (run["status"], run["conclusion"]) == ("in_progress", None)
    done = {"conclusion": "success", "output": {"title": "Ready", "summary": "It serves."}}
    run = inside.ask("PATCH", f"{REPO}/check-runs/{run['id']}", json=done).json()
    assert (run["status"], run["output"]["title"]) == ("completed", "Ready")
    assert inside.ask("GET", f"{REPO}/commits/{sha}/check-runs").json()["total_count"] == 1


def test_permissions_of_people(api: Api, github: GitHubWorld) -> None:
    github.set_permission("acme/shop", "mona", "maintain")
    shown = api.ask("GET", f"{REPO}/collaborators/mona/permission").json()
    assert (shown["permission"], shown["role_name"]) == ("write", "maintain")
    assert api.ask("GET", f"{REPO}/collaborators/nobody/permission").status_code == 404


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic abc", "Bearer a.b.c"])
def test_who_is_not_known_is_refused(
    server: Server, github: GitHubWorld, header: str | None
) -> None:
    stranger = Api(server.url, None)
    stranger.headers = {} if header is None else {"Authorization": header}
    answer = stranger.ask("GET", REPO)
    assert answer.status_code == 401
    assert set(answer.json()) == {"message", "documentation_url", "status"}


def test_a_revoked_token_is_refused(api: Api, github: GitHubWorld) -> None:
    assert api.ask("GET", "/user").json()["login"] == "understudy-bot"
    github.revoke(TOKEN)
    assert api.ask("GET", "/user").json()["message"] == "Bad credentials"


def test_the_hour_runs_out_and_begins_anew(api: Api, github: GitHubWorld) -> None:
    github.rate_limit(remaining=1, reset_in=60)
    answer = api.ask("GET", REPO)
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    refused = api.ask("GET", REPO)
    assert refused.status_code == 403
    assert refused.json()["message"].startswith("API rate limit exceeded")
    assert TOKEN not in refused.text
    assert api.ask("GET", "/rate_limit").json()["rate"]["remaining"] == 0
    github.rate_limit(remaining=0, reset_in=0)
    assert api.ask("GET", REPO).ok


def test_secondary_limits(api: Api, github: GitHubWorld) -> None:
    number, _ = opened(github)
    comments = f"{REPO}/issues/{number}/comments"
    github.content_limit(minute=2, hour=500)
    answers = [api.ask("POST", comments, json={"body": "hello"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 403]
    assert "secondary rate limit" in answers[2].json()["message"]
    assert 0 < int(answers[2].headers["Retry-After"]) <= 61
    assert api.ask("GET", comments).ok
    github.secondary_limit(60)
    assert api.ask("GET", comments).status_code == 403
    github.clear()
    assert api.ask("POST", comments, json={"body": "hello"}).ok


def test_what_has_not_changed_is_free(api: Api, github: GitHubWorld) -> None:
    first = api.ask("GET", REPO)
    tag = {"If-None-Match": first.headers["ETag"]}
    second = api.ask("GET", REPO, headers=tag)
    assert (second.status_code, second.content) == (304, b"")
    third = api.ask("GET", REPO)
    used = [int(answer.headers["X-RateLimit-Used"]) for answer in (first, third)]
    assert used[1] - used[0] == 1
    opened(github)
    assert api.ask("GET", REPO, headers=tag).status_code == 200


def test_failures_come_when_asked_for(api: Api, github: GitHubWorld) -> None:
    github.fail_next(503, method="GET", path="/pulls", times=2)
    assert api.ask("GET", REPO).ok
    asked = [api.ask("GET", f"{REPO}/pulls").status_code for _ in range(3)]
    assert asked == [503, 503, 200]


@pytest.mark.parametrize("path", ["/nothing", f"{REPO}/pulls/9", "/repos/acme/none", "/user/x"])
def test_what_is_not_there_is_not_found(api: Api, github: GitHubWorld, path: str) -> None:
    assert api.ask("GET", path).json()["message"] == "Not Found"


def test_a_body_that_is_no_json_is_refused(api: Api, github: GitHubWorld) -> None:
    opened(github)
    answer = api.ask("POST", f"{REPO}/issues/1/comments", data="{")
    assert (answer.status_code, answer.json()["message"]) == (400, "Problems parsing JSON")


def test_people_see_a_page(server: Server, api: Api, github: GitHubWorld) -> None:
    number, _ = opened(github)
    github.comment("acme/shop", number, "mona", "<b>hello</b>")
    page = Api(server.url, None).ask("GET", f"/acme/shop/pull/{number}")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "&lt;b&gt;hello" in page.text
