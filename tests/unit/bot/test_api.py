from __future__ import annotations

from typing import Any

import flask
import pytest
from werkzeug.test import TestResponse

from bot import api, overview
from tests.unit.bot.reconcile.stand import A, Stand

TOKEN = b"hunter2hunter2"
HEADERS = {"Authorization": f"Bearer {TOKEN.decode()}"}
PLACE = "/api/environments/acme/shop/7"


@pytest.fixture
def stand() -> Stand:
    return Stand()


class Client:
    """The API over a stand."""

    def __init__(self, stand: Stand, token: bytes | None = TOKEN) -> None:
        self.wakes = 0
        app = flask.Flask("bot")
        told = overview.Overview(stand.store, stand.configurer.routes)
        app.register_blueprint(api.blueprint(stand.store, token, told.of, self.wake, stand.clock))
        self.client = app.test_client()

    def wake(self) -> None:
        self.wakes += 1

    def get(self, path: str) -> Any:
        return self.client.get(path, headers=HEADERS).json

    def post(self, path: str, content: Any) -> TestResponse:
        return self.client.post(path, headers=HEADERS, json=content)


def test_without_a_token_there_is_none(stand: Stand) -> None:
    answer = Client(stand, None).client.get("/api/environments", headers=HEADERS)
    assert answer.status_code == 404
    assert answer.json is not None
    assert "UNDERSTUDY_API_TOKEN" in answer.json["message"]


@pytest.mark.parametrize("header", ["", "Bearer guess", "hunter2hunter2", "Bearer \xe4"])
def test_only_who_has_the_token_is_heard(stand: Stand, header: str) -> None:
    client = Client(stand).client
    for answer in (
        client.get("/api/environments", headers={"Authorization": header}),
        client.post(f"{PLACE}/commands", headers={"Authorization": header}, json={}),
    ):
        assert answer.status_code == 401
        assert "hunter2" not in answer.text


def test_a_command_is_taken_run_and_answered(stand: Stand) -> None:
    stand.open(A, "bug")
    client = Client(stand)
    answer = client.post(f"{PLACE}/commands", {"command": "up", "as": "ops"})
    assert (answer.status_code, client.wakes) == (202, 1)
    assert answer.json is not None
    stand.settle()
    ended = client.get(f"{PLACE}/commands/{answer.json['id']}")
    assert (ended["state"], ended["as"]) == ("done", "ops")
    found = client.get(PLACE)
    assert (found["phase"], found["commit"]) == ("ready", A)
    assert any("ops asked: up" in line["text"] for line in found["timeline"])
    (listed,) = client.get("/api/environments")["environments"]
    assert listed["name"] == stand.row.name
    assert listed["url"] == found["url"]


@pytest.mark.parametrize(
    "content", [None, [], {}, {"command": ""}, {"command": 7}, {"command": "pin", "as": []}]
)
def test_what_is_no_command_is_refused(stand: Stand, content: Any) -> None:
    client = Client(stand)
    answer = client.post(f"{PLACE}/commands", content)
    assert answer.status_code == 400
    assert client.wakes == 0


def test_what_is_not_there_is_not_found(stand: Stand) -> None:
    client = Client(stand)
    for path in (PLACE, f"{PLACE}/commands/1"):
        assert client.client.get(path, headers=HEADERS).status_code == 404


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ("acme/shop/branches/main", "acme/shop@main"),
        ("acme/shop/branches/release/1.x", "acme/shop@release/1.x"),
        ("acme/shop/7?definition=admin", "acme/shop#7:admin"),
        ("acme/shop/branches/main?definition=admin", "acme/shop@main:admin"),
    ],
)
def test_branches_and_definitions_have_places_of_their_own(
    stand: Stand, place: str, key: str
) -> None:
    client = Client(stand)
    path, _, query = f"/api/environments/{place}".partition("?")
    answer = client.post(f"{path}/commands?{query}", {"command": "down", "as": "ops"})
    assert answer.status_code == 202
    assert answer.json is not None
    assert [str(row.key) for row in stand.store.rows()] == [key, key]
    found = client.get(f"{path}/commands/{answer.json['id']}?{query}")
    assert found["command"] == "down"
    told = client.get(f"{path}?{query}")
    assert (told["branch"], told["definition"]) == (
        "main" if "@main" in key else "release/1.x" if "@" in key else None,
        "admin" if "admin" in key else None,
    )


@pytest.mark.parametrize("place", ["acme/shop/0", "acme/shop/7?definition=A!", "acme/a$b/7"])
def test_what_names_no_environment_is_not_found(stand: Stand, place: str) -> None:
    answer = Client(stand).client.get(f"/api/environments/{place}", headers=HEADERS)
    assert answer.status_code == 404
