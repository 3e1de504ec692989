"""Kubernetes objects as JSON, read. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from bot import kube_api, model
from bot.clearing.finding import ClusterFinding
from infra import naming

Item = Mapping[str, Any]


def name_of(item: Item) -> str:
    """The object's name."""
    return str(item["metadata"]["name"])


def labels(item: Item) -> Mapping[str, str]:
    """The object's labels."""
    return item["metadata"].get("labels") or {}


def annotated(item: Item) -> Mapping[str, str]:
    """The object's annotations."""
    return item["metadata"].get("annotations") or {}


def finalizers(item: Item) -> tuple[str, ...]:
    """The object's finalizers."""
    return tuple(item["metadata"].get("finalizers") or ())


def owners(item: Item) -> tuple[Item, ...]:
    """The object's owner references."""
    return tuple(item["metadata"].get("ownerReferences") or ())


def ours(item: Item, name: str) -> bool:
    """Whether Understudy made it for this environment; a name alone says nothing."""
    found = labels(item)
    return (
        found.get(naming.LABEL_ENVIRONMENT) == name
        and found.get(naming.LABEL_MANAGED_BY) == naming.MANAGED_BY
    )


def grown(item: Item, name: str) -> bool:
    """Whether Karpenter made it for this environment's pods.

    NodeClaims and nodes take labels from their NodePool's template, and those can't be of
    kubernetes.io (`infra.karpenter.node_pool`); so Karpenter's own label is the second one.
    """
    found = labels(item)
    return found.get(naming.LABEL_ENVIRONMENT) == name and kube_api.LABEL_NODE_POOL in found


def deleted_at(item: Item) -> datetime.datetime | None:
    """Since when it is being deleted; for a pod, when its grace period ends. None if it isn't."""
    return moment(item["metadata"].get("deletionTimestamp"))


def moment(text: object) -> datetime.datetime | None:
    """A time of the API server's (RFC 3339); None where there is none, or it can't be read."""
    try:
        found = datetime.datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=datetime.UTC)


def clock_time(at: datetime.datetime) -> str:
    """A time for people."""
    return f"{at.astimezone(datetime.UTC):%H:%M:%S} UTC"


def condition(item: Item, kind: str) -> Item:
    """The object's condition of this type; empty without one."""
    found = (item.get("status") or {}).get("conditions") or ()
    return next((each for each in found if each.get("type") == kind), {})


def holds(item: Item, kind: str) -> bool:
    """Whether the object has a condition of this type that is True."""
    return condition(item, kind).get("status") == "True"


def listed(names: list[str], most: int = 3) -> str:
    """Names in a sentence; many of them are counted."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def stranger(kind: str, item: Item) -> ClusterFinding:
    """What has the environment's name and not its labels is told, and left alone."""
    name = name_of(item)
    return ClusterFinding(
        model.Remnant(kind, name),
        f"{kind} {name} has the environment's name but not its labels, so somebody else made it: "
        "delete or rename it by hand if it isn't needed",
    )
