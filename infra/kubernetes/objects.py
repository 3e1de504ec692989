"""Metadata that all Kubernetes objects of an environment share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra import naming

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

FIELD_MANAGER = "pulumi.com/patchFieldManager"
SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""The engine doesn't wait for an object to become ready or to be gone: one watch decides Ready,
and the proof of absence waits for what is deleted."""


def metadata(
    name: str,
    labels: Mapping[str, str],
    namespace: str | None = None,
    annotations: Mapping[str, str] | None = None,
    wait: bool = False,
) -> ObjectMetaArgsDict:
    """An object's metadata; `wait` keeps the provider's own await, for what others build on."""
    fields: ObjectMetaArgsDict = {
        "name": name,
        "labels": dict(labels),
        "annotations": {
            FIELD_MANAGER: naming.FIELD_MANAGER,
            **({} if wait else SKIP_AWAIT),
            **(annotations or {}),
        },
    }
    if namespace is not None:
        fields["namespace"] = namespace
    return fields
