"""A fake GitHub for each test, whose every answer is held against GitHub's description."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

import jwt
import pytest
import requests

from tests.unit.world.github.receiving import Receiver
from tests.world.github import description
from tests.world.github.control import GitHubWorld
from tests.world.github.server import Server
from tests.world.github.world import BOT, World

TOKEN = "test-token"


class Api:
    """Asks the REST API as some caller."""

    def __init__(self, base_url: str, token: str | None) -> None:
        self._base_url = base_url
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, **more: object) -> requests.Response:
        """One request."""
        headers = {**self.headers, **more.pop("headers", {})}  # type: ignore[dict-item]
        return requests.request(
            method,
            self._base_url + path,
            headers=headers,
            timeout=10,
            **more,  # type: ignore[arg-type]
        )


def as_app(made: Mapping[str, Any], url: str) -> Api:
    """The API as an App itself sees it; `made` is what the control told of it."""
    now = int(datetime.datetime.now(datetime.UTC).timestamp())
    claims = {"iss": str(made["app_id"]), "iat": now - 60, "exp": now + 300}
    return Api(url, jwt.encode(claims, made["private_key"], "RS256"))


def as_installation(made: Mapping[str, Any], url: str, **less: Any) -> Api:
    """The API as an App's installation on `acme` sees it."""
    app = as_app(made, url)
    number = app.ask("GET", "/repos/acme/shop/installation").json()["id"]
    answer = app.ask("POST", f"/app/installations/{number}/access_tokens", json=less)
    assert answer.status_code == 201, answer.text
    return Api(url, answer.json()["token"])


@pytest.fixture
def server() -> Iterator[Server]:
    """A running server; at the end each of its answers is checked."""
    world = World(keep_bodies=True)
    world.credentials.add_token(TOKEN, world.state.account(BOT))
    with Server(world) as running:
        yield running
        assert description.all_faults(world.exchanges) == []


@pytest.fixture
def github(server: Server) -> GitHubWorld:
    """The control of it, with a repository `acme/shop`."""
    control = GitHubWorld(server.url)
    control.create_repository("acme/shop", {".stage.yaml": "services: {}\n", "src/a.py": "a = 1\n"})
    return control


@pytest.fixture
def api(server: Server, github: GitHubWorld) -> Api:
    """The API as the bot's person sees it."""
    return Api(server.url, TOKEN)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of deliveries."""
    made = Receiver()
    yield made
    made.close()
