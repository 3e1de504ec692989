"""From a manifest to a bot that has all it needs, over the simulated GitHub."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bot import app_creation, app_files, app_manifest, github_api, needs
from bot.doctor import Sign, github, permissions, webhook
from tests.world.github.control import GitHubWorld
from tests.world.github.server import Server
from tests.world.github.world import World

SHOP = "acme/shop"


@pytest.fixture
def world() -> Iterator[GitHubWorld]:
    with Server(World()) as server:
        control = GitHubWorld(server.url)
        control.create_repository(SHOP, {"a": "1"})
        yield control


def submit(page: str) -> None:
    """What a person does: open the page, press the button, say yes, come back."""
    text = requests.get(page, timeout=10).text
    target = html.unescape(re.findall(r'action="([^"]+)"', text)[0])
    manifest = html.unescape(re.findall(r'value="([^"]+)"', text)[0])
    answer = requests.post(target, data={"manifest": manifest}, timeout=10)
    assert answer.ok, answer.text
    assert "The App is made" in answer.text


@pytest.mark.parametrize("organization", [None, "acme"])
def test_the_app_that_is_made_has_all_that_the_bot_needs(
    world: GitHubWorld, tmp_path: Path, organization: str | None
) -> None:
    files = app_files.Files(tmp_path)
    wanted = app_manifest.Wanted("shop stage", "http://127.0.0.1:1", organization)
    browser: list[threading.Thread] = []

    def opened(page: str) -> None:
        browser.append(threading.Thread(target=submit, args=(page,)))
        browser[0].start()

    made = app_creation.Creation(world.base_url, wanted, files).run(opened, 20)
    browser[0].join()
    app = github_api.App(made.app_id, files.key.read_text())
    hub = github_api.GitHubHub(world.base_url, app)
    assert [one.sign for one in github.identity(hub)] == [Sign.OK]
    (nowhere,) = permissions.permissions(hub)
    assert (nowhere.sign, nowhere.found) == (Sign.WARNING, "the App is installed nowhere")
    assert nowhere.mend.endswith(made.install)

    world.install("shop-stage", "acme")
    assert [one.sign for one in permissions.permissions(hub)] == [Sign.OK]
    assert [one.found for one in github.visible(hub)] == ["1 can be seen"]
    assert hub.open_pull_requests(SHOP) == []
    events, *_ = webhook.webhooks(hub)
    assert events.sign is Sign.OK


@pytest.mark.parametrize("name", needs.PERMISSIONS)
def test_a_permission_that_an_app_lacks_is_named(world: GitHubWorld, name: str) -> None:
    granted = {key: level for key, level in needs.PERMISSIONS.items() if key != name}
    made = world.create_app("understudy", permissions=granted)
    app = github_api.App(made["app_id"], made["private_key"])
    hub = github_api.GitHubHub(world.base_url, app)
    wrong = [one.found for one in permissions.permissions(hub) if one.sign is Sign.WRONG]
    # GitHub gives each App the metadata.
    lacking = [] if name == "metadata" else [f"the App lacks {name}: {needs.PERMISSIONS[name]}"]
    assert wrong == lacking


@pytest.mark.parametrize(
    ("scopes", "sign"),
    [(["repo"], Sign.OK), (["public_repo"], Sign.OK), (["read:org"], Sign.WRONG)],
)
def test_a_token_is_judged_by_its_scopes(world: GitHubWorld, scopes: list[str], sign: Sign) -> None:
    world.add_token("ghp_hunter2", "mona", scopes)
    hub = github_api.GitHubHub(world.base_url, "ghp_hunter2", [SHOP])
    assert [one.sign for one in permissions.permissions(hub)] == [sign]
