"""The HTTP side: read the bytes, have them verified, store the hint, answer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import flask
import structlog
import werkzeug.exceptions

from bot import errors, ports
from bot.webhook import intake

MAX_BYTES = 25 * 1024 * 1024
"""GitHub delivers nothing larger (documentation, "Webhook events and payloads")."""

_log = structlog.get_logger()


def blueprint(store: ports.Store, secret: bytes, wake: Callable[[], None]) -> flask.Blueprint:
    """`POST /webhook`; `wake` is called when a hint was stored."""
    area = flask.Blueprint("webhook", __name__)

    @area.post("/webhook")
    def receive() -> tuple[dict[str, str], int]:
        request = flask.request
        accepted = intake.accept(request.headers.get, request.mimetype, _body(request), secret)
        delivery = accepted.delivery
        log = _log.bind(action="delivery", delivery=accepted.id, github_event=delivery.event)
        if delivery.key is None:
            log.info("nothing to do", github_action=delivery.action)
            return {"status": "pong" if delivery.event == "ping" else "ignored"}, 202
        fresh = store.record_delivery(accepted.id, delivery.event, delivery.action, delivery.key)
        wake()
        log.info("hint stored", environment=str(delivery.key), redelivered=not fresh)
        return {"status": "accepted" if fresh else "accepted-again"}, 202

    @area.errorhandler(errors.InvalidDeliveryError)
    def refuse(error: errors.InvalidDeliveryError) -> tuple[dict[str, str], int]:
        delivery = flask.request.headers.get(intake.DELIVERY_HEADER, "")[:64]
        _log.warning("refused", action="delivery", delivery=delivery, reason=error.reason)
        return {"reason": error.reason, "message": error.message}, error.status

    return area


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
