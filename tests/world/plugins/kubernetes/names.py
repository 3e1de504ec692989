"""Where an object lives: the name that it gets when the program gives none, and its id."""

import hashlib
import secrets
from collections.abc import Callable
from typing import Any

from tests.world.plugins.kubernetes.kinds import Kind
from tests.world.plugins.serve import Refused
from tests.world.plugins.values import Secret, Unknown, reveal

_AUTONAMED = "pulumi.com/autonamed"


def check_name(inputs: dict[str, Any]) -> None:
    """Refuse a name that only the server would know.

    Raises:
        Refused: the program asks for `generateName`.
    """
    if "generateName" in (_plain_metadata(inputs) or {}):
        raise Refused(
            "Property 'metadata.generateName' is not known to the stand-in for the Kubernetes "
            "plugin: leave it out to get a name with a random end, or give 'metadata.name'."
        )


def named(
    inputs: dict[str, Any], olds: dict[str, Any], logical_name: str, seed: bytes
) -> dict[str, Any]:
    """The inputs with `metadata.name`: the program's, else the one made before, else a new one.

    Args:
        inputs: as the program gives them.
        olds: the inputs of the object so far; empty for a new one.
        logical_name: the resource's name in the program.
        seed: what makes the name; the same seed makes the same name.
    """
    metadata = _plain_metadata(inputs)
    if metadata is None or metadata.get("name"):
        return inputs
    before = _plain_metadata(olds) or {}
    if autonamed(olds) and isinstance(before.get("name"), str):
        name = before["name"]
    else:
        suffix = hashlib.sha256(seed).hexdigest()[:8] if seed else secrets.token_hex(4)
        name = f"{logical_name}-{suffix}"
    annotations = metadata.get("annotations") or {}
    if isinstance(annotations, Unknown):
        return {**inputs, "metadata": {**metadata, "name": name}}
    annotations = reveal(annotations) | {_AUTONAMED: "true"}
    return {**inputs, "metadata": {**metadata, "name": name, "annotations": annotations}}


def autonamed(inputs: dict[str, Any]) -> bool:
    """Whether the object's name was made here."""
    annotations = (_plain_metadata(inputs) or {}).get("annotations")
    return isinstance(annotations, dict) and annotations.get(_AUTONAMED) == "true"


def placed(inputs: dict[str, Any], default: Callable[[], str]) -> dict[str, Any]:
    """The inputs with `metadata.namespace`, which is the default if the program gives none."""
    metadata = _plain_metadata(inputs)
    if metadata is None or metadata.get("namespace"):
        return inputs
    return {**inputs, "metadata": {**metadata, "namespace": default()}}


def _plain_metadata(inputs: dict[str, Any]) -> dict[str, Any] | None:
    metadata = inputs.get("metadata", {})
    if isinstance(metadata, Secret):
        metadata = metadata.value
    return metadata if isinstance(metadata, dict) else None


def identifier(kind: Kind, live: dict[str, Any]) -> str:
    """The resource's id: `NAMESPACE/NAME`, or `NAME` alone."""
    metadata = live["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if kind.namespaced else metadata["name"]


def from_identifier(kind: Kind, text: str) -> tuple[str, str]:
    """Namespace and name out of an id."""
    namespace, slash, name = text.rpartition("/")
    return (namespace or ("default" if kind.namespaced else "")), name if slash else text
