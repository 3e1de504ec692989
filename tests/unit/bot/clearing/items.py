"""Objects as an API server sends them, in one line each."""

from __future__ import annotations

import datetime
from typing import Any

from bot import kube_api
from infra import naming

Item = dict[str, Any]

NAME = "pr-7-shop-abcdef"
OURS = {naming.LABEL_ENVIRONMENT: NAME, naming.LABEL_MANAGED_BY: naming.MANAGED_BY}
GROWN = {naming.LABEL_ENVIRONMENT: NAME, kube_api.LABEL_NODE_POOL: NAME}
NOW = datetime.datetime(2026, 1, 1, 12, 0, tzinfo=datetime.UTC)


def ago(seconds: float) -> str:
    """A time before NOW, as the API server writes it."""
    return f"{NOW - datetime.timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def item(name: str, labels: dict[str, str] | None = None, /, **parts: Any) -> Item:
    """An object; `deleted` in seconds before NOW, `finalizers` and the like are its metadata's."""
    metadata: Item = {"name": name, "uid": f"uid-{name}", "resourceVersion": "1"}
    if labels:
        metadata["labels"] = labels
    if "deleted" in parts:
        metadata["deletionTimestamp"] = ago(parts.pop("deleted"))
    for key in ("finalizers", "namespace", "annotations", "ownerReferences"):
        if key in parts:
            metadata[key] = parts.pop(key)
    return {"metadata": metadata, "spec": {}, **parts}


def status(*conditions: tuple[str, str, str], **fields: Any) -> Item:
    """A status with these conditions: type, status, message."""
    told = [
        {"type": kind, "status": state, "message": words, "lastTransitionTime": ago(400)}
        for kind, state, words in conditions
    ]
    return {"conditions": told, **fields}
