from __future__ import annotations

from typing import Any

import pytest
from pulumi import automation

from bot.engine import events

URN = "urn:pulumi:s::p::aws:x:X::a"
INPUTS = {
    "open": [1, {events.SIGNATURE: "of a secret", "ciphertext": "[secret]"}],
    "rule": {"header": "h", "value": {events.SIGNATURE: "of a secret", "ciphertext": "[secret]"}},
}


def failure(op: str, **new: Any) -> automation.EngineEvent:
    told = {"type": "aws:x:X", "urn": URN, "custom": True, "parent": "p", "provider": "q", **new}
    metadata = {"op": op, "urn": URN, "type": "aws:x:X", "provider": "q", "new": told}
    event = {"metadata": metadata, "status": 0, "steps": 0}
    return automation.EngineEvent.from_json(
        {"sequence": 1, "timestamp": 0, "resOpFailedEvent": event}
    )


@pytest.mark.parametrize("op", ["create", "create-replacement"])
def test_a_creation_that_failed_is_kept_without_its_secrets(op: str) -> None:
    said: list[str] = []
    follower = events.Follower(said.append)
    follower(failure(op, inputs=INPUTS))
    assert said == ["failed: X a"]
    assert follower.failed == [
        {
            "urn": URN,
            "custom": True,
            "type": "aws:x:X",
            "inputs": {"open": [1], "rule": {"header": "h"}},
            "parent": "p",
            "provider": "q",
        }
    ]


@pytest.mark.parametrize("op", ["update", "delete", "read"])
def test_another_failure_leaves_no_doubt_about_what_there_is(op: str) -> None:
    follower = events.Follower(lambda _: None)
    follower(failure(op))
    assert follower.failed == []
