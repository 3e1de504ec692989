"""What was found about one remnant, and the one step that may be taken about it. Pure data."""

from __future__ import annotations

import dataclasses
from typing import Any, Generic, TypeVar

from bot import model

StepT = TypeVar("StepT")


@dataclasses.dataclass(frozen=True)
class Finding(Generic[StepT]):
    """What keeps a remnant from going."""

    remnant: model.Remnant
    why: str
    """One sentence for people, with the object or condition that holds it."""
    step: StepT | None = None
    """The documented way out; None where it is waited for, or where a person has to decide."""


# -- Steps in the cluster -------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Delete:
    """Delete one object, and no other that has taken its name since."""

    path: str
    uid: str
    done: str
    """What it is called once done: `deleted it`."""
    at_once: bool = False
    """Do not wait for the kubelet, which has gone: a grace period of 0 seconds ("Force Delete
    StatefulSet Pods" in the Kubernetes documentation)."""

    def options(self) -> dict[str, Any]:
        """The DeleteOptions."""
        grace = {"gracePeriodSeconds": 0} if self.at_once else {}
        return {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": self.uid},
            **grace,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class Strip:
    """Take all finalizers off one object, if nobody has changed it since."""

    path: str
    uid: str
    version: str
    done: str

    def operations(self) -> list[dict[str, Any]]:
        """The JSON patch (RFC 6902); a test that fails changes nothing."""
        return [
            {"op": "test", "path": "/metadata/uid", "value": self.uid},
            {"op": "test", "path": "/metadata/resourceVersion", "value": self.version},
            {"op": "remove", "path": "/metadata/finalizers"},
        ]


ClusterStep = Delete | Strip
ClusterFinding = Finding[ClusterStep]
