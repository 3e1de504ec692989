"""All checks together, before a simulated GitHub and cluster, and before nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import checkup, clock, doctor
from bot.engine import installed
from tests.unit.infra.readiness.api_server import ApiServer, api_server
from tests.world.github.control import GitHubWorld
from tests.world.github.server import Server
from tests.world.github.world import BOT, World

TOKEN = "hunter2-token"
SHOP = "acme/shop"


@pytest.fixture
def github() -> Iterator[GitHubWorld]:
    world = World()
    world.credentials.add_token(TOKEN, world.state.account(BOT))
    with Server(world) as server:
        control = GitHubWorld(server.url)
        control.create_repository(SHOP, {"a": "1"})
        yield control


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with api_server() as server:
        server.objects["/version"] = {"gitVersion": "v1.35.0"}
        server.objects["/apis"] = {"groups": []}
        yield server


@pytest.fixture(autouse=True)
def pulumi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "command_line", installed.sdk)


def environ(folder: Path, **changes: str) -> dict[str, str]:
    platform = folder / "platform.yaml"
    platform.write_text("domain: preview.test\nnode_class: null\n")
    given = {
        "webhook_secret": "hunter2hunter2",
        "github_token": TOKEN,
        "github_url": "http://127.0.0.1:1",
        "platform_file": str(platform),
        "data_dir": str(folder / "data"),
        "pulumi_passphrase": "hunter2-passphrase",
        "kubeconfig": str(folder / "nowhere"),
        **changes,
    }
    return {f"UNDERSTUDY_{name.upper()}": value for name, value in given.items()}


def found(given: dict[str, str]) -> dict[str, list[doctor.Finding]]:
    result: dict[str, list[doctor.Finding]] = {}
    for one in doctor.examine(checkup.Checkup(given, clock.SystemClock()).checks()):
        result.setdefault(one.what, []).append(one)
    return result


def signs(given: dict[str, str]) -> dict[str, str]:
    return {
        what: max(
            findings, key=lambda one: ["ok", "warning", "wrong"].index(one.sign.value)
        ).sign.value
        for what, findings in found(given).items()
    }


def test_a_bot_that_has_all_it_needs_is_healthy(
    tmp_path: Path, github: GitHubWorld, api: ApiServer
) -> None:
    given = environ(
        tmp_path,
        github_url=github.base_url,
        repositories=SHOP,
        kubeconfig=api.kubeconfig(tmp_path),
    )
    told = signs(given)
    assert "wrong" not in told.values()
    assert told["GitHub credentials"] == told["cluster"] == told["cluster rights"] == "ok"
    assert told["Pulumi state"] == "warning", "it is on this disk alone"
    assert not (tmp_path / "data").exists(), "looking makes nothing"


def test_where_nothing_answers_the_rest_is_not_checked(tmp_path: Path) -> None:
    told = signs(environ(tmp_path))
    assert {what for what, sign in told.items() if sign == "wrong"} == {"GitHub", "cluster"}
    assert told["webhook"] == told["cluster rights"] == "warning"
    assert told["Pulumi"] == told["platform file"] == "ok"


def test_an_app_is_looked_at_as_an_app(tmp_path: Path, github: GitHubWorld) -> None:
    made = github.create_app("understudy", "http://127.0.0.1:1/webhook", "x", ["pull_request"])
    given = environ(
        tmp_path,
        github_url=github.base_url,
        github_app_id=str(made["app_id"]),
        github_private_key=made["private_key"],
    )
    del given["UNDERSTUDY_GITHUB_TOKEN"]
    github.open_pull_request(SHOP, "change", {"a": "2"})
    github.settled()
    told = found(given)
    assert told["GitHub credentials"][0].found.startswith("acts as understudy[bot]")
    assert told["repositories"][0].found == "1 can be seen"
    assert "from the internet" in told["webhook"][-1].mend


@pytest.mark.parametrize("name", ["webhook_secret", "platform_file"])
def test_without_settings_that_is_said_and_nothing_else_is_wrong(tmp_path: Path, name: str) -> None:
    given = environ(tmp_path)
    del given[f"UNDERSTUDY_{name.upper()}"]
    told = signs(given)
    assert {what for what, sign in told.items() if sign == "wrong"} == {"settings"}


def test_a_platform_file_that_is_missing_leaves_github_to_be_looked_at(
    tmp_path: Path, github: GitHubWorld
) -> None:
    told = signs(environ(tmp_path, github_url=github.base_url, platform_file="/nowhere"))
    assert told["platform file"] == "wrong"
    assert told["cluster"] == told["AWS"] == "warning"
    assert told["GitHub credentials"] == "ok"
