"""Hooks and their deliveries."""

from __future__ import annotations

import json
from typing import Any

from tests.world.github import objects
from tests.world.github.shapes.common import stamp


def hook_config(of: objects.Hook) -> dict[str, Any]:
    """Where a hook leads; its secret is never shown."""
    config = {"content_type": "json", "insecure_ssl": "0", "url": of.url}
    if of.secret:
        config["secret"] = "********"
    return config


def hook(base: str, of: objects.Hook) -> dict[str, Any]:
    """A repository's hook."""
    assert of.repository is not None
    url = f"{base}/repos/{of.repository.full_name}/hooks/{of.id}"
    used = of.last_code is not None
    return {
        "type": "Repository",
        "id": of.id,
        "name": "web",
        "active": of.active,
        "events": list(of.events),
        "config": hook_config(of),
        "updated_at": stamp(of.created_at),
        "created_at": stamp(of.created_at),
        "url": url,
        "test_url": f"{url}/test",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": {
            "code": of.last_code,
            "status": "active" if used else "unused",
            "message": "OK" if used else None,
        },
    }


def delivery_item(of: objects.Delivery) -> dict[str, Any]:
    """A delivery in a list."""
    installation = json.loads(of.body).get("installation", {}).get("id")
    return {
        "id": of.id,
        "guid": of.guid,
        "delivered_at": stamp(of.delivered_at or objects.now()),
        "redelivery": of.redelivery,
        "duration": of.duration,
        "status": of.status,
        "status_code": of.status_code,
        "event": of.event,
        "action": of.action,
        "installation_id": installation if of.hook.app else None,
        "repository_id": of.repository_id,
        "throttled_at": None,
    }


def delivery(of: objects.Delivery) -> dict[str, Any]:
    """A delivery by itself, with what was sent and answered."""
    return {
        **delivery_item(of),
        "url": of.hook.url,
        "request": {"headers": dict(of.headers), "payload": json.loads(of.body)},
        "response": {"headers": of.response_headers, "payload": of.response_body},
    }
