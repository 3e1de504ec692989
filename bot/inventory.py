"""Lists what carries any environment's label, tag or name: `bot.ports.Inventory`.

Each source lists by itself and looks into no recorded state, as `bot.proof` does for one
environment: what was forgotten there is just what has to be found.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from bot import aws_api, kube_api, model
from infra import naming
from infra.readiness.connection import ClusterError, Connection

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient
    from mypy_boto3_ec2 import EC2Client

BY_HAND = "hand"
"""The driver of what a person made (`infra.contract.inputs`)."""
_NAME = re.compile(r"pr-(\d+)-[a-z0-9-]+-[0-9a-f]{6}")
"""The form of `infra.naming.environment_name`, for what has a name and no label."""


@dataclasses.dataclass(frozen=True, slots=True)
class Trace:
    """One resource of an environment, and what it says of it."""

    name: str
    """The environment's name."""
    remnant: model.Remnant
    repository: str | None = None
    """Full name; None where it is not told exactly."""
    number: str | None = None
    """The pull request's number, as it is written there."""
    driver: str | None = None
    """Who made it."""


class Source(Protocol):
    """Something that can be listed."""

    def traces(self) -> Iterator[Trace]:
        """Everything of any environment. Raises UnreachableError."""


class CloudInventory:
    """Implements `bot.ports.Inventory` over its sources.

    `known` gives repositories that environments may be of, for what does not tell its own exactly;
    what it raises ends the listing.
    """

    def __init__(self, sources: Sequence[Source], known: Callable[[], Iterable[str]]) -> None:
        self._sources = sources
        self._known = known

    def holdings(self) -> Sequence[model.Holding]:
        """Everything found, by environment. See `bot.ports.Inventory`."""
        found: dict[str, list[Trace]] = {}
        for source in self._sources:
            for trace in source.traces():
                found.setdefault(trace.name, []).append(trace)
        known = list(self._known()) if found else []
        return [_holding(name, traces, known) for name, traces in sorted(found.items())]


def _holding(name: str, traces: Sequence[Trace], known: Sequence[str]) -> model.Holding:
    keys = (key for trace in traces if (key := _key(trace, known)) is not None)
    return model.Holding(
        name=name,
        key=next(keys, None),
        resources=tuple(dict.fromkeys(trace.remnant for trace in traces)),
        by_hand=any(trace.driver == BY_HAND for trace in traces),
    )


def _key(trace: Trace, known: Iterable[str]) -> model.EnvironmentKey | None:
    """Whose it is: the name holds a part of the repository's digest, so only the right one fits."""
    in_name = _NAME.fullmatch(trace.name)
    number = trace.number or (in_name[1] if in_name else "")
    if not re.fullmatch(r"[1-9][0-9]{0,9}", number):
        return None
    for repository in (trace.repository,) if trace.repository else known:
        if naming.environment_name(repository, int(number)) == trace.name:
            return model.EnvironmentKey(repository, int(number))
    return None


# -- the cluster ----------------------------------------------------------------------------------


class ClusterTraces:
    """Namespaces, NodePools, NodeClaims, nodes and volumes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def traces(self) -> Iterator[Trace]:
        """By label; volumes also by the namespace that they were made for. See `Source`."""
        with kube_api.reachable():
            for kind in kube_api.KINDS:
                yield from self._labelled(kind)
            for item in kube_api.items(self._connection, kube_api.VOLUMES):
                claimed = (item["spec"].get("claimRef") or {}).get("namespace", "")
                name = _labels(item).get(naming.LABEL_ENVIRONMENT) or _in_form(claimed)
                if name:
                    yield _trace(name, "PersistentVolume", item)

    def _labelled(self, kind: kube_api.Kind) -> Iterator[Trace]:
        try:
            for item in kube_api.items(
                self._connection, kind.path, labelSelector=naming.LABEL_ENVIRONMENT
            ):
                yield _trace(_labels(item)[naming.LABEL_ENVIRONMENT], kind.kind, item)
        except ClusterError as error:
            if not (kind.optional and error.status == 404):
                raise


def _trace(name: str, kind: str, item: Mapping[str, Any]) -> Trace:
    annotations = item["metadata"].get("annotations") or {}
    return Trace(
        name,
        model.Remnant(kind, item["metadata"]["name"]),
        annotations.get(naming.ANNOTATION_REPOSITORY),
        _labels(item).get(naming.LABEL_PULL_REQUEST),
        annotations.get(naming.ANNOTATION_DRIVER),
    )


def _labels(item: Mapping[str, Any]) -> Mapping[str, str]:
    return item["metadata"].get("labels") or {}


def _in_form(name: str) -> str:
    """The name, if it can be an environment's, or else nothing."""
    return name if _NAME.fullmatch(name) else ""


# -- AWS ------------------------------------------------------------------------------------------


class InstanceTraces:
    """EC2 instances; `cluster` tells those of several clusters in an account apart."""

    def __init__(self, client: EC2Client, cluster: str | None = None) -> None:
        self._client = client
        self._cluster = cluster

    def traces(self) -> Iterator[Trace]:
        """By our tag, and by Karpenter's for the NodePool. See `Source`."""
        with aws_api.reachable("EC2"):
            for key in (naming.TAG_ENVIRONMENT, aws_api.TAG_NODE_POOL):
                chosen = aws_api.instances(
                    self._client, {"Name": "tag-key", "Values": [key]}, cluster=self._cluster
                )
                for identifier, tags in chosen:
                    ours = key == naming.TAG_ENVIRONMENT
                    # Other people's NodePools are other people's.
                    name = tags[key] if ours else _in_form(tags[key])
                    if name:
                        yield _tagged(name, model.Remnant("Instance", identifier), tags)


class EdgeTraces:
    """Staging distributions and continuous deployment policies."""

    def __init__(self, client: CloudFrontClient) -> None:
        self._client = client

    def traces(self) -> Iterator[Trace]:
        """By tag or comment, and by the header's name. See `Source`."""
        with aws_api.reachable("CloudFront"):
            for summary in aws_api.staging_distributions(self._client):
                tags = aws_api.tags(self._client, summary["ARN"])
                prefix = naming.edge_comment("")
                comment = summary["Comment"]
                called = comment.removeprefix(prefix) if comment.startswith(prefix) else ""
                name = tags.get(naming.TAG_ENVIRONMENT) or _in_form(called)
                if name:
                    yield _tagged(name, model.Remnant("Distribution", summary["Id"]), tags)
            for policy in aws_api.policies(self._client):
                config = policy["ContinuousDeploymentPolicyConfig"].get("TrafficConfig", {})
                header = config.get("SingleHeaderConfig", {}).get("Header", "")
                name = _in_form(header.removeprefix(naming.edge_header("")))
                if name:
                    yield Trace(name, model.Remnant("Policy", policy["Id"]))


def _tagged(name: str, remnant: model.Remnant, tags: Mapping[str, str]) -> Trace:
    return Trace(
        name,
        remnant,
        tags.get(naming.TAG_REPOSITORY),
        tags.get(naming.TAG_PULL_REQUEST),
        tags.get(naming.TAG_DRIVER),
    )
