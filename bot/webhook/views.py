"""The HTTP side: verify, parse, store, answer."""

from __future__ import annotations

from collections.abc import Callable

import flask
import structlog

from bot import errors, ports
from bot.webhook import payloads, signature

MAX_BYTES = 25 * 1024 * 1024
"""GitHub delivers nothing larger (documentation, "Webhook events and payloads")."""

_log = structlog.get_logger()


def blueprint(store: ports.Store, secret: bytes, wake: Callable[[], None]) -> flask.Blueprint:
    """`POST /webhook`; `wake` is called when a hint was stored."""
    area = flask.Blueprint("webhook", __name__)

    @area.post("/webhook")
    def receive() -> tuple[dict[str, str], int]:
        request = flask.request
        body = _verified(request, secret)
        delivery = payloads.parse(_header(request, "X-GitHub-Event"), body)
        guid = _header(request, "X-GitHub-Delivery")
        log = _log.bind(action="delivery", delivery=guid, event_name=delivery.event)
        if delivery.key is None:
            log.info("nothing to do", delivered_action=delivery.action)
            return {"status": "ignored"}, 202
        fresh = store.record_delivery(guid, delivery.event, delivery.action, delivery.key)
        wake()
        log.info("hint stored", environment=str(delivery.key), redelivered=not fresh)
        return {"status": "accepted" if fresh else "accepted again"}, 202

    @area.errorhandler(errors.InvalidDeliveryError)
    def refuse(error: errors.InvalidDeliveryError) -> tuple[dict[str, str], int]:
        _log.warning("delivery refused", action="delivery", reason=error.reason)
        return {"reason": error.reason, "message": error.message}, error.status

    return area


def _verified(request: flask.Request, secret: bytes) -> bytes:
    """The raw body of a request that GitHub signed. Raises InvalidDeliveryError."""
    if (request.content_length or 0) > MAX_BYTES:
        raise _refused("the body is larger than GitHub's limit of 25 MB", "too-large", 413)
    body = request.get_data(cache=False)
    given = request.headers.get(signature.HEADER)
    if not given:
        raise _refused(
            f"{signature.HEADER} is missing: give the webhook a secret", "unsigned", 401
        )
    if not signature.valid(secret, body, given):
        raise _refused(
            "the signature does not fit: the webhook's secret is not UNDERSTUDY_WEBHOOK_SECRET",
            "wrong-signature",
            401,
        )
    if request.mimetype != "application/json":
        raise _refused("set the webhook's content type to application/json", "not-json", 415)
    return body


def _header(request: flask.Request, name: str) -> str:
    value = request.headers.get(name, "").strip()
    if not value:
        raise _refused(f"{name} is missing: GitHub sends it with each delivery", "no-header", 400)
    return value


def _refused(message: str, reason: str, status: int) -> errors.InvalidDeliveryError:
    return errors.InvalidDeliveryError(message, reason=reason, status=status)
