"""Why a namespace does not go: what its controller says, and what the objects inside say. Pure.

The controller (kubernetes, pkg/controller/namespace/deletion) deletes everything inside, and tells
in the namespace's conditions what is left. Finalizers are taken away only of objects inside, never
of the namespace itself: it would vanish with its content still stored.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Iterator

from bot import model
from bot.clearing.bounds import Bounds
from bot.clearing.finding import ClusterFinding, Delete, Strip
from bot.clearing.objects import (
    Item,
    clock_time,
    condition,
    deleted_at,
    finalizers,
    holds,
    listed,
    moment,
    name_of,
    ours,
    stranger,
)

CONTENT_REMAINING = "NamespaceContentRemaining"
FINALIZERS_REMAINING = "NamespaceFinalizersRemaining"
FAILURES = {
    "NamespaceDeletionDiscoveryFailure": "an API that the cluster only passes on does not answer; "
    "bring its server back, or delete its APIService",
    "NamespaceDeletionGroupVersionParsingFailure": "the version of an API can't be read",
    "NamespaceDeletionContentFailure": "something in it could not be deleted",
}
"""Conditions that are told and not worked around, with what they mean."""

_REMAINING = re.compile(r"([a-z0-9-]+)\.(\S*) has [1-9]\d* resource instances")


@dataclasses.dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object that is left in a namespace, as its controller names it."""

    plural: str
    group: str
    """Empty for the core group."""


def namespace(item: Item, name: str) -> Iterator[ClusterFinding]:
    """What the namespace itself tells. What is in it tells more, once it is being deleted."""
    found = name_of(item)
    remnant = model.Remnant("Namespace", found)
    if not ours(item, name):
        yield stranger("Namespace", item)
    elif deleted_at(item) is None:
        step = Delete(
            f"/api/v1/namespaces/{found}", item["metadata"]["uid"], f"deleted namespace {found}"
        )
        yield ClusterFinding(remnant, f"nobody was deleting namespace {found}", step)
    else:
        failures = [kind for kind in FAILURES if holds(item, kind)]
        for kind in failures:
            words = condition(item, kind).get("message", "")
            yield ClusterFinding(remnant, f"namespace {found}: {FAILURES[kind]} ({words})")
        if not failures and not remaining(item):
            yield ClusterFinding(remnant, f"namespace {found} is {_emptying(item)}")


def _emptying(item: Item) -> str:
    words = condition(item, FINALIZERS_REMAINING).get("message")
    held = finalizers(item)
    if words or not held:
        return f"being emptied by its controller ({words or 'what is left is not told yet'})"
    # To take these away is nobody's but theirs who set them.
    return f"held by {listed(list(held))}, which stays until who set it takes it away"


def remaining(item: Item) -> tuple[Resource, ...]:
    """The kinds of objects that the controller still finds in the namespace."""
    if not holds(item, CONTENT_REMAINING):
        return ()
    words = condition(item, CONTENT_REMAINING).get("message") or ""
    return tuple(Resource(plural, group) for plural, group in _REMAINING.findall(words))


def content(
    kind: str, path: str, item: Item, now: datetime.datetime, bounds: Bounds
) -> ClusterFinding:
    """Why one object inside the environment's own namespace is still there.

    The namespace's labels were checked by who calls, and that it is being deleted.
    """
    what = f"{kind} {name_of(item)}"
    remnant = model.Remnant("Namespace", item["metadata"]["namespace"])
    since, held = deleted_at(item), finalizers(item)
    if since is None:
        return ClusterFinding(
            remnant, f"{what} is next to be deleted by the namespace's controller"
        )
    if not held:
        return ClusterFinding(remnant, f"{what} is ending")
    names = f"finalizer{'s' if len(held) > 1 else ''} {listed(list(held))}"
    why = f"{what} is held by {names} since {clock_time(since)}"
    due = since + datetime.timedelta(seconds=bounds.finalizer_seconds)
    if now < due:
        return ClusterFinding(
            remnant, f"{why}: who set it has until {clock_time(due)} to take it away"
        )
    metadata = item["metadata"]
    done = (
        f"took {names} off {what}, as nobody else did; "
        "what it was there for may be left outside the cluster"
    )
    return ClusterFinding(
        remnant, why, Strip(path, metadata["uid"], metadata["resourceVersion"], done)
    )


def pod(
    path: str, item: Item, node: Item | None, now: datetime.datetime, bounds: Bounds
) -> ClusterFinding:
    """Why a pod is still there; `node` is the one that it runs on, None where that has gone."""
    found = content("Pod", path, item, now, bounds)
    since = deleted_at(item)
    home = item["spec"].get("nodeName")
    if since is None or finalizers(item) or not home:
        return found
    lost = _lost(home, node, now, bounds)
    if not lost:
        return dataclasses.replace(found, why=f"{found.why} on node {home}")
    why = f"Pod {name_of(item)} can't tell that it has ended: {lost}"
    # Until its grace period is over, a node that comes back may still end it properly.
    if now < since:
        return dataclasses.replace(found, why=why)
    done = f"deleted Pod {name_of(item)} without waiting for its node"
    step = Delete(path, item["metadata"]["uid"], done, at_once=True)
    return ClusterFinding(found.remnant, why, step)


def _lost(home: str, node: Item | None, now: datetime.datetime, bounds: Bounds) -> str:
    """Why a node won't end its pods any more; empty while it may."""
    if node is None:
        return f"node {home} is gone"
    if holds(node, "Ready"):
        return ""
    since = moment(condition(node, "Ready").get("lastTransitionTime"))
    if since is None or now < since + datetime.timedelta(seconds=bounds.node_seconds):
        return ""
    return f"node {home} is not Ready since {clock_time(since)}"
