"""Restarts an environment's workloads and shows what they wrote, for whoever asks for it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot import kube_api, scaling
from infra import naming, ownership
from infra.readiness.connection import ClusterError, Connection

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
"""The annotation of `kubectl rollout restart`, so that either sees the other's."""
LINES = 100
"""Of each container's log."""
BYTES = 64 * 1024
LOG_SECONDS = 10.0
_NOT_NOW = frozenset({400, 404})
"""No log yet, or no pod any more."""

Item = Mapping[str, Any]


class ClusterWorkloads:
    """Implements `bot.ports.Workloads`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def restart(self, name: str, service: str | None, at: datetime.datetime) -> Sequence[str]:
        """Start pods anew. See `bot.ports.Workloads`."""
        found = []
        with kube_api.reachable():
            for path, item in scaling.workloads(self._connection, name):
                own = item["metadata"]["name"]
                if service in (None, own):
                    self._restart(path, item, at)
                    found.append(own)
        return found

    def _restart(self, path: str, item: Item, at: datetime.datetime) -> None:
        annotations = item["spec"]["template"].get("metadata", {}).get("annotations") or {}
        value = at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        # Times of one form sort as texts do; asked twice, it restarts once.
        if annotations.get(RESTARTED_AT, "") >= value:
            return
        where = "/spec/template/metadata/annotations"
        key = RESTARTED_AT.replace("~", "~0").replace("/", "~1")
        operations: list[dict[str, Any]] = [{"op": "add", "path": f"{where}/{key}", "value": value}]
        if not annotations:
            operations = [{"op": "add", "path": where, "value": {RESTARTED_AT: value}}]
        self._connection.patch(path, operations, ownership.RESTART)

    def logs(self, name: str, service: str | None, most: int) -> Mapping[str, str | None]:
        """What pods wrote last. See `bot.ports.Workloads`."""
        with kube_api.reachable():
            return {
                pod["metadata"]["name"]: self._log(name, pod) if at < most else None
                for at, pod in enumerate(self._pods(name, service))
            }

    def _pods(self, name: str, service: str | None) -> Iterator[Item]:
        selector = naming.LABEL_SERVICE + (f"={service}" if service else "")
        path = f"/api/v1/namespaces/{name}/pods"
        yield from kube_api.items(self._connection, path, labelSelector=selector)

    def _log(self, name: str, pod: Item) -> str:
        path = f"/api/v1/namespaces/{name}/pods/{pod['metadata']['name']}/log"
        container = pod["spec"]["containers"][0]["name"]
        try:
            return self._connection.text(
                path, LOG_SECONDS, container=container, tailLines=LINES, limitBytes=BYTES
            )
        except ClusterError as error:
            if error.status in _NOT_NOW:
                return ""
            raise
