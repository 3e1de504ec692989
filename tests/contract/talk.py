"""A bot that talks with the simulated GitHub over HTTP, both ways; what it builds is a fake."""

from __future__ import annotations

import dataclasses
import threading
from types import TracebackType
from typing import Any, Self

import flask
import werkzeug.serving

from bot import (
    chatops,
    clock,
    cost,
    feedback,
    github_api,
    model,
    overview,
    policies,
    ports,
    reconcile,
    webhook,
)
from bot.reconcile import Conversation
from infra.contract import outputs
from tests.unit.bot.reconcile.stand import Stand
from tests.world.github.control import GitHubWorld
from tests.world.github.world import BOT

KEY = model.EnvironmentKey("acme/shop", 1)
SECRET = "of the hook"
TOKEN = "talk-token"
STAGE = "services: {web: {image: 'shop:{sha}', port: 8080}}\n"
EVENTS = ("pull_request", "issue_comment", "pull_request_review", "push", "check_run")


class Talk:
    """One repository and one pull request, and the bot that hears and answers."""

    def __init__(self, github: GitHubWorld, credentials: str | github_api.App) -> None:
        self.github = github
        self.stand = Stand()
        self.sweeps = 0
        reader = chatops.Reader()
        self.hub = github_api.GitHubHub(github.base_url, credentials, [KEY.repository])
        self.stand.engine.outputs = {outputs.CPU: "2", outputs.MEMORY: "4"}
        told = overview.Overview(
            self.stand.store, self.stand.configurer.routes, cost=cost.Prices(0.04, 0.005).of
        )
        self.reporter = feedback.HubReporter(
            self.hub, self.stand.store, told.of, clock.SystemClock()
        )
        stages = dataclasses.replace(
            self.stand.stages,
            hub=self.hub,
            reporter=self.reporter,
            policies=policies.BasePolicies(self.hub, self.stand.policies.settings),
            chat=chatops.HubChat(self.hub, self.stand.workloads, told.of, reader),
        )
        self.stand.stages, self.stand.loop = stages, reconcile.Loop(stages)
        self.conversation = Conversation(
            self.stand.store, self.hub, reader.read, clock.SystemClock()
        )
        effects = webhook.Effects(
            read=reader.read,
            wake=lambda: None,
            sweep=self._sweep,
            acknowledge=self.reporter.acknowledge,
        )
        app = flask.Flask("bot")
        app.register_blueprint(webhook.blueprint(self.stand.store, SECRET.encode(), effects))
        self._server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.reporter.close()
        self.stand.close()

    def _sweep(self) -> None:
        self.sweeps += 1

    @property
    def url(self) -> str:
        """Where deliveries go."""
        return f"http://127.0.0.1:{self._server.server_port}/webhook"

    def open(self, *labels: str, **more: Any) -> str:
        """Open the pull request and return its commit."""
        return self.github.open_pull_request(
            KEY.repository, "change", {"a": "1"}, list(labels), **more
        ).sha

    def say(self, body: str, login: str = "ada") -> int:
        """Comment as somebody, and wait for what comes of it."""
        number = self.github.comment(KEY.repository, KEY.number, login, body)
        self.settle()
        return number

    def settle(self) -> None:
        """Until every delivery was heard, everything was done, and all of it was told."""
        self.github.settled()
        for _ in range(100):
            self.stand.settle()
            row = self.stand.store.row(KEY)
            if row is None or row.due_at is None:
                break
            self.stand.clock.advance((row.due_at - self.stand.clock.now()).total_seconds())
        assert self.reporter.flush(30)

    @property
    def row(self) -> ports.Row:
        """The cluster's lane."""
        found = self.stand.store.row(KEY)
        assert found is not None
        return found

    def phase(self) -> model.Phase:
        """Where the environment is."""
        return self.row.phase

    def comments(self) -> list[str]:
        """What the bot has written, oldest first."""
        found = self.github.comments(KEY.repository, KEY.number)
        return [one["body"] for one in found if one["body"].startswith("<!-- understudy:")]

    def reactions(self, comment: int) -> list[tuple[str, str]]:
        """Reactions to a comment, with who gave them."""
        found = self.github.reactions(KEY.repository, comment)
        return [(one["user"]["login"], one["content"]) for one in found]


def credentials(github: GitHubWorld, kind: str) -> str | github_api.App:
    """As an App, or with a token."""
    if kind == "token":
        github.add_token(TOKEN, BOT)
        return TOKEN
    made = github.create_app("understudy")
    return github_api.App(made["app_id"], made["private_key"])
