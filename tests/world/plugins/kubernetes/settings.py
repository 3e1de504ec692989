"""The provider's own configuration: which keys there are, and what they say."""

import json
from dataclasses import dataclass
from typing import Any, Final

from tests.world.plugins.kubernetes.kubeconfig import read
from tests.world.plugins.serve import Refused
from tests.world.plugins.values import Unknown, reveal

_TEXTS: Final = frozenset({"kubeconfig", "context", "namespace", "clusterIdentifier"})
_SWITCHES: Final = frozenset(
    {
        "enableServerSideApply",
        "enableConfigMapMutable",
        "enableSecretMutable",
        "enablePatchForce",
        "upsertExistingObjects",
        "suppressDeprecationWarnings",
        "suppressHelmHookWarnings",
    }
)
# The engine's, not the provider's.
_ENGINE: Final = frozenset({"version", "pluginDownloadURL", "__internal"})


@dataclass(frozen=True)
class Settings:
    """What the program configured.

    Attributes:
        kubeconfig: content or path; None for the environment's.
        context: of the kubeconfig; None for its current one.
        namespace: where objects go that name none; None for the context's.
        mutable: the kinds among ConfigMap and Secret that change in place.
        force: take over fields from other managers.
        upsert: create over what exists.
    """

    kubeconfig: str | None
    context: str | None
    namespace: str | None
    mutable: frozenset[str]
    force: bool
    upsert: bool


def problem(key: str, value: Any) -> str | None:
    """Why this key or value is no configuration of the provider, in one sentence, or None."""
    if key in _ENGINE or isinstance(value, Unknown):
        return None
    if key not in _TEXTS | _SWITCHES:
        return (
            f"Provider configuration {key!r} is not known to the stand-in for the Kubernetes "
            f"plugin: use one of {', '.join(sorted(_TEXTS | _SWITCHES))}."
        )
    if key in _SWITCHES and _switch(value) is None:
        return f"Provider configuration {key!r} is {value!r}: it must be true or false."
    if key == "enableServerSideApply" and not _switch(value):
        return (
            "Provider configuration 'enableServerSideApply' is false: the stand-in applies on "
            "the server's side only, so leave it out."
        )
    return None


def _switch(value: Any) -> bool | None:
    """SDKs send a switch as JSON in a string."""
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None
    return parsed if isinstance(parsed, bool) else None


def settings(variables: dict[str, Any]) -> Settings:
    """The settings in checked configuration.

    Raises:
        Refused: a key or value is not known.
    """
    plain = {key: value for key, value in reveal(variables).items() if value is not None}
    for key, value in plain.items():
        if sentence := problem(key, value):
            raise Refused(sentence)
    on = {key for key in _SWITCHES if key in plain and _switch(plain[key])}
    texts = {key: plain[key] for key in _TEXTS if plain.get(key) and isinstance(plain[key], str)}
    mutable = {"enableConfigMapMutable": "ConfigMap", "enableSecretMutable": "Secret"}
    return Settings(
        kubeconfig=texts.get("kubeconfig"),
        context=texts.get("context"),
        namespace=texts.get("namespace"),
        mutable=frozenset(kind for key, kind in mutable.items() if key in on),
        force="enablePatchForce" in on,
        upsert="upsertExistingObjects" in on,
    )


def another_cluster(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether new configuration leads to another cluster, so that every object is made anew."""
    before, after = reveal(old).get("clusterIdentifier"), reveal(new).get("clusterIdentifier")
    if before or after:
        return bool(before != after)
    try:
        servers = [
            read(found.kubeconfig, found.context).server for found in (settings(old), settings(new))
        ]
    except (Refused, OSError):
        return False
    return servers[0] != servers[1]
