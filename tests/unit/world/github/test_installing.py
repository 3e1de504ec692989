"""Where an App is installed: told to it, shown, and held to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.world.github.conftest import as_app, as_installation
from tests.unit.world.github.receiving import Receiver
from tests.world.github.control import GitHubWorld, WorldError
from tests.world.github.server import Server

REPO = "/repos/acme/shop"


@pytest.fixture
def app(github: GitHubWorld, receiver: Receiver) -> dict[str, Any]:
    """An App that subscribes to pull requests only."""
    github.create_repository("acme/tools", {"a": "1"})
    may = {"pull_requests": "write"}
    return github.create_app("understudy", receiver.url, "s", ["pull_request"], may)


def test_an_app_is_removed_and_installed_anew(
    server: Server, github: GitHubWorld, receiver: Receiver, app: dict[str, Any]
) -> None:
    inside = as_installation(app, server.url)
    github.uninstall("understudy", "acme")
    assert inside.ask("GET", REPO).status_code == 401
    assert as_app(app, server.url).ask("GET", f"{REPO}/installation").status_code == 404
    assert as_app(app, server.url).ask("GET", "/app/installations").json() == []
    github.create_repository("acme/later", {"a": "1"})
    github.open_pull_request("acme/shop", "change", {"a": "1"})
    number = github.install("understudy", "acme", ["acme/shop"])
    github.settled()
    deleted, created = receiver.payloads("installation")
    assert receiver.actions() == ["installation deleted", "installation created"]
    names = [item["full_name"] for item in deleted["repositories"]]
    assert names == ["acme/shop", "acme/tools"]
    assert deleted["installation"]["repository_selection"] == "all"
    told = created["installation"]
    assert (told["id"], told["app_id"]) == (number, app["app_id"])
    assert (told["account"]["login"], told["target_type"]) == ("acme", "Organization")
    assert told["permissions"] == {"metadata": "read", "pull_requests": "write"}
    assert told["events"] == ["pull_request"]
    assert told["repository_selection"] == "selected"
    assert told["access_tokens_url"].endswith(f"/installations/{number}/access_tokens")
    assert [item["full_name"] for item in created["repositories"]] == ["acme/shop"]
    assert github.deliveries()[-1]["repository_id"] is None
    with pytest.raises(WorldError, match="is installed on"):
        github.install("understudy", "acme")


def test_repositories_are_taken_out_and_added(
    server: Server, github: GitHubWorld, receiver: Receiver, app: dict[str, Any]
) -> None:
    inside = as_installation(app, server.url)
    github.remove_from_installation("understudy", "acme/tools")
    github.remove_from_installation("understudy", "acme/tools")
    listed = inside.ask("GET", "/installation/repositories").json()
    assert [item["full_name"] for item in listed["repositories"]] == ["acme/shop"]
    assert listed["repository_selection"] == "selected"
    assert inside.ask("GET", "/repos/acme/tools").status_code == 404
    github.open_pull_request("acme/tools", "change", {"a": "2"})
    github.add_to_installation("understudy", "acme/tools")
    github.settled()
    assert receiver.actions() == [
        "installation_repositories removed",
        "installation_repositories added",
    ]
    removed, added = receiver.payloads("installation_repositories")
    assert [item["full_name"] for item in removed["repositories_removed"]] == ["acme/tools"]
    assert (removed["repositories_added"], added["repositories_removed"]) == ([], [])
    assert [item["full_name"] for item in added["repositories_added"]] == ["acme/tools"]
    assert added["installation"]["account"]["login"] == "acme"
    assert inside.ask("GET", "/repos/acme/tools").ok
    github.open_pull_request("acme/tools", "other", {"a": "3"})
    github.settled()
    assert receiver.actions()[-1] == "pull_request opened"


def test_only_its_own_owners_repositories_are_selected(
    github: GitHubWorld, app: dict[str, Any]
) -> None:
    github.uninstall("understudy", "acme")
    with pytest.raises(WorldError, match="Not Found"):
        github.remove_from_installation("understudy", "acme/tools")
    with pytest.raises(WorldError, match="Not Found"):
        github.uninstall("understudy", "acme")
