"""Deliveries are GitHub's own examples with our names, signed, sent once, and kept."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.world.github.conftest import Api
from tests.unit.world.github.receiving import Receiver, kinds
from tests.world.github import deliveries, npm, renaming
from tests.world.github.control import GitHubWorld

SECRET = "a secret"


@pytest.fixture
def hooked(github: GitHubWorld, receiver: Receiver) -> GitHubWorld:
    """A GitHub that delivers `acme/shop`'s pull requests and comments."""
    github.add_hook(receiver.url, SECRET, "acme/shop", ["pull_request", "issue_comment"])
    github.settled()
    return github


def test_githubs_published_signature() -> None:
    # The vector of GitHub's documentation, "Validating webhook deliveries".
    assert deliveries.signature("It's a Secret to Everybody", b"Hello, World!") == (
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )


def test_each_change_is_delivered_signed(hooked: GitHubWorld, receiver: Receiver) -> None:
    number, _ = hooked.open_pull_request("acme/shop", "change", {"a": "1"}, ["stage"])
    hooked.push("acme/shop", number, {"a": "2"})
    hooked.unlabel("acme/shop", number, "stage")
    hooked.label("acme/shop", number, "stage")
    hooked.set_draft("acme/shop", number, True)
    hooked.set_draft("acme/shop", number, False)
    hooked.comment("acme/shop", number, "mona", "/stage up")
    hooked.close("acme/shop", number)
    hooked.reopen("acme/shop", number)
    hooked.close("acme/shop", number, merged=True)
    hooked.settled()
    actions = (
        "opened labeled synchronize unlabeled labeled converted_to_draft ready_for_review "
        "created closed reopened closed"
    )
    events = [
        f"issue_comment {action}" if action == "created" else f"pull_request {action}"
        for action in actions.split()
    ]
    assert receiver.actions() == ["ping", *events]
    for headers, body in receiver.taken:
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-Hub-Signature-256"] == f"sha256={digest}"
        assert headers["X-GitHub-Hook-Installation-Target-Type"] == "repository"
    assert len({headers["X-GitHub-Delivery"] for headers, _ in receiver.taken}) == 12


def test_a_delivery_tells_of_this_pull_request(hooked: GitHubWorld, receiver: Receiver) -> None:
    number, before = hooked.open_pull_request(
        "acme/shop", "change", {"a": "1"}, fork="mallory/shop", title="Sell more"
    )
    after = hooked.push("acme/shop", number, {"a": "2"})
    hooked.close("acme/shop", number, merged=True)
    hooked.settled()
    opened, pushed, closed = (json.loads(body) for _, body in receiver.taken[1:])
    for payload in (opened, pushed, closed):
        assert payload["number"] == payload["pull_request"]["number"] == number
        assert payload["repository"]["full_name"] == "acme/shop"
        assert payload["pull_request"]["head"]["repo"]["full_name"] == "mallory/shop"
        assert payload["pull_request"]["title"] == "Sell more"
        assert payload["sender"]["login"] == "mallory"
        assert "Codertocat" not in json.dumps(payload)
        assert "Hello-World" not in json.dumps(payload)
    assert opened["pull_request"]["head"]["sha"] == before
    assert (pushed["before"], pushed["after"]) == (before, after)
    assert closed["pull_request"]["merged"] is True
    # What the API says of it has the same numbers.
    shown = hooked.pull_request("acme/shop", number)
    assert shown["id"] == closed["pull_request"]["id"]
    assert shown["merge_commit_sha"] == closed["pull_request"]["merge_commit_sha"]
    assert shown["base"]["repo"]["id"] == closed["repository"]["id"]


MAY_DIFFER = {
    "node_id", "title", "body", "state", "draft", "merged", "merged_at", "merge_commit_sha", "fork",
    "merged_by", "ref", "label", "before", "after", "id", "number", "name", "color", "sha", "from",
    "default_branch", "login", "full_name", "hook_id", "type",
}  # fmt: skip


def test_a_delivery_is_the_published_example(hooked: GitHubWorld, receiver: Receiver) -> None:
    published = {entry["name"]: entry["examples"] for entry in npm.load(npm.EXAMPLES)}
    number, _ = hooked.open_pull_request("acme/shop", "change", {"a": "1"}, ["stage"])
    hooked.push("acme/shop", number, {"a": "2"})
    hooked.unlabel("acme/shop", number, "stage")
    written = hooked.comment("acme/shop", number, "mona", "/stage up")
    hooked.delete_comment("acme/shop", written)
    hooked.close("acme/shop", number)
    hooked.reopen("acme/shop", number)
    hooked.settled()
    assert len(receiver.taken) == 9
    for headers, body in receiver.taken:
        payload = json.loads(body)
        event = headers["X-GitHub-Event"]
        example = renaming.pick(event, payload.get("action", ""), installed=False)
        # A repository's hook is not told of an App's installation.
        example.pop(renaming.INSTALLATION, None)
        anywhere: dict[str, set[str]] = {}
        for other in published[event]:
            for path, types in kinds(other).items():
                anywhere.setdefault(path, set()).update(types)
        if event == "issue_comment":
            # The examples are of issues; one of a pull request has this beside.
            assert set(payload["issue"].pop("pull_request")) == {
                "url", "html_url", "diff_url", "patch_url", "merged_at",
            }  # fmt: skip
        mine = kinds(payload)
        theirs = {path for path in kinds(example) if ".labels[]" not in path}
        assert {path for path in mine if ".labels[]" not in path} == theirs
        assert {path for path, types in mine.items() if types - anywhere[path]} == set()
        published_values = dict(_values(example))
        for path, value in _values(payload):
            name = path.rpartition(".")[2]
            wanted = published_values.get(path, value)
            renamed = name in MAY_DIFFER or name.endswith(("url", "href"))
            # When somebody wrote something is this world's own time.
            when = path in {"$.comment.created_at", "$.comment.updated_at"}
            free = ".labels" in path or ".events" in path or when
            assert renamed or free or value == wanted, path


def _values(piece: Any, path: str = "$") -> Iterator[tuple[str, Any]]:
    """Everything that is no object and no list, by path."""
    if isinstance(piece, dict):
        for key, value in piece.items():
            yield from _values(value, f"{path}.{key}")
    elif isinstance(piece, list):
        for at, value in enumerate(piece):
            yield from _values(value, f"{path}[{at}]")
    else:
        yield path, piece


def test_a_deleted_fork_is_null(hooked: GitHubWorld, receiver: Receiver) -> None:
    number, _ = hooked.open_pull_request("acme/shop", "change", {"a": "1"}, fork="mallory/shop")
    hooked.delete_fork("mallory/shop")
    hooked.close("acme/shop", number)
    hooked.settled()
    assert json.loads(receiver.taken[-1][1])["pull_request"]["head"]["repo"] is None


def test_a_redelivery_keeps_its_guid(hooked: GitHubWorld, api: Api, receiver: Receiver) -> None:
    receiver.status = 500
    hooked.open_pull_request("acme/shop", "change", {"a": "1"})
    hooked.settled()
    failed = hooked.deliveries()[-1]
    assert (failed["status_code"], failed["response"]["payload"]) == (500, "ok")
    receiver.status = 202
    hooks = api.ask("GET", "/repos/acme/shop/hooks").json()
    path = f"/repos/acme/shop/hooks/{hooks[0]['id']}/deliveries"
    listed = api.ask("GET", path).json()
    assert [(item["event"], item["status_code"]) for item in listed] == [
        ("pull_request", 500),
        ("ping", 202),
    ]
    one = api.ask("GET", f"{path}/{listed[0]['id']}").json()
    assert one["request"]["payload"]["action"] == "opened"
    assert api.ask("POST", f"{path}/{listed[0]['id']}/attempts").status_code == 202
    hooked.settled()
    again = api.ask("GET", path).json()[0]
    assert (again["guid"], again["redelivery"]) == (listed[0]["guid"], True)
    first, second = receiver.taken[-2:]
    assert first[0]["X-GitHub-Delivery"] == second[0]["X-GitHub-Delivery"]
    assert first[1] == second[1]
    hooked.redeliver(listed[0]["guid"])
    hooked.settled()
    assert receiver.taken[-1][1] == first[1]
    assert api.ask("POST", f"{path}/999/attempts").status_code == 404


def test_an_unreachable_receiver_is_recorded(github: GitHubWorld, receiver: Receiver) -> None:
    github.add_hook(receiver.url, SECRET, "acme/shop")
    github.settled()
    receiver.close()
    github.open_pull_request("acme/shop", "change", {"a": "1"})
    github.settled()
    last = github.deliveries()[-1]
    assert (last["status"], last["status_code"]) == ("failed to connect to host", 502)
    receiver.__init__()  # type: ignore[misc]  # for the fixture to end


@pytest.mark.parametrize(
    ("order", "copies", "expected"),
    [
        ("kept", 1, ["opened", "closed"]),
        ("reversed", 1, ["closed", "opened"]),
        ("kept", 2, ["opened", "opened", "closed", "closed"]),
        ("kept", 0, []),
    ],
)
def test_deliveries_are_reordered_doubled_and_lost(
    hooked: GitHubWorld, receiver: Receiver, order: str, copies: int, expected: list[str]
) -> None:
    with hooked.held(order=order, copies=copies):
        number, _ = hooked.open_pull_request("acme/shop", "change", {"a": "1"})
        hooked.close("acme/shop", number)
        hooked.settled()
        assert receiver.actions() == ["ping"]
    hooked.settled()
    assert receiver.actions() == ["ping", *(f"pull_request {action}" for action in expected)]


def test_an_apps_deliveries_name_its_installation(github: GitHubWorld, receiver: Receiver) -> None:
    app = github.create_app("understudy", receiver.url, SECRET)
    github.open_pull_request("acme/shop", "change", {"a": "1"})
    github.settled()
    headers, body = receiver.taken[-1]
    assert headers["X-GitHub-Hook-Installation-Target-Type"] == "integration"
    assert headers["X-GitHub-Hook-Installation-Target-ID"] == str(app["app_id"])
    assert github.deliveries()[-1]["installation_id"] == json.loads(body)["installation"]["id"]


def test_hooks_are_made_and_removed(api: Api, github: GitHubWorld, receiver: Receiver) -> None:
    hooks = "/repos/acme/shop/hooks"
    config = {"url": receiver.url, "content_type": "json", "secret": SECRET}
    made = api.ask("POST", hooks, json={"config": config, "events": ["pull_request"]}).json()
    assert made["config"]["secret"] == "********"
    github.settled()
    assert receiver.actions() == ["ping"]
    assert api.ask("GET", f"{hooks}/{made['id']}").json()["last_response"]["code"] == 202
    assert api.ask("DELETE", f"{hooks}/{made['id']}").status_code == 204
    github.open_pull_request("acme/shop", "change", {"a": "1"})
    github.settled()
    assert receiver.actions() == ["ping"]
    refused = api.ask("POST", hooks, json={"config": {"url": "nowhere"}})
    assert refused.status_code == 422
