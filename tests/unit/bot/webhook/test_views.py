import io
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import flask
import pytest
import structlog
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from bot import chatops, model, ports
from bot.webhook import MAX_BYTES, Effects, blueprint, signature

SECRET = b"hunter2hunter2"
KEY = model.EnvironmentKey("acme/shop", 7)
MAIN = model.EnvironmentKey("acme/shop", branch="main")
OPENED = json.dumps(
    {
        "action": "opened",
        "number": 7,
        "repository": {"full_name": "acme/shop"},
        "sender": {"login": "ada"},
    }
).encode()


class RecordingStore:
    """Keeps what the webhook stores; the other verbs of the port are none of its business."""

    def __init__(self) -> None:
        self.recorded: list[tuple[ports.Delivered, list[model.EnvironmentKey]]] = []
        self.commands: list[model.Command] = []
        self.commits: list[tuple[str, str]] = []

    def record_delivery(
        self,
        delivery: ports.Delivered,
        keys: Collection[model.EnvironmentKey] = (),
        commands: Collection[model.Command] = (),
    ) -> bool:
        fresh = all(known.id != delivery.id for known, _ in self.recorded)
        self.recorded.append((delivery, list(keys)))
        if fresh:
            self.commands += commands
        return fresh

    def hint_commit(self, repository: str, commit: str) -> Sequence[model.EnvironmentKey]:
        self.commits.append((repository, commit))
        return [KEY]

    def hint_branch(self, repository: str, branch: str) -> Sequence[model.EnvironmentKey]:
        there = (repository, branch) == (MAIN.repository, MAIN.branch)
        return [MAIN] if there else []


class Stand:
    """A webhook with a recording store, and how GitHub talks to it."""

    def __init__(self) -> None:
        self.store = RecordingStore()
        self.wakes = 0
        self.sweeps = 0
        self.acknowledged: list[model.Command] = []
        self.heard: list[str] = []
        self.app = flask.Flask("bot")
        effects = Effects(
            read=chatops.Reader().read,
            wake=self.wake,
            sweep=self.sweep,
            acknowledge=self.acknowledged.append,
            heard=self.heard.append,
        )
        area = blueprint(self.store, SECRET, effects)  # type: ignore[arg-type]
        self.app.register_blueprint(area)
        self.client = self.app.test_client()

    def wake(self) -> None:
        assert self.store.recorded, "woken before the hint was stored"
        self.wakes += 1

    def sweep(self) -> None:
        self.sweeps += 1

    def deliver(
        self,
        body: bytes = OPENED,
        event: str = "pull_request",
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Response:
        given = {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": "guid-1",
            signature.HEADER: signature.sign(SECRET, body),
            **(headers or {}),
        }
        kept = {name: value for name, value in given.items() if value}
        more.setdefault("content_type", "application/json")
        return self.client.post("/webhook", data=body, headers=kept, **more)

    def send(self, body: io.BytesIO, **environ: Any) -> Response:
        """A request with a signature as its server hands it over, whatever its body is."""
        builder = EnvironBuilder(path="/webhook", method="POST", content_type="application/json")
        made = {**builder.get_environ(), "HTTP_X_HUB_SIGNATURE_256": "sha256=0"}
        return Response.from_app(self.app, {**made, "wsgi.input": body, **environ})


@pytest.fixture
def stand() -> Stand:
    return Stand()


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as captured:
        yield captured


def refused(stand: Stand, answer: Response, status: int, reason: str) -> None:
    assert answer.json is not None
    assert (answer.status_code, answer.json["reason"]) == (status, reason)
    assert answer.json["message"]
    assert stand.store.recorded == []
    assert stand.wakes == 0


def test_a_hint_is_stored_and_the_workers_are_woken(stand: Stand, lines: list[Any]) -> None:
    answer = stand.deliver()
    assert (answer.status_code, answer.json) == (202, {"status": "accepted"})
    kept = ports.Delivered("guid-1", "pull_request", "opened", "ada")
    assert stand.store.recorded == [(kept, [KEY])]
    assert stand.wakes == 1
    (line,) = lines
    assert (line["action"], line["delivery"], line["environments"], line["sender"]) == (
        "delivery",
        "guid-1",
        ["acme/shop#7"],
        "ada",
    )


def test_a_redelivery_wakes_again(stand: Stand) -> None:
    stand.deliver()
    answer = stand.deliver()
    assert (answer.status_code, answer.json) == (202, {"status": "accepted-again"})
    assert stand.wakes == 2


def test_a_charset_beside_the_content_type_is_fine(stand: Stand) -> None:
    assert stand.deliver(content_type="application/json; charset=utf-8").status_code == 202


def test_a_ping_is_answered(stand: Stand) -> None:
    answer = stand.deliver(b'{"zen": "Anything added dilutes everything else."}', "ping")
    assert (answer.status_code, answer.json) == (202, {"status": "pong"})
    assert stand.store.recorded == []


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("push", b'{"ref": "refs/heads/other", "repository": {"full_name": "acme/shop"}}'),
        ("invented_tomorrow", b"{}"),
        ("pull_request", OPENED.replace(b"opened", b"assigned")),
    ],
)
def test_what_is_no_hint_is_ignored(stand: Stand, event: str, body: bytes) -> None:
    answer = stand.deliver(body, event)
    assert (answer.status_code, answer.json) == (202, {"status": "ignored"})
    assert stand.store.recorded == []
    assert stand.wakes == 0


def test_an_unsigned_delivery_is_refused(stand: Stand) -> None:
    refused(stand, stand.deliver(headers={signature.HEADER: ""}), 401, "unsigned")


def test_a_wrongly_signed_delivery_is_refused(stand: Stand, lines: list[Any]) -> None:
    answer = stand.deliver(headers={signature.HEADER: signature.sign(b"guess", OPENED)})
    refused(stand, answer, 401, "wrong-signature")
    (line,) = lines
    assert (line["log_level"], line["reason"]) == ("warning", "wrong-signature")
    assert "hunter2" not in answer.get_data(as_text=True) + str(lines)


def test_a_changed_body_is_refused(stand: Stand) -> None:
    answer = stand.deliver(
        OPENED + b" ", headers={signature.HEADER: signature.sign(SECRET, OPENED)}
    )
    refused(stand, answer, 401, "wrong-signature")


class Untouched(io.BytesIO):
    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")


def test_an_oversized_delivery_is_refused_before_it_is_read(stand: Stand) -> None:
    answer = stand.send(Untouched(), CONTENT_LENGTH=str(MAX_BYTES + 1))
    refused(stand, answer, 413, "too-large")


def test_an_oversized_delivery_without_a_length_is_refused(stand: Stand) -> None:
    body = io.BytesIO(b"x" * (2 * MAX_BYTES))
    answer = stand.send(body, HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": True})
    assert body.tell() == MAX_BYTES + 1
    refused(stand, answer, 413, "too-large")


def test_the_largest_delivery_that_github_makes_is_taken(stand: Stand) -> None:
    body = OPENED[:-1] + b', "pad": "'
    body += b"x" * (MAX_BYTES - len(body) - 2) + b'"}'
    assert len(body) == MAX_BYTES
    assert stand.deliver(body).status_code == 202


@pytest.mark.parametrize("server", [{}, {"wsgi.input_terminated": True}])
def test_a_connection_that_ended_early_is_told_from_a_wrong_signature(
    stand: Stand, server: dict[str, Any]
) -> None:
    answer = stand.send(io.BytesIO(OPENED[:20]), CONTENT_LENGTH=str(len(OPENED)), **server)
    refused(stand, answer, 400, "truncated")


@pytest.mark.parametrize("body", [b"", OPENED[:-1], b"<html>", b"\xff\x00"])
def test_a_signed_body_that_is_no_json_is_refused(stand: Stand, body: bytes) -> None:
    refused(stand, stand.deliver(body), 400, "not-json")


def test_a_form_is_refused_with_the_way_out(stand: Stand) -> None:
    answer = stand.deliver(b"payload=%7B%7D", content_type="application/x-www-form-urlencoded")
    refused(stand, answer, 415, "unsupported-content-type")
    assert answer.json is not None
    assert "application/json" in answer.json["message"]


@pytest.mark.parametrize("name", ["X-GitHub-Event", "X-GitHub-Delivery"])
def test_a_missing_header_is_named(stand: Stand, name: str) -> None:
    answer = stand.deliver(headers={name: ""})
    refused(stand, answer, 400, "missing-header")
    assert answer.json is not None
    assert name in answer.json["message"]


def test_a_hint_without_a_number_is_refused(stand: Stand) -> None:
    body = b'{"action": "opened", "repository": {"full_name": "acme/shop"}}'
    refused(stand, stand.deliver(body), 400, "malformed")


def comment(body: str) -> bytes:
    return json.dumps(
        {
            "action": "created",
            "issue": {"number": 7, "pull_request": {}},
            "comment": {
                "id": 5,
                "body": body,
                "created_at": "2026-01-01T12:00:00Z",
                "user": {"login": "ada", "type": "User"},
            },
            "repository": {"full_name": "acme/shop"},
        }
    ).encode()


def test_commands_are_kept_with_their_delivery_and_acknowledged_once(stand: Stand) -> None:
    body = comment("Please:\n/stage up\n/STAGE Extend 8h\n")
    assert stand.deliver(body, "issue_comment").json == {"status": "accepted"}
    assert [(one.line, one.text) for one in stand.store.commands] == [(2, "up"), (3, "extend 8h")]
    assert stand.acknowledged == stand.store.commands
    stand.deliver(body, "issue_comment")
    assert len(stand.acknowledged) == 2
    assert stand.wakes == 2


@pytest.mark.parametrize(
    "body",
    ["nice work", "> /stage up", "<!-- understudy:answer 1 1 -->\n\n/stage up", "see /stage up"],
)
def test_a_comment_without_a_command_costs_nothing(stand: Stand, body: str) -> None:
    assert stand.deliver(comment(body), "issue_comment").json == {"status": "ignored"}
    assert stand.store.recorded == []


def test_what_has_finished_is_a_hint_for_whoever_wants_that_commit(stand: Stand) -> None:
    body = json.dumps(
        {
            "action": "completed",
            "workflow_run": {"head_sha": "a" * 40},
            "repository": {"full_name": "acme/shop"},
        }
    ).encode()
    assert stand.deliver(body, "workflow_run").status_code == 202
    assert stand.store.commits == [("acme/shop", "a" * 40)]
    assert stand.wakes == 1


def test_a_policy_that_was_pushed_is_looked_at_soon(stand: Stand) -> None:
    body = (
        b'{"ref": "refs/heads/main", "repository": {"full_name": "acme/shop"},'
        b' "commits": [{"modified": [".stage.yaml"]}]}'
    )
    assert stand.deliver(body, "push").json == {"status": "accepted"}
    assert stand.sweeps == 1


def test_a_push_is_a_hint_for_the_base_environments_that_there_are(stand: Stand) -> None:
    body = b'{"ref": "refs/heads/main", "repository": {"full_name": "acme/shop"}}'
    assert stand.deliver(body, "push").json == {"status": "accepted"}
    assert [keys for _, keys in stand.store.recorded] == [[MAIN]]
    assert stand.wakes == 1


@pytest.mark.parametrize(("number", "heard"), [("42", ["42"]), ("", []), ("x", []), ("1" * 21, [])])
def test_a_webhook_that_comes_is_heard(stand: Stand, number: str, heard: list[str]) -> None:
    stand.deliver(b"{}", "ping", headers={"X-GitHub-Hook-ID": number})
    assert stand.heard == heard


def test_who_did_not_sign_is_not_heard(stand: Stand) -> None:
    stand.deliver(headers={signature.HEADER: "sha256=0", "X-GitHub-Hook-ID": "42"})
    assert stand.heard == []
