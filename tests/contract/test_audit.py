"""Lost deliveries come back: the audit over the fake GitHub, as an App and with a token."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import structlog

from bot import audit, clock, github_api, github_hooks, model, needs, testing
from bot.heard import Heard
from tests.world.github.control import GitHubWorld
from tests.world.github.server import Server
from tests.world.github.world import BOT, World

KEY = model.EnvironmentKey("acme/shop", 1)
TOKEN = "contract-token"


class Receiver:
    """A bot's door: answers a status, and keeps the GUIDs of what it was sent."""

    def __init__(self) -> None:
        self.status = 202
        self.guids: list[str] = []
        receiver = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                receiver.guids.append(self.headers["X-GitHub-Delivery"])
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/webhook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def github() -> Iterator[GitHubWorld]:
    world = World()
    world.credentials.add_token(TOKEN, world.state.account(BOT))
    with Server(world) as server:
        control = GitHubWorld(server.url)
        control.create_repository(KEY.repository, {"a": "1"})
        yield control


@pytest.fixture(params=["app", "token"])
def hub(
    request: pytest.FixtureRequest, github: GitHubWorld, receiver: Receiver
) -> github_api.GitHubHub:
    """Each kind of credentials, with the hook that belongs to it."""
    if request.param == "app":
        made = github.create_app("understudy", receiver.url, "secret", ["pull_request"])
        app = github_api.App(made["app_id"], made["private_key"])
        return github_api.GitHubHub(github.base_url, app)
    # Somebody else's hook is none of ours.
    github.add_hook("http://127.0.0.1:9/ci", "other", KEY.repository, ["pull_request"])
    github.add_hook(receiver.url, "secret", KEY.repository, ["pull_request"])
    github.settled()
    receiver.guids.clear()
    return github_api.GitHubHub(github.base_url, TOKEN, [KEY.repository])


@pytest.fixture
def time() -> clock.ManualClock:
    return clock.ManualClock(clock.SystemClock().now())


@pytest.fixture
def run(hub: github_api.GitHubHub, time: clock.ManualClock) -> audit.Audit:
    return audit.Audit(github_hooks.HookDeliveries(hub), needs.EVENTS, time)


def again(run: audit.Audit, time: clock.ManualClock, github: GitHubWorld) -> None:
    """The next audit, an hour later, and all that comes of it."""
    time.advance(3600)
    run()
    github.settled()


def test_what_was_refused_comes_again_until_it_is_taken(
    github: GitHubWorld, receiver: Receiver, run: audit.Audit, time: clock.ManualClock
) -> None:
    receiver.status = 500
    github.open_pull_request(KEY.repository, "change", {"a": "2"})
    github.settled()
    (lost,) = receiver.guids
    again(run, time, github)
    assert receiver.guids == [lost] * 2, "asked for, and refused once more"
    receiver.status = 202
    again(run, time, github)
    again(run, time, github)
    assert receiver.guids == [lost] * 3


def test_what_was_answered_does_not_come_again(
    github: GitHubWorld, receiver: Receiver, run: audit.Audit, time: clock.ManualClock
) -> None:
    github.open_pull_request(KEY.repository, "change", {"a": "2"})
    github.settled()
    again(run, time, github)
    assert len(receiver.guids) == 1


def test_what_github_never_sent_is_the_sweep_s_to_find(
    github: GitHubWorld, receiver: Receiver, run: audit.Audit, time: clock.ManualClock
) -> None:
    with github.held(copies=0):
        github.open_pull_request(KEY.repository, "change", {"a": "2"})
    again(run, time, github)
    assert receiver.guids == []


def test_every_page_is_read(
    github: GitHubWorld, receiver: Receiver, run: audit.Audit, time: clock.ManualClock
) -> None:
    receiver.status = 503
    github.open_pull_request(KEY.repository, "change", {"a": "2"})
    github.settled()
    receiver.status = 202
    for number in range(110):
        (github.label if number % 2 == 0 else github.unlabel)(KEY.repository, KEY.number, "x")
    github.settled(30)
    first = receiver.guids[0]
    again(run, time, github)
    assert receiver.guids.count(first) == 2
    assert len(receiver.guids) == 112


@pytest.mark.parametrize("status", [403, 404])
def test_hooks_that_may_not_be_seen_are_told_of_once(
    github: GitHubWorld,
    hub: github_api.GitHubHub,
    run: audit.Audit,
    time: clock.ManualClock,
    status: int,
) -> None:
    github.fail_next(status, path="hook", times=100, message="Not Found")
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            again(run, time, github)
    assert [line["event"] for line in lines] == ["no hook to be seen"]


def test_another_bots_hook_is_left_alone(github: GitHubWorld, time: clock.ManualClock) -> None:
    github.add_hook("http://127.0.0.1:9/webhook", "secret", KEY.repository, ["pull_request"])
    github.open_pull_request(KEY.repository, "change", {"a": "2"})
    github.settled()
    hub = github_api.GitHubHub(github.base_url, TOKEN, [KEY.repository])
    heard = Heard(testing.MemoryStore(time), time)
    run = audit.Audit(github_hooks.HookDeliveries(hub, heard.knows), needs.EVENTS, time)
    again(run, time, github)
    assert _attempts(github) == 1, "it never reached this bot"
    heard.note(_hook(hub))
    again(run, time, github)
    assert _attempts(github) == 2


def _attempts(github: GitHubWorld) -> int:
    return sum(one["event"] == "pull_request" for one in github.deliveries())


def _hook(hub: github_api.GitHubHub) -> str:
    (found,) = github_hooks.mine(hub, KEY.repository)
    return str(found["id"])


def test_a_silent_github_is_no_error(
    github: GitHubWorld,
    run: audit.Audit,
    time: clock.ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    github.fail_next(502, times=100)
    with structlog.testing.capture_logs() as lines:
        again(run, time, github)
    assert [line["event"] for line in lines] == ["audit incomplete"]
