"""An App is made of a manifest: over the page or by the control, then by its code."""

from __future__ import annotations

import json
import urllib.parse
from typing import Any

import pytest
import requests

from tests.unit.world.github.conftest import Api, as_app
from tests.unit.world.github.receiving import Receiver
from tests.world.github import deliveries
from tests.world.github.control import GitHubWorld, WorldError
from tests.world.github.server import Server


def manifest(**changes: Any) -> dict[str, Any]:
    """A manifest that GitHub takes; None takes a key out."""
    made = {
        "name": "Understudy of Acme",
        "url": "https://understudy.test",
        "hook_attributes": {"url": "https://understudy.test/webhook"},
        "redirect_url": "https://understudy.test/made",
        "default_permissions": {"pull_requests": "write", "checks": "write"},
        "default_events": ["pull_request", "check_run"],
        **changes,
    }
    return {key: value for key, value in made.items() if value is not None}


def convert(github: GitHubWorld, code: str) -> requests.Response:
    """Exchange a code, as somebody who is not signed in."""
    return Api(github.base_url, None).ask("POST", f"/app-manifests/{code}/conversions")


def test_a_code_is_good_once(server: Server, github: GitHubWorld) -> None:
    code = github.app_manifest(manifest(), "acme")
    answer = convert(github, code)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["slug"], made["name"]) == ("understudy-of-acme", "Understudy of Acme")
    assert made["owner"]["login"] == "acme"
    assert made["permissions"] == {
        "metadata": "read",
        "pull_requests": "write",
        "checks": "write",
    }
    assert made["events"] == ["pull_request", "check_run"]
    assert made["external_url"] == "https://understudy.test"
    assert len({made["client_id"], made["client_secret"], made["webhook_secret"]}) == 3
    app = as_app({"app_id": made["id"], "private_key": made["pem"]}, server.url)
    shown = app.ask("GET", "/app").json()
    assert (shown["id"], shown["installations_count"]) == (made["id"], 0)
    assert "pem" not in shown
    assert convert(github, code).status_code == 404
    assert convert(github, "wrong").status_code == 404


def test_its_hook_is_told_once_it_is_installed(github: GitHubWorld, receiver: Receiver) -> None:
    given = manifest(hook_attributes={"url": receiver.url})
    made = convert(github, github.app_manifest(given)).json()
    assert made["owner"]["login"] == "mona"
    github.open_pull_request("acme/shop", "change", {"a": "1"})
    github.create_repository("acme/tools", {"a": "1"})
    number = github.install(made["slug"], "acme", ["acme/shop"])
    github.push("acme/shop", 1, {"a": "2"})
    github.settled()
    assert receiver.actions() == ["installation created", "pull_request synchronize"]
    assert receiver.payloads("pull_request")[0]["installation"]["id"] == number
    assert "X-Hub-Signature-256" in receiver.taken[0][0]


def test_an_inactive_hook_is_told_nothing(github: GitHubWorld, receiver: Receiver) -> None:
    given = manifest(hook_attributes={"url": receiver.url, "active": False})
    made = convert(github, github.app_manifest(given)).json()
    github.install(made["slug"], "acme")
    github.open_pull_request("acme/shop", "change", {"a": "1"})
    github.settled()
    assert receiver.actions() == []


@pytest.mark.parametrize(
    ("path", "query", "owner"),
    [
        ("/settings/apps/new", "", "mona"),
        ("/organizations/acme/settings/apps/new", "", "acme"),
        ("/settings/apps/new", "?state=a%20b", "mona"),
    ],
)
def test_the_page_leads_back_with_the_code(
    github: GitHubWorld, path: str, query: str, owner: str
) -> None:
    form = {"manifest": json.dumps(manifest(redirect_url="https://understudy.test/made?x=1"))}
    if not query:
        form["state"] = "a b"
    answer = requests.post(
        f"{github.base_url}{path}{query}", data=form, timeout=10, allow_redirects=False
    )
    assert answer.status_code == 302
    url = urllib.parse.urlsplit(answer.headers["Location"])
    assert (url.netloc, url.path) == ("understudy.test", "/made")
    found = dict(urllib.parse.parse_qsl(url.query))
    assert (found["x"], found["state"], set(found)) == ("1", "a b", {"x", "state", "code"})
    assert convert(github, found["code"]).json()["owner"]["login"] == owner


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": None}, "Name can't be blank"),
        ({"name": "x" * 35}, "Name is too long"),
        ({"name": "taken"}, "Name is already taken"),
        ({"url": None}, "Url must be"),
        ({"url": "understudy.test"}, "Url must be"),
        ({"hook_attributes": None}, "Hook url must be"),
        ({"hook_attributes": {"active": True}}, "Hook url must be"),
        ({"default_permissions": {"coffee": "write"}}, "coffee"),
        ({"default_permissions": {"checks": "admin"}}, "no level admin"),
        ({"default_events": ["coffee"]}, "Default events unsupported: coffee"),
        ({"default_events": ["push"]}, "Default events unsupported: push"),
        ({"default_events": "push"}, "wrong type"),
    ],
)
def test_what_is_no_manifest_is_refused_in_words(
    github: GitHubWorld, changes: dict[str, Any], words: str
) -> None:
    github.create_app("taken")
    form = {"manifest": json.dumps(manifest(**changes))}
    answer = requests.post(f"{github.base_url}/settings/apps/new", data=form, timeout=10)
    assert answer.status_code == 422
    assert words.replace("'", "&#39;") in answer.text
    with pytest.raises(WorldError, match=words):
        github.app_manifest(manifest(**changes))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        (json.dumps(manifest(redirect_url=None)), "Redirect"),
    ],
)
def test_the_page_refuses_what_it_can_not_read(github: GitHubWorld, text: str, words: str) -> None:
    url = f"{github.base_url}/settings/apps/new"
    answer = requests.post(url, data={"manifest": text}, timeout=10)
    assert (answer.status_code, words in answer.text) == (422, True)


def test_an_apps_hook_is_led_elsewhere(
    server: Server, github: GitHubWorld, receiver: Receiver
) -> None:
    made = github.create_app("understudy", "http://127.0.0.1:1/old", "old")
    app = as_app(made, server.url)
    path = "/app/hook/config"
    assert app.ask("GET", path).json() == {
        "content_type": "json",
        "insecure_ssl": "0",
        "url": "http://127.0.0.1:1/old",
        "secret": "********",
    }
    changed = app.ask("PATCH", path, json={"url": receiver.url, "secret": "new"})
    assert (changed.status_code, changed.json()["url"]) == (200, receiver.url)
    github.open_pull_request("acme/shop", "change", {"a": "1"})
    github.settled()
    ((headers, body),) = receiver.taken
    assert headers["X-Hub-Signature-256"] == deliveries.signature("new", body)
    assert app.ask("PATCH", path, json={"url": "nowhere"}).status_code == 422
    assert app.ask("GET", path).json()["url"] == receiver.url


def test_only_an_app_with_a_hook_has_its_config(
    server: Server, api: Api, github: GitHubWorld
) -> None:
    assert api.ask("GET", "/app/hook/config").status_code == 401
    app = as_app(github.create_app("understudy"), server.url)
    assert app.ask("GET", "/app/hook/config").status_code == 404
