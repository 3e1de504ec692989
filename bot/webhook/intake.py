"""Decides whether a request is one of GitHub's deliveries to us, and which; pure.

The signature comes first: what was not signed gets no answer about anything else.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

from bot import errors
from bot.webhook import payloads, signature

EVENT_HEADER = "X-GitHub-Event"
TARGET_HEADER = "X-GitHub-Hook-Installation-Target-ID"
TARGET_TYPE_HEADER = "X-GitHub-Hook-Installation-Target-Type"
DELIVERY_HEADER = "X-GitHub-Delivery"

_EVENT = re.compile(r"[a-z0-9_]{1,64}")
HOOK_HEADER = "X-GitHub-Hook-ID"
_HOOK = re.compile(r"[0-9]{1,20}")
_DELIVERY = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclasses.dataclass(frozen=True, slots=True)
class Accepted:
    """A delivery that GitHub signed."""

    id: str
    """GitHub's GUID; a redelivery has the same."""
    delivery: payloads.Delivery
    hook: str = ""
    """GitHub's number of the webhook that it is from; empty where it does not say."""


def accept(
    header: Callable[[str], str | None], media_type: str, body: bytes, secret: bytes
) -> Accepted:
    """Verify and parse; `header` gives one by name. Raises InvalidDeliveryError."""
    given = header(signature.HEADER)
    if not given:
        raise refused(
            f"{signature.HEADER} is missing: give the webhook a secret, the same as "
            "UNDERSTUDY_WEBHOOK_SECRET",
            "unsigned",
            401,
        )
    if not signature.valid(secret, body, given):
        raise refused(
            "the signature does not fit: the webhook's secret is not UNDERSTUDY_WEBHOOK_SECRET, "
            "or a proxy changed the body",
            "wrong-signature",
            401,
        )
    if media_type != "application/json":
        raise refused(
            f"the content type {media_type or 'of the body'} is not supported: set the webhook's "
            "to application/json",
            "unsupported-content-type",
            415,
        )
    event = _given(header, EVENT_HEADER, _EVENT)
    delivery_id = _given(header, DELIVERY_HEADER, _DELIVERY)
    to_app = header(TARGET_TYPE_HEADER) == "integration"
    app = (header(TARGET_HEADER) or "") if to_app else ""
    hook = header(HOOK_HEADER) or ""
    return Accepted(
        delivery_id, payloads.parse(event, body, app), hook if _HOOK.fullmatch(hook) else ""
    )


def refused(message: str, reason: str, status: int) -> errors.InvalidDeliveryError:
    """A refusal with its sentence, its word for machines and its HTTP status."""
    return errors.InvalidDeliveryError(message, reason=reason, status=status)


def _given(header: Callable[[str], str | None], name: str, form: re.Pattern[str]) -> str:
    value = header(name) or ""
    if not form.fullmatch(value):
        raise refused(
            f"{name} is missing or malformed: GitHub sends it with each delivery",
            "missing-header",
            400,
        )
    return value
