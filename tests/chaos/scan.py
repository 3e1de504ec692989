"""What is left of an environment, found without the bot: nothing here is imported from it.

Reads the API server by discovery (every listable type), the simulated AWS, and the folder of
Pulumi's state, all directly and with the administrator's rights. A scan that can't read everything
raises: it says nothing about what it did not see.
"""

from __future__ import annotations

import concurrent.futures
import json
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import requests
import urllib3

LABELS = ("understudy.dev/environment", "karpenter.sh/nodepool")
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_NOT_OURS = frozenset({"events"})
"""Events about what is gone stay for an hour by Kubernetes' own rule."""
_ENDED = frozenset({"terminated"})
_OF_A_CACHE = "launch-template"
"""Karpenter makes them, and deletes one some minutes after it was last used (its cache's eviction,
pkg/providers/launchtemplate): they are looked at in the end, by `Amazon.templates`."""
_RECORDS = frozenset({_OF_A_CACHE, "fleet"})
"""A fleet of type instant is the record of one request: it holds nothing but its instances, which
are looked at."""
_READERS = 4
SECONDS = 30
Json = dict[str, Any]
Names = Collection[str]
"""Of environments."""


class Cluster:
    """The API server, read with the administrator's certificate."""

    def __init__(self, server: str, authority: Path, certificate: Path, key: Path) -> None:
        self._server = server
        self._session = requests.Session()
        self._session.verify = str(authority)
        self._session.cert = (str(certificate), str(key))
        # A machine's own proxy settings are none of a world's business.
        self._session.trust_env = False
        # A type that was just defined is answered with 429 until it can be read.
        patience = urllib3.Retry(8, backoff_factor=0.2, status_forcelist=(429, 503))
        self._session.mount(server, requests.adapters.HTTPAdapter(max_retries=patience))
        self._paths: list[tuple[str, str]] = []

    def left(self, names: Names) -> list[str]:
        """Every object that belongs to the environments. Raises requests.RequestException."""
        if not self._paths:
            self._paths = list(self._discovered())
        with concurrent.futures.ThreadPoolExecutor(_READERS) as readers:
            lists = readers.map(self._objects, self._paths)
            found = [
                f"{kind} {_called(item)}"
                for (kind, _), items in zip(self._paths, lists, strict=True)
                for item in items
                if _belongs(item, names)
            ]
        return found + list(self._volumes(names))

    def _objects(self, listed: tuple[str, str]) -> list[Json]:
        return list(self._get(listed[1], _METADATA)["items"] or ())

    def _discovered(self) -> Iterator[tuple[str, str]]:
        """Each type that can be listed, with its path; one version of each group."""
        groups = [("/api/v1", "")]
        for group in self._get("/apis")["groups"]:
            groups.append((f"/apis/{group['preferredVersion']['groupVersion']}", group["name"]))
        for path, group in groups:
            for kind in self._get(path)["resources"]:
                plural = kind["name"]
                if "/" in plural or "list" not in kind["verbs"] or plural in _NOT_OURS:
                    continue
                yield (f"{group}/{plural}" if group else plural), f"{path}/{plural}"

    def _volumes(self, names: Names) -> Iterator[str]:
        """Volumes belong to no namespace; their claim does."""
        for item in self._get("/api/v1/persistentvolumes")["items"]:
            if (item["spec"].get("claimRef") or {}).get("namespace") in names:
                yield f"persistentvolumes {item['metadata']['name']} (claimed)"

    def _get(self, path: str, accept: str = "application/json") -> Json:
        answer = self._session.get(self._server + path, headers={"Accept": accept}, timeout=SECONDS)
        answer.raise_for_status()
        found: Json = answer.json()
        return found


class Amazon:
    """The simulated AWS; `client` makes a client of a service by its name."""

    def __init__(self, client: Callable[[str], Any], primary_id: str) -> None:
        self._ec2 = client("ec2")
        self._cloudfront = client("cloudfront")
        self._primary_id = primary_id

    def left(self, names: Names) -> list[str]:
        """Everything that belongs to the environments. Raises botocore's errors."""
        return [*self._tagged(names), *self._edges(names)]

    def _tagged(self, names: Names) -> Iterator[str]:
        ended = set()
        for page in self._ec2.get_paginator("describe_instances").paginate():
            for reservation in page["Reservations"]:
                for instance in reservation["Instances"]:
                    if instance["State"]["Name"] in _ENDED:
                        # The request that a spot instance came of is closed with it, and stays
                        # for people to look at (EC2 User Guide, Spot request status).
                        ended |= {instance["InstanceId"], instance.get("SpotInstanceRequestId")}
        found = {
            f"{tag['ResourceType']} {tag['ResourceId']}"
            for tag in self._tags()
            if tag["Value"] in names
            and tag["ResourceId"] not in ended
            and tag["ResourceType"] not in _RECORDS
        }
        yield from sorted(found)

    def templates(self, names: Names) -> list[str]:
        """The launch templates of these environments. Raises botocore's errors."""
        # Not by their tags alone: moto goes on listing those of deleted ones.
        pages = self._ec2.get_paginator("describe_launch_templates").paginate()
        there = {one["LaunchTemplateId"] for page in pages for one in page["LaunchTemplates"]}
        found = {
            f"{_OF_A_CACHE} {tag['ResourceId']} of {tag['Value']}"
            for tag in self._tags()
            if tag["ResourceId"] in there and tag["Value"] in names
        }
        return sorted(found)

    def _tags(self) -> Iterator[Json]:
        for page in self._ec2.get_paginator("describe_tags").paginate():
            yield from page["Tags"]

    def _edges(self, names: Names) -> Iterator[str]:
        cloudfront = self._cloudfront
        hosts: set[str] = set()
        for page in cloudfront.get_paginator("list_distributions").paginate():
            for summary in page["DistributionList"].get("Items", ()):
                try:
                    tags = cloudfront.list_tags_for_resource(Resource=summary["ARN"])["Tags"]
                    config = cloudfront.get_distribution_config(Id=summary["Id"])
                except (
                    cloudfront.exceptions.NoSuchResource,
                    cloudfront.exceptions.NoSuchDistribution,
                ):
                    continue  # another track's, deleted since it was listed
                if summary["Id"] != self._primary_id and _within(json.dumps([tags, config]), names):
                    hosts.add(summary["DomainName"])
                    yield f"distribution {summary['Id']}"
        policies = set()
        for item in self._policies():
            policies.add(item["Id"])
            text = json.dumps(item["ContinuousDeploymentPolicyConfig"])
            if _within(text, names) or _within(text, hosts):
                yield f"policy {item['Id']}"
        primary = cloudfront.get_distribution_config(Id=self._primary_id)["DistributionConfig"]
        attached = primary.get("ContinuousDeploymentPolicyId", "")
        if attached and attached not in policies:
            yield f"attachment of {self._primary_id} to {attached}, which is gone"

    def _policies(self) -> Iterator[Json]:
        listed = self._cloudfront.list_continuous_deployment_policies()
        for summary in listed["ContinuousDeploymentPolicyList"].get("Items", ()):
            yield summary["ContinuousDeploymentPolicy"]


class State:
    """The folder of a `file://` backend."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / ".pulumi"

    def left(self, names: Names) -> list[str]:
        """The stacks and their locks; backups and history are meant to stay."""
        found = []
        for kind in ("stacks", "locks"):
            for path in sorted((self._folder / kind).rglob("*")):
                inside = path.relative_to(self._folder)
                stack = path.name.removesuffix(".gz").removesuffix(".json")
                if path.is_file() and (stack in names or path.parent.name in names):
                    found.append(f"state {inside}")
        return found


def scan(names: Names, cluster: Cluster, amazon: Amazon, state: State) -> list[str]:
    """Everything that is left of these environments."""
    return [*cluster.left(names), *amazon.left(names), *state.left(names)]


def _called(item: Json) -> str:
    metadata = item["metadata"]
    whole = "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
    return f"{whole} (ending)" if "deletionTimestamp" in metadata else whole


def _within(text: str, words: Names) -> bool:
    return any(word in text for word in words)


def _belongs(item: Json, names: Names) -> bool:
    metadata = item["metadata"]
    labels = metadata.get("labels") or {}
    return (
        metadata["name"] in names
        or metadata.get("namespace") in names
        or any(labels.get(label) in names for label in LABELS)
        or any(owner["name"] in names for owner in metadata.get("ownerReferences") or ())
    )
