"""A repository that is renamed or transferred while its pull requests have environments."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bot import github_api, intent, model
from bot.model import Phase
from tests.unit.bot.reconcile.stand import KEY, A, B, Stand
from tests.unit.reliability.world import Sweeps, calm, name_of, nothing_is_left, serves

NEW = model.EnvironmentKey("acme/store", KEY.number)


def only_the_new_one(stand: Stand, commit: str) -> None:
    calm(stand)
    assert set(stand.world.environments) == set(stand.world.edges) == {name_of(NEW)}
    serves(stand, commit, NEW)
    told = [report for report in stand.reporter.reports if report.key == KEY][-1]
    assert told.phase is Phase.ABSENT
    assert "another name" in told.reason


def test_a_push_after_a_rename_leaves_one_environment(up: Stand) -> None:
    up.hub.rename("acme/shop", "acme/store")
    up.hub.change(NEW, head_sha=B)
    up.store.hint(NEW)
    calm(up)
    Sweeps(up, [KEY, NEW]).run(3)
    only_the_new_one(up, B)


def test_a_rename_that_no_delivery_told_of_is_found(up: Stand) -> None:
    up.hub.rename("acme/shop", "acme/store")
    found = Sweeps(up, [KEY, NEW]).run(1)
    assert sorted(found) == ["missed-close", "missed-open"]
    only_the_new_one(up, A)


def test_a_pass_over_the_old_name_sees_to_the_new_one(up: Stand) -> None:
    up.hub.rename("acme/shop", "acme/store")
    up.store.hint(KEY)
    only_the_new_one(up, A)


def test_after_a_rename_a_close_takes_everything_away(up: Stand) -> None:
    up.hub.rename("acme/shop", "acme/store")
    up.hub.change(NEW, open=False)
    Sweeps(up, [KEY, NEW]).run(3)
    nothing_is_left(up)


def test_another_spelling_of_the_name_is_no_other_repository_and_no_fork(up: Stand) -> None:
    up.change(head_repository="Acme/Shop")
    up.rest()
    serves(up, A)
    found = up.hub.pull_requests[KEY]
    assert intent.asked(found, intent.Policy()) == model.Desired(A)


PULL = {
    "number": 7,
    "state": "open",
    "draft": False,
    "merged": False,
    "title": "Change the shop window",
    "user": {"login": "ada"},
    "labels": [{"name": "stage"}],
    "head": {"sha": A, "ref": "window", "repo": {"full_name": "acme/store"}},
    "base": {"sha": B, "ref": "main", "repo": {"full_name": "acme/store"}},
}


@pytest.fixture
def renamed() -> Iterator[tuple[str, list[str]]]:
    """A GitHub that leads reads of acme/shop to acme/store, as the real one does, and no writes."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            if "/repos/acme/shop" in self.path:
                path = self.path.replace("/repos/acme/shop", "/repositories/1")
                self._answer(301, {"message": "Moved Permanently"}, f"{address}{path}")
            else:
                self._answer(200, PULL)

        def do_POST(self) -> None:
            asked.append(f"{self.command} {self.path}")
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(201, {"id": 5})

        def _answer(self, status: int, content: object, location: str = "") -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield address, asked
        server.shutdown()
        thread.join()


def test_github_tells_the_new_name_and_is_written_to_by_it(
    renamed: tuple[str, list[str]],
) -> None:
    address, asked = renamed
    hub = github_api.GitHubHub(address, "ghp_token")
    found = hub.pull_request(KEY)
    assert (found.key, found.from_fork) == (NEW, False)
    hub.set_deployment_status(KEY.repository, 5, "in_progress", None, "")
    assert asked[-1] == "POST /repos/acme/store/deployments/5/statuses"
