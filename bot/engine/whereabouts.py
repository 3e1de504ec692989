"""Finds what an interrupted or failed creation may have made, for each type of our program.

Most ids follow from what was to be made. CloudFront gives its own: there, it is looked for by what
has the environment's name in it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from bot import aws_api, errors, kube_api
from bot.engine.repair import Resource
from bot.engine.stack import Deployment
from infra import naming
from infra.readiness.connection import ClusterError

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
POLICY = "aws:cloudfront/continuousDeploymentPolicy:ContinuousDeploymentPolicy"
ATTACHMENT = "understudy:index:EdgeAttachment"
_OWNER = (
    ("labels", naming.LABEL_ENVIRONMENT),
    ("annotations", naming.ANNOTATION_REPOSITORY),
    ("annotations", naming.ANNOTATION_DRIVER),
)
"""What says whose a namespace or NodePool is."""


def find(resource: Resource, deployment: Deployment) -> str | None:
    """The id of what may exist; None if it does not. See `repair.Find`.

    Raises UnreachableError when the cluster or AWS does not answer, and EngineError for a type that
    is not known here.
    """
    kind: str = resource["type"]
    inputs: dict[str, Any] = resource.get("inputs") or {}
    if kind.startswith("kubernetes:"):
        return _in_cluster(resource, inputs["metadata"], deployment)
    if kind == ATTACHMENT:
        return f"{inputs['primaryId']}/{inputs['policyId']}"
    if kind == DISTRIBUTION:
        name = (inputs.get("tags") or {}).get(naming.TAG_ENVIRONMENT, "")
        return _in_cloudfront("Distribution", name, resource, deployment)
    if kind == POLICY:
        rule = (inputs.get("trafficConfig") or {}).get("singleHeaderConfig") or {}
        name = rule.get("header", "").removeprefix(naming.EDGE_HEADER_PREFIX)
        return _in_cloudfront("Policy", name, resource, deployment)
    raise _unknown(resource)


def _unknown(resource: Resource) -> errors.EngineError:
    return errors.EngineError(
        f"an interrupted operation may have made {resource['urn']}, and Understudy does not know "
        "how to look for it: import or clear it with `pulumi refresh`"
    )


def _in_cluster(
    resource: Resource, wanted: Mapping[str, Any], deployment: Deployment
) -> str | None:
    """`namespace/name`, or the name alone of what is in no namespace (pulumi-kubernetes).

    What is in the environment's own namespace is the environment's. A namespace or NodePool of its
    name may be somebody else's: it is taken only where it says of itself what was to be made.
    """
    name: str = wanted["name"]
    if place := wanted.get("namespace"):
        return f"{place}/{name}"
    kind = resource["type"].rpartition(":")[2]
    path = next((one.path for one in kube_api.KINDS if one.kind == kind), None)
    if path is None:
        raise _unknown(resource)
    inputs = _provider(resource, deployment)
    with kube_api.reachable():
        cluster = kube_api.connect(inputs.get("kubeconfig"), inputs.get("context"))
        try:
            found = cluster.get(f"{path}/{name}")["metadata"]
        except ClusterError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        finally:
            cluster.close()
    same = all(
        (found.get(part) or {}).get(key) == (wanted.get(part) or {}).get(key)
        for part, key in _OWNER
    )
    return name if same else None


def _in_cloudfront(kind: str, name: str, resource: Resource, deployment: Deployment) -> str | None:
    """The environment's first one that the state does not know yet."""
    known = {one.get("id") for one in deployment.get("resources") or ()}
    # What a primary leads to is the third listing, and no matter here.
    listing = aws_api.EdgeListing(_client(resource, deployment), "")
    for found in itertools.islice(listing.look(name), 2):
        for one in found.remnants:
            if one.kind == kind and one.name not in known:
                return one.name
    return None


def _client(resource: Resource, deployment: Deployment) -> Any:
    """CloudFront as the resource's own provider asks it."""
    inputs = _provider(resource, deployment)
    # A provider's settings are JSON in a text, where they are no text themselves.
    endpoints = inputs.get("endpoints") or []
    if isinstance(endpoints, str):
        endpoints = json.loads(endpoints)
    addresses = [one["cloudfront"] for one in endpoints if one.get("cloudfront")]
    return aws_api.cloudfront(inputs.get("region", "us-east-1"), next(iter(addresses), None))


def _provider(resource: Resource, deployment: Deployment) -> dict[str, Any]:
    """The settings of the resource's own provider."""
    reference = resource.get("provider")
    for one in deployment.get("resources") or ():
        if f"{one['urn']}::{one.get('id')}" == reference:
            return one.get("inputs") or {}
    return {}
