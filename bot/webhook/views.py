"""The HTTP side: read the bytes, have them verified, store the hint, answer."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable

import flask
import structlog
import werkzeug.exceptions

from bot import errors, model, ports, said
from bot.webhook import intake

MAX_BYTES = 25 * 1024 * 1024
"""GitHub delivers nothing larger (documentation, "Webhook events and payloads")."""

_log = structlog.get_logger()


@dataclasses.dataclass(frozen=True, slots=True)
class Effects:
    """What a delivery sets off; none of it waits for anybody."""

    read: said.Read
    """Finds the commands in what somebody wrote."""
    wake: Callable[[], None]
    """There is work."""
    sweep: Callable[[], None] = lambda: None
    """Everything is to be compared anew."""
    acknowledge: Callable[[model.Command], None] = lambda _: None
    """A command was read."""
    heard: Callable[[str], None] = lambda _: None
    """A webhook of this number reaches the bot."""


def blueprint(store: ports.Store, secret: bytes, effects: Effects) -> flask.Blueprint:
    """`POST /webhook`."""
    area = flask.Blueprint("webhook", __name__)

    @area.post("/webhook")
    def receive() -> tuple[dict[str, str], int]:
        request = flask.request
        accepted = intake.accept(request.headers.get, request.mimetype, _body(request), secret)
        status = _take(store, effects, accepted)
        if accepted.hook:
            effects.heard(accepted.hook)
        return {"status": status}, 202

    @area.errorhandler(errors.InvalidDeliveryError)
    def refuse(error: errors.InvalidDeliveryError) -> tuple[dict[str, str], int]:
        delivery = flask.request.headers.get(intake.DELIVERY_HEADER, "")[:64]
        _log.warning("refused", action="delivery", delivery=delivery, reason=error.reason)
        return {"reason": error.reason, "message": error.message}, error.status

    return area


def _take(store: ports.Store, effects: Effects, accepted: intake.Accepted) -> str:
    """Keep what a delivery is a hint for, and return what came of it in a word."""
    delivery = accepted.delivery
    log = _log.bind(
        action="delivery",
        delivery=accepted.id,
        github_event=delivery.event,
        github_action=delivery.action,
    )
    commands = delivery.said.commands(effects.read) if delivery.said else []
    keys = [delivery.key] if delivery.key else []
    if delivery.branch is not None:
        # Most branches have no environment: their pushes leave nothing behind.
        keys += store.hint_branch(*delivery.branch)
    if not (keys or commands or delivery.commit or delivery.sweep):
        log.info("nothing to do")
        return "pong" if delivery.event == "ping" else "ignored"
    kept = ports.Delivered(accepted.id, delivery.event, delivery.action, delivery.sender)
    fresh = store.record_delivery(kept, keys, commands)
    if delivery.commit is not None:
        keys = [*keys, *store.hint_commit(*delivery.commit)]
    if fresh:
        for command in commands:
            effects.acknowledge(command)
    if delivery.sweep:
        effects.sweep()
    effects.wake()
    log.info(
        "hint stored",
        environments=sorted({str(key) for key in [*keys, *(one.key for one in commands)]}),
        sender=delivery.sender,
        commands=len(commands),
        redelivered=not fresh,
    )
    return "accepted" if fresh else "accepted-again"


def _body(request: flask.Request) -> bytes:
    """All of the body, and not too much: servers hand over whatever came."""
    request.max_content_length = MAX_BYTES + 1
    length = request.content_length or 0
    with contextlib.suppress(werkzeug.exceptions.ClientDisconnected):
        body = b"" if length > MAX_BYTES else request.get_data(cache=False)
        if max(length, len(body)) > MAX_BYTES:
            raise intake.refused("the body is larger than GitHub's 25 MB", "too-large", 413)
        if len(body) >= length:
            return body
    message = "the connection ended before the whole body had come: deliver it again"
    raise intake.refused(message, "truncated", 400)
