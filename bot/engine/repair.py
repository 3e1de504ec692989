"""What a state is edited to after an engine was killed, or a creation failed.

The engine notes each operation in the state before it begins it (`pending_operations`) and takes
the note away afterwards. So what is pending was interrupted; nobody knows whether it took place.
Importing a state forgets such notes (`pulumi stack import`), so before that each becomes a resource
that the engine reads anew before it does anything else (`refreshBeforeUpdate`, which it keeps until
it has read it): what is not there is dropped by that, and what is there is known from then on.

Of a creation that failed nobody knows either: the answer may have been lost on its way. The engine
takes its note away all the same, and would meet a stranger when it tries again.
See docs/decisions/0007-engine-repair.md.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

from bot.engine.stack import Deployment

Resource = dict[str, Any]
Find = Callable[[Resource, Deployment], str | None]
"""The provider's id of a resource that may have been made; None if it certainly was not."""

PENDING = "pending_operations"
LOOK = "refreshBeforeUpdate"
CREATING = frozenset({"creating", "importing"})


def pending(deployment: Deployment) -> list[Resource]:
    """The resources whose operation was interrupted."""
    return [operation["resource"] for operation in deployment.get(PENDING) or ()]


def mended(deployment: Deployment, find: Find, failed: Iterable[Resource] = ()) -> Deployment:
    """The state without pending operations, in which nothing that may exist is missing.

    `failed` are resources whose creation failed just now.
    """
    made = copy.deepcopy(deployment)
    resources: list[Resource] = made.setdefault("resources", [])
    doubtful = [{"type": "creating", "resource": dict(resource)} for resource in failed]
    for operation in [*(made.pop(PENDING, None) or ()), *doubtful]:
        resource = operation["resource"]
        if not _read_by_provider(resource):
            continue
        known = [one for one in resources if one["urn"] == resource["urn"]]
        if operation["type"] in CREATING:
            identifier = find(resource, deployment)
            if identifier is not None and identifier not in [one.get("id") for one in known]:
                known.append(_add(resources, {**resource, "id": identifier}))
        # Of an update nobody knows either whether it was made: old state and new wish may be equal
        # where the thing itself is not.
        for one in known:
            one[LOOK] = True
    return made


def _read_by_provider(resource: Resource) -> bool:
    """Components and providers exist in the state only: nothing is lost with their notes."""
    kind: str = resource["type"]
    return bool(resource.get("custom")) and not kind.startswith("pulumi:")


def _add(resources: list[Resource], resource: Resource) -> Resource:
    """Put a resource into the state: behind what it needs, and in front of what it replaces.

    The old one of a replacement goes to the end, marked for deletion (Snapshot.VerifyIntegrity).
    """
    urn = resource["urn"]
    place = next(
        (
            index
            for index, one in enumerate(resources)
            if one["urn"] == urn and not one.get("delete")
        ),
        None,
    )
    if place is None:
        first = next((i for i, one in enumerate(resources) if one.get("delete")), len(resources))
        resources.insert(first, resource)
    else:
        old = resources[place]
        resources[place] = resource
        resources.append({**old, "delete": True})
    return resource
