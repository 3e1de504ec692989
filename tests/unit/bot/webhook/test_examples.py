"""Every delivery that GitHub publishes as an example: taken, or refused in a sentence."""

from __future__ import annotations

import collections
import json
from collections.abc import Iterator
from typing import Any

import flask
import pytest

from bot import chatops, clock, testing
from bot.webhook import Effects, blueprint, signature
from tests.world.github import npm

SECRET = b"hunter2hunter2"
EVERY = (npm.EXAMPLES, *npm.ENTERPRISE)
PUBLISHED = 726
"""In version 7.6.1 of the package, which is pinned."""


def examples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each with its event."""
    for published in EVERY:
        for entry in npm.load(published):
            for example in entry["examples"]:
                yield entry["name"], example


@pytest.fixture(scope="module")
def answers() -> collections.Counter[tuple[str, int, str]]:
    """How often each event was answered how, and what the store has in the end."""
    store = testing.MemoryStore(clock.SystemClock())
    effects = Effects(read=chatops.Reader().read, wake=lambda: None)
    app = flask.Flask("bot")
    app.register_blueprint(blueprint(store, SECRET, effects))
    client = app.test_client()
    found: collections.Counter[tuple[str, int, str]] = collections.Counter()
    for number, (event, example) in enumerate(examples()):
        body = json.dumps(example).encode()
        headers = {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": f"example-{number}",
            signature.HEADER: signature.sign(SECRET, body),
        }
        answer = client.post(
            "/webhook", data=body, headers=headers, content_type="application/json"
        )
        content = answer.json or {}
        found[event, answer.status_code, content.get("status", content.get("message", ""))] += 1
    return found


def test_each_is_taken(answers: collections.Counter[tuple[str, int, str]]) -> None:
    assert answers.total() == PUBLISHED
    refused = {event: words for event, status, words in answers if status != 202}
    assert refused == {}


def test_what_matters_is_a_hint_and_the_rest_costs_nothing(
    answers: collections.Counter[tuple[str, int, str]],
) -> None:
    accepted = {event for event, _, words in answers if words == "accepted"}
    assert accepted == {
        "pull_request",
        "check_run",
        "check_suite",
        "workflow_run",
        "repository",
        "installation",
        "installation_repositories",
    }
    ignored = {event for event, _, words in answers if words == "ignored"}
    assert {"deployment_status", "issue_comment", "pull_request_review", "push", "star"} <= ignored
    assert {event for event, _, words in answers if words == "pong"} == {"ping"}
