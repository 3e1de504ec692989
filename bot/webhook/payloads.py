"""What a delivery is about; pure."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

from bot import errors, model

PULL_REQUEST_ACTIONS = frozenset(
    {"opened", "reopened", "synchronize", "labeled", "unlabeled", "closed"}
    | {"edited", "ready_for_review", "converted_to_draft"}
)
"""The actions that can change what is wanted."""

MAX_NUMBER = 2**31 - 1
"""The largest number of a pull request that the store keeps."""

_REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}")
MAX_ACTION = 100


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery, as far as it matters."""

    event: str
    action: str
    """Empty where the event has none."""
    key: model.EnvironmentKey | None
    """The environment that it is a hint for; None where it is none."""


def parse(event: str, body: bytes) -> Delivery:
    """Read a delivery's body. Raises InvalidDeliveryError, and nothing else."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise errors.InvalidDeliveryError(
            "the body is no JSON, or not all of it: set the webhook's content type to "
            "application/json, and see that no proxy changes or cuts bodies",
            reason="not-json",
            status=400,
        ) from error
    if not isinstance(payload, dict):
        raise _malformed("the body is no JSON object")
    action = payload.get("action") or ""
    if not isinstance(action, str) or len(action) > MAX_ACTION:
        raise _malformed("`action` is no word")
    if event != "pull_request" or action not in PULL_REQUEST_ACTIONS:
        return Delivery(event, action, None)
    return Delivery(event, action, _key(payload))


def _key(payload: dict[str, Any]) -> model.EnvironmentKey:
    repository = payload.get("repository")
    name = repository.get("full_name") if isinstance(repository, dict) else None
    number = payload.get("number")
    if not isinstance(name, str) or not _REPOSITORY.fullmatch(name):
        raise _malformed("`repository.full_name` is missing or no owner/name")
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number <= MAX_NUMBER:
        raise _malformed("`number` is missing or no pull request's number")
    return model.EnvironmentKey(name, number)


def _malformed(what: str) -> errors.InvalidDeliveryError:
    return errors.InvalidDeliveryError(
        f"{what}: this is no delivery of GitHub's pull_request event",
        reason="malformed",
        status=400,
    )
