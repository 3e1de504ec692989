"""Reads in a stack's state whose it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot import model
from bot.engine import events, repair
from bot.engine.stack import Deployment
from infra import naming
from infra.contract import outputs

HAND = "hand"


def origin(deployment: Deployment) -> model.Origin | None:
    """Whose stack it is; None where the state does not tell.

    The outputs of the last update that ended come first, as they are what a person changes to hand
    a stack over; a half-made stack has none, but a component, or the namespace, that say the same.
    """
    for told in _claims(deployment):
        key = outputs.key(told)
        if key is None:
            continue
        # A stack that does not say who made it is treated as a person's: it is left alone.
        by_hand = told.get(outputs.DRIVER, HAND) == HAND
        return model.Origin(key, by_hand)
    return None


def _claims(deployment: Deployment) -> Iterator[Mapping[str, Any]]:
    resources = list(deployment.get("resources") or ()) + repair.pending(deployment)
    for resource in resources:
        if resource["type"] == events.ROOT:
            yield resource.get("outputs") or {}
    for resource in resources:
        if resource["type"] == outputs.COMPONENT:
            yield resource.get("inputs") or {}
    for resource in resources:
        if resource["type"] == "kubernetes:core/v1:Namespace":
            metadata = (resource.get("inputs") or {}).get("metadata") or {}
            annotations = metadata.get("annotations") or {}
            if key := naming.labelled(metadata.get("labels") or {}, annotations):
                yield outputs.origin(key, annotations.get(naming.ANNOTATION_DRIVER, HAND))
