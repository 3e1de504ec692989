"""Small questions to Kubernetes' objects as the API server's JSON tells them. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

Shape = Mapping[str, Any]

LONG_AGO = datetime.datetime.min.replace(tzinfo=datetime.UTC)


def name(item: Shape) -> str:
    """The object's name."""
    return str(item["metadata"]["name"])


def labels(item: Shape) -> Mapping[str, str]:
    """The object's labels; the API leaves the field out where there are none."""
    found: Mapping[str, str] = item["metadata"].get("labels") or {}
    return found


def annotation(item: Shape, key: str) -> str | None:
    """One of the object's annotations."""
    found: Mapping[str, str] = item["metadata"].get("annotations") or {}
    return found.get(key)


def owned(item: Shape, owner: Shape) -> bool:
    """Whether `owner` made the object (by uid: names are used again)."""
    uid = owner["metadata"].get("uid")
    references: Iterable[Shape] = item["metadata"].get("ownerReferences") or ()
    return any(reference.get("uid") == uid for reference in references)


def terminating(item: Shape) -> bool:
    """Whether the object is being deleted."""
    return "deletionTimestamp" in item["metadata"]


def phase(pod: Shape) -> str:
    """A pod's phase; `Failed` and `Succeeded` pods are records, they never run again."""
    return str(pod.get("status", {}).get("phase", "Pending"))


def condition(item: Shape, kind: str) -> Shape | None:
    """The object's condition of a type."""
    found: Iterable[Shape] = item.get("status", {}).get("conditions") or ()
    return next((one for one in found if one.get("type") == kind), None)


def holds(item: Shape, kind: str) -> Shape | None:
    """The same, where it is True."""
    found = condition(item, kind)
    return found if found and found.get("status") == "True" else None


def unscheduled(pod: Shape) -> Shape | None:
    """The condition that says why a pod has no place."""
    found = condition(pod, "PodScheduled")
    if found and found.get("status") == "False" and found.get("reason") == "Unschedulable":
        return found
    return None


def containers(pod: Shape) -> list[Shape]:
    """The statuses of a pod's containers, in the order in which they start."""
    status = pod.get("status", {})
    return [
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    ]


def terminated(status: Shape) -> Shape:
    """How a container ended, now or the last time; empty where it never did."""
    current: Shape | None = (status.get("state") or {}).get("terminated")
    last: Shape | None = (status.get("lastState") or {}).get("terminated")
    return current or last or {}


def exit_code(status: Shape) -> int:
    """The exit code of that end; 0 where there was none."""
    return int(terminated(status).get("exitCode", 0))


def time(text: str | None) -> datetime.datetime | None:
    """A timestamp of the API."""
    return datetime.datetime.fromisoformat(text) if text else None


def created(item: Shape) -> datetime.datetime:
    """When the object was made."""
    return time(item["metadata"].get("creationTimestamp")) or LONG_AGO


def event_time(event: Shape) -> datetime.datetime:
    """When it happened last; events have three ways to say so."""
    series = event.get("series") or {}
    return (
        time(series.get("lastObservedTime"))
        or time(event.get("lastTimestamp"))
        or time(event.get("eventTime"))
        or created(event)
    )


def event_order(event: Shape) -> tuple[datetime.datetime, int]:
    """Events in the order in which they happened: their times are of whole seconds, and within
    one the API server's own count tells (resource versions of one kind are comparable)."""
    version = str(event["metadata"].get("resourceVersion", ""))
    return event_time(event), int(version) if version.isdigit() else 0


def from_karpenter(event: Shape) -> bool:
    """Whether Karpenter says it, not the scheduler, which uses the same reasons."""
    component = event.get("reportingComponent") or (event.get("source") or {}).get("component", "")
    return str(component).startswith("karpenter")
