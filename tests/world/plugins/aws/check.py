"""Refuse inputs that would be ignored, and fill in what the official plugin fills in."""

from collections.abc import Iterator
from typing import Any

from tests.world.plugins.aws.fields import DEFAULTS, Field, Many, Properties
from tests.world.plugins.aws.properties import INPUTS, TAGGED
from tests.world.plugins.changes import Path, written
from tests.world.plugins.serve import Refused
from tests.world.plugins.values import Secret, Unknown, reveal

_NAMES = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}

Problem = tuple[str, str]


def fields_of(token: str) -> tuple[Field, ...]:
    """The fields of a resource type.

    Raises:
        Refused: the type is not among those that this project's programs use.
    """
    if token not in INPUTS:
        raise Refused(
            f"Resource type {token!r} is not known to the stand-in for the AWS plugin: use one of "
            f"{', '.join(sorted(INPUTS))}, or put the official plugin on PATH."
        )
    return INPUTS[token]


def problems(token: str, inputs: Properties) -> list[Problem]:
    """Property path and sentence of everything that is wrong with the inputs."""
    fields = fields_of(token)
    rest = dict(inputs)
    found: list[Problem] = []
    if token in TAGGED:
        found += _tags(rest.pop("tags", None))
    return [*found, *_object(token, fields, rest, ())]


def _object(
    token: str, fields: tuple[Field, ...], given: Properties, at: Path
) -> Iterator[Problem]:
    known = {field.name: field for field in fields}
    for name, value in given.items():
        path = (*at, name)
        if name == DEFAULTS:
            continue
        if name not in known:
            yield (
                written(path),
                f"Property {written(path)!r} of a {token} is not known to the stand-in for the AWS "
                f"plugin: use one of {', '.join(sorted(known))}.",
            )
        else:
            yield from _value(token, known[name], value, path)
    for name, field in known.items():
        if field.required and given.get(name) is None:
            missing = written((*at, name))
            yield (
                missing,
                f"Property {missing!r} of a {token} is missing: give it {_wanted(field)}.",
            )


def _value(token: str, field: Field, value: Any, at: Path) -> Iterator[Problem]:
    value = value.value if isinstance(value, Secret) else value
    if isinstance(value, Unknown) or value is None:
        return
    if field.many is Many.ONE:
        yield from _one(token, field, value, at)
    elif not isinstance(value, list):
        yield _wrong(token, at, value, "a list")
    elif field.length is not None and len(value) != field.length:
        yield _wrong(token, at, value, f"a list of {field.length} items")
    else:
        for index, item in enumerate(value):
            item = item.value if isinstance(item, Secret) else item  # noqa: PLW2901
            if not isinstance(item, Unknown):
                yield from _one(token, field, item, (*at, index))


def _one(token: str, field: Field, value: Any, at: Path) -> Iterator[Problem]:
    if field.nested:
        if isinstance(value, dict):
            yield from _object(token, field.nested, value, at)
        else:
            yield _wrong(token, at, value, "an object")
    elif not _is_a(value, field.of):
        yield _wrong(token, at, value, _wanted(field))
    elif field.choices and value not in field.choices:
        yield _wrong(token, at, value, f"one of {', '.join(field.choices)}")
    elif field.longest is not None and len(value) > field.longest:
        yield _wrong(token, at, value, f"at most {field.longest} characters long")


def _is_a(value: Any, of: Any) -> bool:
    if of is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, of) and isinstance(value, bool) == (of is bool)


def _wanted(field: Field) -> str:
    if field.many is not Many.ONE:
        return "a list"
    return "an object" if isinstance(field.of, tuple) else _NAMES[field.of]


def _wrong(token: str, at: Path, value: Any, wanted: str) -> Problem:
    path = written(at)
    return path, f"Property {path!r} of a {token} is {reveal(value)!r}: it must be {wanted}."


def _tags(given: Any) -> Iterator[Problem]:
    tags = reveal(given)
    if tags is None or isinstance(tags, Unknown):
        return
    if not isinstance(tags, dict):
        yield "tags", f"Property 'tags' is {tags!r}: it must map names to texts."
        return
    for name, value in tags.items():
        if not isinstance(value, str | Unknown):
            yield written(("tags", name)), f"Tag {name!r} is {value!r}: it must be a text."


def filled(token: str, inputs: Properties) -> Properties:
    """The inputs with the plugin's defaults, noted beside them."""
    return _filled(fields_of(token), inputs)


def _filled(fields: tuple[Field, ...], given: Properties) -> Properties:
    result = dict(given)
    added = []
    for field in fields:
        if field.name not in result:
            if field.default is not None:
                result[field.name] = field.default
                added.append(field.name)
        elif field.nested:
            result[field.name] = _nested(field.nested, result[field.name])
    # A default that was filled in the last time stays noted as one.
    result[DEFAULTS] = sorted(added)
    return result


def _nested(fields: tuple[Field, ...], value: Any) -> Any:
    if isinstance(value, Secret):
        return Secret(_nested(fields, value.value))
    if isinstance(value, list):
        return [_nested(fields, item) for item in value]
    return _filled(fields, value) if isinstance(value, dict) else value
