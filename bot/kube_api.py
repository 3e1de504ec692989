"""What the bot asks of the cluster: how workloads come along, and whether anything is left.

It creates and changes nothing; that is the engine's.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot import errors, model, proof, registry_logins
from infra import naming
from infra.readiness import watch
from infra.readiness.connection import ClusterError, Connection

PAGE = 500
LABEL_NODE_POOL = "karpenter.sh/nodepool"
"""Karpenter puts the NodePool's name, which is the environment's, on all that it makes for it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """A cluster-scoped kind that an environment leaves something of."""

    kind: str
    plural: str
    path: str
    labels: tuple[str, ...] = (naming.LABEL_ENVIRONMENT,)
    optional: bool = False
    """Its API may not be installed; then nothing of it can exist."""


_NODE_LABELS = (naming.LABEL_ENVIRONMENT, LABEL_NODE_POOL)
KINDS = (
    # Kubernetes ends a namespace only after everything in it: its absence proves theirs.
    Kind("Namespace", "namespaces", "/api/v1/namespaces"),
    Kind("NodePool", "NodePools", "/apis/karpenter.sh/v1/nodepools", optional=True),
    Kind("NodeClaim", "NodeClaims", "/apis/karpenter.sh/v1/nodeclaims", _NODE_LABELS, True),
    Kind("Node", "nodes", "/api/v1/nodes", _NODE_LABELS),
)
VOLUMES = "/api/v1/persistentvolumes"
DOCKER_CONFIG = ".dockerconfigjson"
"""The key of a Secret of type `kubernetes.io/dockerconfigjson`."""


@dataclasses.dataclass(frozen=True, slots=True)
class Right:
    """Something that the bot may do, or not."""

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""

    def __str__(self) -> str:
        """For example `create deployments.apps`."""
        part = f"/{self.subresource}" if self.subresource else ""
        group = f".{self.group}" if self.group else ""
        return f"{self.verb} {self.resource}{part}{group}"


def connect(kubeconfig: str | None, context: str | None) -> Connection:
    """The cluster of the platform's settings. Raises UnreachableError."""
    with reachable():
        return Connection.open(kubeconfig, context)


class ClusterWatch:
    """Implements `bot.ports.Watch`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def follow(
        self, namespace: str, commit: str, stop: Callable[[], bool]
    ) -> Iterator[model.Progress]:
        """Yield at each change. See `bot.ports.Watch`."""
        with reachable():
            yield from watch.follow(self._connection, namespace, commit, stop)


class ClusterListing:
    """Implements `bot.proof.Source` for the cluster."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def look(self, name: str) -> Iterator[proof.Listing]:
        """List every cluster-scoped kind by name and by label. See `bot.proof.Source`."""
        with reachable():
            for kind in KINDS:
                yield self._listing(kind, name)
            yield self._volumes(name)

    def _listing(self, kind: Kind, name: str) -> proof.Listing:
        try:
            found = [*items(self._connection, kind.path, fieldSelector=f"metadata.name={name}")]
            for label in kind.labels:
                found += items(self._connection, kind.path, labelSelector=f"{label}={name}")
        except ClusterError as error:
            if kind.optional and error.status == 404:
                return proof.Listing(f"{kind.plural} (not installed)")
            raise
        names = dict.fromkeys(item["metadata"]["name"] for item in found)
        return proof.Listing(kind.plural, tuple(model.Remnant(kind.kind, one) for one in names))

    def _volumes(self, name: str) -> proof.Listing:
        return proof.Listing(
            "volumes",
            tuple(
                model.Remnant("PersistentVolume", item["metadata"]["name"])
                for item in items(self._connection, VOLUMES)
                if volume_of(item, name)
            ),
        )


def pull_secret(connection: Connection, name: str) -> registry_logins.Logins:
    """The logins of a Secret that nodes pull images with, given as `namespace/name`.

    Raises UnreachableError, which never shows any of it.
    """
    namespace, _, secret = name.partition("/")
    path = f"/api/v1/namespaces/{namespace}/secrets/{secret}"
    try:
        data = connection.get(path).get("data") or {}
        text = base64.b64decode(data[DOCKER_CONFIG], validate=True).decode()
        return registry_logins.Logins.parse(text)
    except ClusterError as error:
        mend = {403: "let the bot `get` it", 404: "make it"}.get(error.status)
        help_ = f"; {mend}, or change UNDERSTUDY_PULL_SECRET" if mend else ""
        raise errors.UnreachableError(
            f"the Secret {name} with the registries' logins can't be read: {error}{help_}"
        ) from error
    except (KeyError, TypeError, ValueError):
        raise errors.UnreachableError(
            f"the Secret {name} holds no registries' logins: make it with "
            f"`kubectl create secret docker-registry {secret} -n {namespace} …`"
        ) from None


def items(connection: Connection, path: str, **query: str) -> Iterator[dict[str, Any]]:
    """Every object of a list, over all its pages. Raises ClusterError."""
    position = ""
    while True:
        answer = connection.get(path, limit=PAGE, **query, **_continued(position))
        yield from answer.get("items") or ()
        position = answer["metadata"].get("continue", "")
        if not position:
            return


def may(connection: Connection, right: Right) -> bool:
    """Whether the API server would let us, in every namespace. Raises ClusterError."""
    answer = connection.create(
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": dataclasses.asdict(right)},
        },
    )
    return bool((answer.get("status") or {}).get("allowed"))


def volume_of(item: Mapping[str, Any], name: str) -> bool:
    """Whether a volume is an environment's.

    Volumes outlive their namespace; they know it only by the claim that they were made for.
    """
    return (item["spec"].get("claimRef") or {}).get("namespace") == name or (
        item["metadata"].get("labels") or {}
    ).get(naming.LABEL_ENVIRONMENT) == name


def _continued(position: str) -> dict[str, str]:
    return {"continue": position} if position else {}


@contextlib.contextmanager
def reachable() -> Iterator[None]:
    """Turn a cluster's silence or refusal inside the block into UnreachableError."""
    try:
        yield
    except ClusterError as error:
        raise errors.UnreachableError(str(error)) from error
