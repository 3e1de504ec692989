"""Looks at what is left in the cluster, and takes the steps that were found."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import structlog

from bot import clock, kube_api, model
from bot.clearing import namespaces, nodes, volumes
from bot.clearing.bounds import Bounds
from bot.clearing.finding import ClusterFinding, ClusterStep, Delete
from bot.clearing.objects import Item, deleted_at, name_of, ours
from infra import naming, ownership
from infra.readiness.connection import ClusterError, Connection

NAMESPACES = "/api/v1/namespaces"
NODES = "/api/v1/nodes"
PODS = "/api/v1/pods"
BUDGETS = "/apis/policy/v1/poddisruptionbudgets"
ATTACHMENTS = "/apis/storage.k8s.io/v1/volumeattachments"
_BY_POOL = (naming.LABEL_ENVIRONMENT, kube_api.LABEL_NODE_POOL)
_AGAIN = (409, 422, 429)
"""Somebody else has changed the object since it was read, or the API server asks for patience: it
is looked at anew next time."""

_log = structlog.get_logger(__name__)


class ClusterClearer:
    """Implements `bot.ports.Clearer` for the cluster."""

    def __init__(
        self, connection: Connection, time: clock.Clock, bounds: Bounds | None = None
    ) -> None:
        self._connection = connection
        self._clock = time
        self._bounds = bounds or Bounds()

    def clear(self, name: str, seconds: float) -> Sequence[model.Obstacle]:
        """Look at everything, and take the steps that may be taken. See `bot.ports.Clearer`."""
        with kube_api.reachable():
            # Everything is looked at before anything is done, so that one answer is one picture.
            findings = list(self._look(name, seconds))
            left = self._bounds.most_steps
            obstacles = []
            for finding in findings:
                done = ""
                if finding.step is not None and left:
                    left -= 1
                    done = self._take(finding.step)
                    _log.info(
                        "cleared", action="clear", environment=name, why=finding.why, did=done
                    )
                obstacles.append(model.Obstacle(finding.remnant, finding.why, done))
            return obstacles

    # -- Looking ----------------------------------------------------------------------------------

    def _look(self, name: str, seconds: float) -> Iterator[ClusterFinding]:
        spaces = self._named(NAMESPACES, name, (naming.LABEL_ENVIRONMENT,))
        for space in spaces:
            yield from namespaces.namespace(space, name)
            if ours(space, name) and deleted_at(space) is not None:
                for resource in namespaces.remaining(space):
                    yield from self._contents(space, resource)
        own = frozenset(name_of(space) for space in spaces if ours(space, name))
        yield from self._nodes(name, seconds, own)
        for item in self._items(volumes.PATH):
            if kube_api.volume_of(item, name):
                yield volumes.volume(item, name)

    def _contents(self, space: Item, resource: namespaces.Resource) -> Iterator[ClusterFinding]:
        """The objects of one kind inside; never more than the bound, as each call is short."""
        found = name_of(space)
        now = self._clock.now()
        try:
            base, answer = self._inside(found, resource)
        except ClusterError as error:
            if error.status == 0:
                raise
            remnant = model.Remnant("Namespace", found)
            what = f"{resource.plural}.{resource.group}".rstrip(".")
            yield ClusterFinding(remnant, f"what is left of {what} can't be listed: {error}")
            return
        kind = str(answer.get("kind", resource.plural)).removesuffix("List")
        for item in answer.get("items") or ():
            path = f"{base}/{name_of(item)}"
            if kind == "Pod":
                home = item["spec"].get("nodeName")
                node = self._find(f"{NODES}/{home}") if home else None
                yield namespaces.pod(path, item, node, now, self._bounds)
            else:
                yield namespaces.content(kind, path, item, now, self._bounds)

    def _inside(self, space: str, resource: namespaces.Resource) -> tuple[str, Item]:
        """The path and the list of the objects of one kind inside. Raises ClusterError."""
        *others, last = self._versions(resource.group)
        for version in others:
            base = f"{version}/namespaces/{space}/{resource.plural}"
            try:
                return base, self._connection.get(base, limit=self._bounds.most_told)
            except ClusterError as error:
                # A kind need not be in its group's preferred version.
                if error.status != 404:
                    raise
        base = f"{last}/namespaces/{space}/{resource.plural}"
        return base, self._connection.get(base, limit=self._bounds.most_told)

    def _versions(self, group: str) -> list[str]:
        """The paths of a group's versions, the preferred one first."""
        if not group:
            return ["/api/v1"]
        found = self._connection.get(f"/apis/{group}")
        versions = [found["preferredVersion"], *found.get("versions", ())]
        return list(dict.fromkeys(f"/apis/{one['groupVersion']}" for one in versions))

    def _nodes(self, name: str, seconds: float, own: frozenset[str]) -> Iterator[ClusterFinding]:
        pools = self._named(nodes.POOLS, name, (naming.LABEL_ENVIRONMENT,), optional=True)
        claims = self._named(nodes.CLAIMS, name, _BY_POOL, optional=True)
        for pool in pools:
            yield nodes.node_pool(pool, name, claims)
        ending = []
        for claim in claims:
            finding = nodes.unclaimed(claim, name, pools, seconds, self._bounds)
            if finding is None:
                ending.append(claim)
            else:
                yield finding
        if ending:
            yield from self._ending(ending, own)
        for item in self._named(NODES, name, _BY_POOL):
            yield nodes.node(item, name, claims)

    def _ending(self, claims: Sequence[Item], own: frozenset[str]) -> Iterator[ClusterFinding]:
        budgets = list(self._items(BUDGETS))
        attachments = list(self._items(ATTACHMENTS))
        for claim in claims:
            home = (claim.get("status") or {}).get("nodeName")
            pods = self._items(PODS, fieldSelector=f"spec.nodeName={home}") if home else iter(())
            findings = nodes.node_claim(claim, list(pods), budgets, attachments, own)
            yield from itertools.islice(findings, self._bounds.most_told)

    # -- Asking and doing -------------------------------------------------------------------------

    def _named(
        self, path: str, name: str, keys: Sequence[str], optional: bool = False
    ) -> list[dict[str, Any]]:
        """The objects of a kind that have the environment's name, or one of these labels."""
        try:
            found = [*self._items(path, fieldSelector=f"metadata.name={name}")]
            for key in keys:
                found += self._items(path, labelSelector=f"{key}={name}")
        except ClusterError as error:
            if optional and error.status == 404:
                return []
            raise
        return list({item["metadata"]["uid"]: item for item in found}.values())

    def _items(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        return kube_api.items(self._connection, path, **query)

    def _find(self, path: str) -> dict[str, Any] | None:
        try:
            return self._connection.get(path)
        except ClusterError as error:
            if error.status == 404:
                return None
            raise

    def _take(self, step: ClusterStep) -> str:
        """Take one step; what came of it, in one sentence, or empty where it has to be seen anew.

        Raises ClusterError where there was no answer.
        """
        try:
            if isinstance(step, Delete):
                self._connection.delete(step.path, step.options())
            else:
                self._connection.patch(step.path, step.operations(), ownership.CLEARING)
        except ClusterError as error:
            if error.status == 404:
                return "it was gone already"
            if error.status in _AGAIN:
                return ""
            if not 400 <= error.status < 500:
                raise
            return f"tried in vain: {error}"
        return step.done
