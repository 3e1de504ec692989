"""What the real hub does when GitHub is slow, cross, or not GitHub at all; and what it never tells.

What it does on a good day is in tests/contract/test_hub.py.
"""

from __future__ import annotations

import dataclasses
import logging
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bot import errors, github_api, model
from bot.github_api import client
from tests.world.github.control import GitHubWorld
from tests.world.github.server import Server
from tests.world.github.world import BOT, World

KEY = model.EnvironmentKey("acme/shop", 1)
MARKER = "<!-- understudy:environment acme/shop#1 -->"
TOKEN = "ghp_neverToBeSeen"


@pytest.fixture
def github() -> Iterator[GitHubWorld]:
    """A fake GitHub with an open pull request."""
    world = World()
    world.credentials.add_token(TOKEN, world.state.account(BOT))
    with Server(world) as server:
        control = GitHubWorld(server.url)
        control.create_repository(KEY.repository, {"a": "1"})
        control.open_pull_request(KEY.repository, "change", {"a": "2"}, ["stage"])
        yield control


@pytest.fixture
def hub(github: GitHubWorld) -> github_api.GitHubHub:
    """The hub before it."""
    return github_api.GitHubHub(f"{github.base_url}/", TOKEN)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Every pause that is made; none takes time."""
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    return pauses


def asked(github: GitHubWorld) -> list[str]:
    """Method and status of each request so far."""
    return [f"{past['method']} {past['status']}" for past in github.requests()]


# -- cheap ----------------------------------------------------------------------------------------


def test_a_pull_request_costs_one_request(hub: github_api.GitHubHub, github: GitHubWorld) -> None:
    hub.pull_request(KEY)
    assert asked(github) == ["GET 200"]


def test_a_pull_request_that_is_as_it_was_is_not_counted(
    hub: github_api.GitHubHub, github: GitHubWorld
) -> None:
    first = hub.pull_request(KEY)
    assert hub.pull_request(KEY) == first
    commit = github.push(KEY.repository, KEY.number, {"a": "3"})
    assert hub.pull_request(KEY).head_sha == commit
    github.close(KEY.repository, KEY.number)
    assert not hub.pull_request(KEY).open
    assert asked(github) == ["GET 200", "GET 304", "GET 200", "GET 200"]


def test_only_so_many_pull_requests_are_remembered(
    hub: github_api.GitHubHub, github: GitHubWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_READ", 1)
    second = github.open_pull_request(KEY.repository, "other", {"b": "1"}, []).number
    for number in (KEY.number, second, KEY.number):
        hub.pull_request(model.EnvironmentKey(KEY.repository, number))
    assert asked(github) == ["GET 200"] * 3


def test_a_known_comment_costs_one_write(hub: github_api.GitHubHub, github: GitHubWorld) -> None:
    number = hub.write_comment(KEY, MARKER, None)
    github.forget_requests()
    hub.write_comment(KEY, f"{MARKER}\n\ntwo", number)
    assert asked(github) == ["PATCH 200"]


def test_what_ending_older_deployments_costs_is_told(
    hub: github_api.GitHubHub, github: GitHubWorld
) -> None:
    for at in range(6):
        commit = github.push(KEY.repository, KEY.number, {"a": f"new {at}"})
        number = hub.create_deployment(KEY.repository, commit, "pr-1")
    github.forget_requests()
    told = hub.set_deployment_status(KEY.repository, number, "success", None, "")
    assert told == asked(github).count("POST 201") == 4
    github.forget_requests()
    assert hub.set_deployment_status(KEY.repository, number, "failure", None, "") == 1


def test_old_deployments_are_looked_at_once(hub: github_api.GitHubHub, github: GitHubWorld) -> None:
    reads = []
    for at in range(4):
        commit = github.push(KEY.repository, KEY.number, {"a": f"new {at}"})
        number = hub.create_deployment(KEY.repository, commit, "pr-1")
        github.forget_requests()
        hub.set_deployment_status(KEY.repository, number, "success", None, "")
        reads.append(asked(github).count("GET 200"))
    # However many pushes there were: the one before is ended, and one that is ended ends the look.
    assert reads[2:] == [reads[2]] * 2


def test_nothing_is_asked_before_it_must_be(github: GitHubWorld) -> None:
    github_api.GitHubHub(github.base_url, TOKEN)
    assert asked(github) == []


def test_an_app_asks_for_one_token_only(github: GitHubWorld) -> None:
    made = github.create_app("understudy")
    hub = github_api.GitHubHub(github.base_url, github_api.App(made["app_id"], made["private_key"]))
    for _ in range(3):
        hub.pull_request(KEY)
    tokens = [past for past in github.requests() if past["path"].endswith("/access_tokens")]
    assert len(tokens) == 1


def test_threads_do_not_disturb_one_another(hub: github_api.GitHubHub, github: GitHubWorld) -> None:
    found: list[model.PullRequest] = []

    def ask() -> None:
        found.extend(hub.pull_request(KEY) for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [found[0]] * 20


# -- a bad day ------------------------------------------------------------------------------------


def test_reading_is_tried_again_at_once_and_not_for_ever(
    hub: github_api.GitHubHub, github: GitHubWorld, slept: list[float]
) -> None:
    github.fail_next(502, times=2)
    assert hub.pull_request(KEY).open
    assert asked(github) == ["GET 502", "GET 502", "GET 200"]
    github.fail_next(503, times=10)
    with pytest.raises(errors.UnreachableError, match="GitHub answered 503") as caught:
        hub.pull_request(KEY)
    assert caught.value.__cause__ is not None
    assert asked(github)[3:] == ["GET 503"] * 3
    assert sum(slept) < 2


def test_how_long_to_wait_is_not_github_s_to_say(
    hub: github_api.GitHubHub, github: GitHubWorld, slept: list[float]
) -> None:
    github.fail_next(503, times=10, retry_after=3000)
    with pytest.raises(errors.UnreachableError):
        hub.pull_request(KEY)
    assert sum(slept) < 2


def test_writing_is_not_tried_again(
    hub: github_api.GitHubHub, github: GitHubWorld, slept: list[float]
) -> None:
    github.fail_next(502, method="POST", times=10)
    with pytest.raises(errors.UnreachableError):
        hub.write_comment(KEY, MARKER, None)
    assert [line for line in asked(github) if line.startswith("POST")] == ["POST 502"]


def test_a_rate_limit_is_not_slept_out(
    hub: github_api.GitHubHub, github: GitHubWorld, slept: list[float]
) -> None:
    github.rate_limit(remaining=0, reset_in=3000)
    with pytest.raises(errors.UnreachableError, match="rate limit") as caught:
        hub.pull_request(KEY)
    assert caught.value.reason == "rate-limited"
    assert caught.value.retry_after == pytest.approx(3000, abs=30)
    assert slept == []
    github.clear()
    assert hub.pull_request(KEY).open


def test_a_secondary_limit_is_not_slept_out(
    hub: github_api.GitHubHub, github: GitHubWorld, slept: list[float]
) -> None:
    github.secondary_limit(3000)
    for ask in (lambda: hub.pull_request(KEY), lambda: hub.write_comment(KEY, MARKER, 7)):
        with pytest.raises(errors.UnreachableError) as caught:
            ask()
        assert caught.value.reason == "rate-limited"
        assert caught.value.retry_after == pytest.approx(3000, abs=30)
    assert slept == []
    assert github.comments(KEY.repository, KEY.number) == []


@pytest.mark.parametrize(("given", "told"), [(None, None), (17, 17.0), (10**9, 3600.0)])
def test_too_many_requests_is_a_rate_limit_too(
    hub: github_api.GitHubHub, github: GitHubWorld, given: int | None, told: float | None
) -> None:
    github.fail_next(429, message="slow down", retry_after=given)
    with pytest.raises(errors.UnreachableError) as caught:
        hub.pull_request(KEY)
    assert caught.value.reason == "rate-limited"
    assert caught.value.limited
    assert caught.value.retry_after == told


def test_wrong_credentials_are_said_to_be_wrong(github: GitHubWorld) -> None:
    hub = github_api.GitHubHub(github.base_url, "ghp_wrong")
    with pytest.raises(errors.UnreachableError, match="refused the bot's credentials") as caught:
        hub.pull_request(KEY)
    assert "ghp_wrong" not in str(caught.value)


def test_what_is_forbidden_says_why(hub: github_api.GitHubHub, github: GitHubWorld) -> None:
    github.fail_next(403, message="Resource not accessible by personal access token")
    with pytest.raises(errors.UnreachableError, match="Resource not accessible"):
        hub.pull_request(KEY)


def test_nobody_listens(slept: list[float]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hub = github_api.GitHubHub(f"http://127.0.0.1:{port}", TOKEN)
    with pytest.raises(errors.UnreachableError, match="did not answer") as caught:
        hub.pull_request(KEY)
    assert caught.value.__cause__ is not None
    assert sum(slept) < 2


def test_who_never_answers_is_waited_for_a_while_only(
    github: GitHubWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", 1)
    hub = github_api.GitHubHub(github.base_url, TOKEN)
    github.fail_next(0, method="PATCH", times=1, delay=2.5)
    with pytest.raises(errors.UnreachableError, match="did not answer"):
        hub.write_comment(KEY, MARKER, 7)


PAGES = {
    "html": b"<html>please sign in</html>",
    "list": b"[]",
    "empty": b"",
    "object": b"{}",
    "broken": b'{"number": ',
    "text": b'"hello"',
    "null": b"null",
    "half": b'{"number": 1, "head": {"sha": "1"}, "base": {"sha": "2"}, "labels": [], "id": "1"}',
}


@pytest.fixture
def stranger() -> Iterator[ThreadingHTTPServer]:
    """Something that answers everything with 200 and one page."""

    class Handler(BaseHTTPRequestHandler):
        page = b""

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Length", str(len(type(self).page)))
            self.end_headers()
            self.wfile.write(type(self).page)

        do_POST = do_PATCH = do_GET  # noqa: N815  names that the base class asks for

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("page", PAGES)
def test_who_is_not_github_is_found_out(stranger: ThreadingHTTPServer, page: str) -> None:
    stranger.RequestHandlerClass.page = PAGES[page]  # type: ignore[attr-defined]
    hub = github_api.GitHubHub(f"http://127.0.0.1:{stranger.server_port}", TOKEN)
    for ask in (
        lambda: hub.pull_request(KEY),
        lambda: hub.write_comment(KEY, MARKER, None),
        lambda: hub.create_deployment(KEY.repository, "0" * 40, "pr-1"),
        lambda: hub.set_deployment_status(KEY.repository, 1, "success", None, ""),
    ):
        with pytest.raises(errors.UnreachableError, match="does not speak GitHub's API"):
            ask()
    if page != "list":  # for a list is what GitHub itself shows of a folder
        with pytest.raises(errors.UnreachableError, match="does not speak GitHub's API"):
            hub.file(KEY.repository, "a", "0" * 40)


def test_an_address_that_is_none() -> None:
    hub = github_api.GitHubHub("nowhere", TOKEN)
    with pytest.raises(errors.UnreachableError, match="check the address"):
        hub.pull_request(KEY)


@pytest.mark.parametrize("key", ["", "no key", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"])
def test_a_key_that_is_none_is_refused_at_once(key: str) -> None:
    with pytest.raises(errors.InvalidSettingsError, match="private key of GitHub App 17"):
        github_api.GitHubHub("https://api.github.com", github_api.App(17, key))


# -- what it never tells --------------------------------------------------------------------------


def test_secrets_are_in_no_repr_and_no_log(
    github: GitHubWorld, caplog: pytest.LogCaptureFixture
) -> None:
    made = github.create_app("understudy")
    app = github_api.App(made["app_id"], made["private_key"])
    body = made["private_key"].splitlines()[1]
    # Whoever asks PyGithub for more than it tells by default does not get it.
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger="github"):
        for credentials in (TOKEN, app):
            hub = github_api.GitHubHub(github.base_url, credentials)
            hub.write_comment(KEY, MARKER, None)
            github.fail_next(500, times=5)
            with pytest.raises(errors.UnreachableError) as caught:
                hub.pull_request(KEY)
            github.clear()
            assert body not in f"{hub!r} {app!r} {vars(hub)!r}"
            assert TOKEN not in repr(hub)
            assert TOKEN not in f"{caught.value} {caught.value.__cause__}"
    assert TOKEN not in caplog.text
    assert body not in caplog.text
    assert "ghs_" not in caplog.text


# -- what no port is for --------------------------------------------------------------------------


def test_a_question_has_its_answer_with_its_headers(hub: github_api.GitHubHub) -> None:
    found = hub.ask("the token", "/user")
    assert found.content["login"] == BOT
    assert "x-ratelimit-limit" in found.headers


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, errors.ForbiddenError), (404, errors.NotFoundError), (422, errors.UnreachableError)],
)
def test_a_question_that_is_refused_says_in_which_way(
    hub: github_api.GitHubHub, github: GitHubWorld, status: int, error: type[Exception]
) -> None:
    github.fail_next(status, message="Not Found")
    with pytest.raises(error, match="the token") as caught:
        hub.ask("the token", "/user")
    assert type(caught.value) is error


def test_a_rate_limit_is_no_lack_of_permission(
    hub: github_api.GitHubHub, github: GitHubWorld
) -> None:
    github.rate_limit(0)
    with pytest.raises(errors.UnreachableError) as caught:
        hub.ask("the token", "/user")
    assert caught.value.reason == "rate-limited"


def test_an_app_asks_for_itself_or_for_a_repository(github: GitHubWorld) -> None:
    made = github.create_app("understudy")
    hub = github_api.GitHubHub(github.base_url, github_api.App(made["app_id"], made["private_key"]))
    assert hub.as_app
    assert hub.ask("the App", "/app").content["slug"] == "understudy"
    found = hub.ask("a repository", f"/repos/{KEY.repository}", repository=KEY.repository)
    assert found.content["full_name"] == KEY.repository


# -- workflows ------------------------------------------------------------------------------------


def test_a_run_that_was_asked_for_is_known_by_its_title() -> None:
    """The commit of such a run is the branch's, so its title has to name the one that it is for."""
    world = World()
    world.credentials.add_token(TOKEN, world.state.account(BOT))
    with Server(world) as server:
        control = GitHubWorld(server.url)
        control.create_repository(KEY.repository, {"a": "1"})
        made = control.open_pull_request(KEY.repository, "change", {"a": "2"})
        base = world.state.repository(KEY.repository)
        number = control.finish_workflow(KEY.repository, "build.yml", made.sha, "failure")
        run = base.workflow_runs[number]
        base.workflow_runs[number] = dataclasses.replace(run, event="workflow_dispatch")
        commit = world.state.commits[made.sha]
        wanted = "f" * 40
        world.state.commits[made.sha] = dataclasses.replace(commit, message=f"Build {wanted}")
        hub = github_api.GitHubHub(server.url, TOKEN)
        assert hub.dispatched_state(KEY.repository, run.workflow.file_name, wanted) == "failure"
        assert hub.dispatched_state(KEY.repository, run.workflow.file_name, "e" * 40) is None
        assert hub.dispatched_state(KEY.repository, "other.yml", wanted) is None
