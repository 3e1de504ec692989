"""Lists what carries any environment's label, tag or name: `bot.ports.Inventory`.

Each source lists by itself and looks into no recorded state, as `bot.proof` does for one
environment: what was forgotten there is just what has to be found.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from bot import aws_api, kube_api, model
from infra import naming
from infra.readiness.connection import ClusterError, Connection

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient
    from mypy_boto3_ec2 import EC2Client

BY_HAND = "hand"
"""The driver of what a person made (`infra.contract.inputs`)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Trace:
    """One resource of an environment, and what it says of it."""

    name: str
    """The environment's name."""
    remnant: model.Remnant
    key: model.EnvironmentKey | None = None
    """Whose it says that it is; None where it does not tell exactly."""
    driver: str | None = None
    """Who made it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """Whose environments there may be."""

    keys: Collection[model.EnvironmentKey] = ()
    repositories: Collection[str] = ()


class Source(Protocol):
    """Something that can be listed."""

    def traces(self) -> Iterator[Trace]:
        """Everything of any environment. Raises UnreachableError."""


class CloudInventory:
    """Implements `bot.ports.Inventory` over its sources.

    `known` gives environments that there may be, for what does not tell its own exactly (of a
    repository, each pull request is meant); what it raises ends the listing.
    """

    def __init__(self, sources: Sequence[Source], known: Callable[[], Known]) -> None:
        self._sources = sources
        self._known = known

    def holdings(self) -> Sequence[model.Holding]:
        """Everything found, by environment. See `bot.ports.Inventory`."""
        found: dict[str, list[Trace]] = {}
        for source in self._sources:
            for trace in source.traces():
                found.setdefault(trace.name, []).append(trace)
        known = self._known() if found else Known()
        return [_holding(name, traces, known) for name, traces in sorted(found.items())]


def _holding(name: str, traces: Sequence[Trace], known: Known) -> model.Holding:
    keys = (key for trace in traces if (key := _key(trace, known)) is not None)
    return model.Holding(
        name=name,
        key=next(keys, None),
        resources=tuple(dict.fromkeys(trace.remnant for trace in traces)),
        by_hand=any(trace.driver == BY_HAND for trace in traces),
    )


def _key(trace: Trace, known: Known) -> model.EnvironmentKey | None:
    """Whose it is: the name holds a part of a digest, so only the right one fits."""
    number = naming.number_in(trace.name)
    guessed = (model.EnvironmentKey.told(repository, number) for repository in known.repositories)
    told = (trace.key,) if trace.key else (*known.keys, *filter(None, guessed))
    return next((key for key in told if naming.environment_name(key) == trace.name), None)


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
        naming.labelled(_labels(item), annotations),
        annotations.get(naming.ANNOTATION_DRIVER),
    )


def _labels(item: Mapping[str, Any]) -> Mapping[str, str]:
    return item["metadata"].get("labels") or {}


def _in_form(name: str) -> str:
    """The name, if it can be an environment's, or else nothing."""
    return name if naming.NAME_FORM.fullmatch(name) else ""


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
        naming.tagged(tags),
        tags.get(naming.TAG_DRIVER),
    )
