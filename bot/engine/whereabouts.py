"""Finds what an interrupted creation may have made, for each type of the preview program.

Most ids follow from what was to be made. CloudFront gives its own: there, it is looked for by what
has the environment's name in it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

from bot import aws_api, errors
from bot.engine.repair import Resource
from bot.engine.stack import Deployment
from infra import naming

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
POLICY = "aws:cloudfront/continuousDeploymentPolicy:ContinuousDeploymentPolicy"
ATTACHMENT = "understudy:index:EdgeAttachment"


def find(resource: Resource, deployment: Deployment) -> str | None:
    """The id of what may exist; None if it does not. See `repair.Find`.

    Raises UnreachableError when AWS does not answer, and EngineError for a type that is not known
    here.
    """
    kind: str = resource["type"]
    inputs: dict[str, Any] = resource.get("inputs") or {}
    if kind.startswith("kubernetes:"):
        return _in_cluster(inputs["metadata"])
    if kind == ATTACHMENT:
        return f"{inputs['primaryId']}/{inputs['policyId']}"
    if kind == DISTRIBUTION:
        name = (inputs.get("tags") or {}).get(naming.TAG_ENVIRONMENT, "")
        return _in_cloudfront("Distribution", name, resource, deployment)
    if kind == POLICY:
        rule = (inputs.get("trafficConfig") or {}).get("singleHeaderConfig") or {}
        name = rule.get("header", "").removeprefix(naming.EDGE_HEADER_PREFIX)
        return _in_cloudfront("Policy", name, resource, deployment)
    raise errors.EngineError(
        f"an interrupted operation may have made {resource['urn']}, and Understudy does not know "
        "how to look for it: import or clear it with `pulumi refresh`"
    )


def _in_cluster(metadata: Mapping[str, str]) -> str:
    """`namespace/name`, or the name alone of what is in no namespace (pulumi-kubernetes)."""
    place = metadata.get("namespace")
    return f"{place}/{metadata['name']}" if place else metadata["name"]


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
    reference = resource.get("provider")
    inputs: dict[str, Any] = next(
        (
            one.get("inputs") or {}
            for one in deployment.get("resources") or ()
            if f"{one['urn']}::{one.get('id')}" == reference
        ),
        {},
    )
    # A provider's settings are JSON in a text, where they are no text themselves.
    endpoints = inputs.get("endpoints") or []
    if isinstance(endpoints, str):
        endpoints = json.loads(endpoints)
    addresses = [one["cloudfront"] for one in endpoints if one.get("cloudfront")]
    return aws_api.cloudfront(inputs.get("region", "us-east-1"), next(iter(addresses), None))
