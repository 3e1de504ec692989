"""How an object is kept in the state, and how inputs are compared with it.

As in the official plugin, the outputs are the live object with three keys of the plugin's own
beside it: the inputs as applied, the API version at first, and the field manager.
"""

import base64
from collections.abc import Mapping
from typing import Any

from tests.world.plugins.changes import MISSING, Change, Path, differences, look_up
from tests.world.plugins.values import Secret, Unknown, has_unknown, marked_like, reveal

INPUTS = "__inputs"
API_VERSION = "__initialApiVersion"
MANAGER = "__fieldManager"

_SET_BY_SERVER = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)


def recorded(inputs: Mapping[str, Any], live: Mapping[str, Any], manager: str) -> dict[str, Any]:
    """The outputs to keep of an object.

    Args:
        inputs: what the program asked for, with its secrets marked.
        live: the object as the API server has it.
        manager: who applied it.
    """
    outputs: dict[str, Any] = marked_like(dict(live), dict(inputs))
    if live.get("kind") == "Secret":
        outputs |= {key: _hidden(live[key]) for key in ("data", "stringData") if key in live}
    outputs[INPUTS] = dict(inputs)
    outputs[API_VERSION] = live.get("apiVersion")
    outputs[MANAGER] = manager
    return outputs


def _hidden(value: Any) -> Secret:
    return Secret(reveal(value))


def applied_inputs(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs inside recorded outputs, in the form in which they are applied."""
    return normal(reveal(outputs.get(INPUTS) or {}))


def live_object(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The object inside recorded outputs."""
    own = {INPUTS, API_VERSION, MANAGER}
    plain: dict[str, Any] = reveal({k: v for k, v in outputs.items() if k not in own})
    return plain


def normal(inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs as they are applied: nothing that the server sets, a Secret's text as data."""
    metadata = {
        key: value
        for key, value in (inputs.get("metadata") or {}).items()
        if key not in _SET_BY_SERVER
    }
    result = {**inputs, "metadata": metadata}
    text = result.get("stringData")
    if inputs.get("kind") == "Secret" and isinstance(text, dict) and not has_unknown(text):
        del result["stringData"]
        coded = {key: base64.b64encode(value.encode()).decode() for key, value in text.items()}
        result["data"] = {**result.get("data", {}), **coded}
    return result


def pruned(live: Any, like: Any) -> Any:
    """The part of `live` that `like` speaks of: what the server and others added is left out."""
    if isinstance(live, dict) and isinstance(like, dict):
        return {key: pruned(live[key], like[key]) for key in like if key in live}
    if isinstance(live, list) and isinstance(like, list):
        return [pruned(item, wanted) for item, wanted in zip(live, like, strict=False)]
    return live


def changes(outputs: Mapping[str, Any], wanted: dict[str, Any]) -> dict[Path, Change]:
    """Where the wanted inputs differ from the recorded object, both in applied form."""
    before = pruned(live_object(outputs), applied_inputs(outputs))
    return dict(differences(before, wanted))


def really_changed(
    path: Path, outputs: Mapping[str, Any], wanted: dict[str, Any], outcome: dict[str, Any]
) -> bool:
    """Whether a difference is one, and not only another way to write the same (1000m for 1).

    Args:
        path: where recorded object and inputs differ.
        outputs: the recorded outputs.
        wanted: the inputs in applied form.
        outcome: the object as a dry run of these inputs leaves it.
    """
    asked_before = look_up(applied_inputs(outputs), path)
    asked_now = look_up(wanted, path)
    if asked_before is MISSING or asked_now is MISSING or isinstance(asked_now, Unknown):
        return True
    return bool(look_up(live_object(outputs), path) != look_up(outcome, path))


def kept_by_others(live: Mapping[str, Any], manager: str, path: Path) -> bool:
    """Whether some field manager owns this field and `manager` does not."""
    owners = {
        str(entry.get("manager"))
        for entry in (live.get("metadata") or {}).get("managedFields") or []
        if look_up(entry.get("fieldsV1"), tuple(f"f:{step}" for step in path)) is not MISSING
    }
    return bool(owners) and manager not in owners


def put(tree: dict[str, Any], path: Path, value: Any) -> None:
    """Set what is at a path of mappings, or take it away if `value` is `MISSING`."""
    inner: Any = tree
    for step in path[:-1]:
        inner = inner.get(step) if isinstance(inner, dict) else None
    if not isinstance(inner, dict):
        return
    if value is MISSING:
        inner.pop(path[-1], None)
    else:
        inner[path[-1]] = value
