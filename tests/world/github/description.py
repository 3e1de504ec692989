"""Holds answers and requests against GitHub's published REST description.

Stricter than the description says: a key that it does not name is a fault too, so that nothing is
made up here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import jsonschema

from tests.world.github import npm
from tests.world.github.world import Exchange

_SCHEMAS = "#/components/schemas/"

NULL_ALL_THE_SAME = {
    ("pull-request", "head", "repo"),
    ("pull-request-simple", "head", "repo"),
    ("pull-request-simple", "labels", "description"),
}
"""GitHub sends null for a head repository that was deleted, and in lists for a label that was never
described; its description forgets that."""


BY_NAME = {"/app/installations": "installation"}
"""Lists whose items are written out there, from another time than the schema of their name: an
installation's account would have to be a person and an enterprise at once."""


def faults(exchange: Exchange) -> list[str]:
    """What is wrong with an exchange; empty where everything is as published."""
    operation = _operation(exchange.method, exchange.path)
    if operation is None:
        # What GitHub does not have is refused, and nothing else is said about it.
        return [] if exchange.status in {401, 403, 404} else [f"{exchange.path}: no such path"]
    where = f"{exchange.method} {exchange.path} {exchange.status}"
    found = []
    if exchange.sent is not None and exchange.status < 400:
        found += [f"{where}: sent: {fault}" for fault in _check(_sent(operation), exchange.sent)]
    if exchange.media not in {"application/json", ""}:
        return found  # a file as it is
    schema = _answered(operation, exchange.status)
    if exchange.path in BY_NAME and exchange.status == 200:
        schema = {"type": "array", "items": {"$ref": f"{_SCHEMAS}{BY_NAME[exchange.path]}"}}
    found += [f"{where}: {fault}" for fault in _check(schema, exchange.answered)]
    return found


def _check(schema: Mapping[str, Any] | None, data: Any) -> Iterator[str]:
    if schema is None:
        if data not in (None, {}):
            yield "an answer where none is described"
        return
    whole = {**_strict(schema), "$defs": _closure(schema)}
    validator = jsonschema.Draft202012Validator(
        whole, format_checker=jsonschema.FormatChecker(["date-time"])
    )
    for error in validator.iter_errors(data):
        best = jsonschema.exceptions.best_match([error]) or error
        yield f"{best.json_path}: {best.message[-300:]}"


# -- finding what is described ---------------------------------------------------------------------


@functools.cache
def _paths() -> list[tuple[re.Pattern[str], Mapping[str, Any]]]:
    described = npm.load(npm.DESCRIPTION)["paths"]
    made = []
    # Fixed words win over placeholders: `/user` is not `/{owner}`.
    for template in sorted(described, key=lambda path: (path.count("{"), -len(path))):
        # References have slashes as well: its text says `heads/<branch name>`.
        told = template.replace("/git/ref/{ref}", "/git/ref/{path}")
        pattern = re.sub(r"\\\{(\w+)\\\}", _placeholder, re.escape(told))
        made.append((re.compile(pattern), described[template]))
    return made


def _placeholder(found: re.Match[str]) -> str:
    return ".*" if found[1] in {"path"} else "[^/]+"


def _operation(method: str, path: str) -> Mapping[str, Any] | None:
    for pattern, described in _paths():
        if pattern.fullmatch(path) and method.lower() in described:
            found: Mapping[str, Any] = described[method.lower()]
            return found
    return None


def _answered(operation: Mapping[str, Any], status: int) -> Mapping[str, Any] | None:
    answer = operation["responses"].get(str(status))
    if answer is None:
        # Not described for each path, and the same for all of them.
        # A repository may have moved, whatever is asked of it.
        usual = status >= 400 or status in {301, 307}
        return {"$ref": f"{_SCHEMAS}basic-error"} if usual else None
    if "$ref" in answer:
        name = answer["$ref"].rpartition("/")[2]
        answer = npm.load(npm.DESCRIPTION)["components"]["responses"][name]
    return _json(answer) or ({"$ref": f"{_SCHEMAS}basic-error"} if status >= 400 else None)


def _sent(operation: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return _json(operation.get("requestBody", {}))


def _json(described: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for kind, content in described.get("content", {}).items():
        if kind == "application/json":
            found: Mapping[str, Any] = content["schema"]
            return found
    return None


# -- from OpenAPI 3.0 to JSON Schema ---------------------------------------------------------------


@functools.cache
def _named(name: str) -> Any:
    schema = npm.load(npm.DESCRIPTION)["components"]["schemas"][name]
    return _strict(schema, (name,))


def _closure(schema: Any) -> dict[str, Any]:
    """Every schema that this one leads to, by name."""
    found: dict[str, Any] = {}
    waiting = list(_references(_strict(schema)))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _named(name)
            waiting.extend(_references(found[name]))
    return found


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rpartition("/")[2]
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _strict(schema: Any, path: tuple[str, ...] = (), *, closed: bool = True) -> Any:
    """The schema with OpenAPI's `nullable` as a type, and no keys but those it names."""
    if isinstance(schema, list):
        return [_strict(item, path, closed=closed) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {}
    for key, value in schema.items():
        match key:
            case "nullable" | "example" | "examples" | "description" | "discriminator":
                continue
            case "$ref":
                made[key] = value.replace(_SCHEMAS, "#/$defs/")
            case "properties":
                made[key] = {name: _strict(item, (*path, name)) for name, item in value.items()}
            case "allOf":
                # Each part of a whole names only some of the keys.
                made[key] = [_strict(_open(item, value), path, closed=False) for item in value]
            case _:
                made[key] = _strict(value, path)
    if "properties" in made and closed and "additionalProperties" not in made:
        made["additionalProperties"] = False
    if schema.get("nullable") or path in NULL_ALL_THE_SAME:
        return {"anyOf": [made, {"type": "null"}]}
    return made


def _open(item: Mapping[str, Any], parts: Sequence[Any]) -> Mapping[str, Any]:
    """A part of a whole as it is written, so that it may have the other parts' keys."""
    if len(parts) == 1 or "$ref" not in item:
        return item
    name = item["$ref"].rpartition("/")[2]
    found: Mapping[str, Any] = npm.load(npm.DESCRIPTION)["components"]["schemas"][name]
    return found


def all_faults(exchanges: Iterable[Exchange]) -> list[str]:
    """What is wrong with any of them."""
    return [fault for exchange in exchanges for fault in faults(exchange)]
