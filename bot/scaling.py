"""Puts an environment's workloads to sleep and wakes them.

`spec.replicas` is the sleep manager's (`infra.ownership`), and this writes it under that name. A
field that another manager holds is left alone, unless the workload is at zero: an environment that
is awake has none that is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot import kube_api
from infra import naming, ownership
from infra.readiness.connection import ClusterError, Connection

PATHS = (
    "/apis/apps/v1/namespaces/{}/deployments",
    "/apis/apps/v1/namespaces/{}/statefulsets",
)
_GONE = 404

Item = Mapping[str, Any]


class ClusterSleeper:
    """Implements `bot.ports.Sleeper`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sleep(self, name: str) -> None:
        """Scale everything to zero. See `bot.ports.Sleeper`."""
        with kube_api.reachable():
            for path, item in workloads(self._connection, name):
                if _replicas(item) != 0:
                    self._scale(path, 0)

    def wake(self, name: str) -> None:
        """Scale up what is asleep. See `bot.ports.Sleeper`."""
        with kube_api.reachable():
            for path, item in workloads(self._connection, name):
                wanted = _wanted(item)
                if _replicas(item) != wanted and (_replicas(item) == 0 or not _others(item)):
                    self._scale(path, wanted)

    def _scale(self, path: str, replicas: int) -> None:
        # "add" replaces what is there, too; where it is zero, the API server shows no such field.
        operation = {"op": "add", "path": "/spec/replicas", "value": replicas}
        try:
            self._connection.patch(f"{path}/scale", [operation], ownership.SLEEP)
        except ClusterError as error:
            if error.status != _GONE:
                raise


def workloads(connection: Connection, name: str) -> Iterator[tuple[str, Item]]:
    """What an environment runs, each with its path; what is on its way out is left out.

    Raises ClusterError.
    """
    for pattern in PATHS:
        path = pattern.format(name)
        for item in kube_api.items(connection, path):
            if "deletionTimestamp" not in item["metadata"]:
                yield f"{path}/{item['metadata']['name']}", item


def _replicas(item: Item) -> int:
    """How many there are to be just now; Kubernetes' default is one."""
    found = item["spec"].get("replicas")
    return 1 if found is None else int(found)


def _wanted(item: Item) -> int:
    """How many `.stage.yaml` asks for; what does not say so was made by others, and has one."""
    annotations = item["metadata"].get("annotations") or {}
    return int(annotations.get(naming.ANNOTATION_REPLICAS, 1))


def _others(item: Item) -> bool:
    """Whether somebody else scales it."""
    return any(
        entry.get("manager") != ownership.SLEEP
        and "f:replicas" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})
        for entry in item["metadata"].get("managedFields") or ()
    )
