"""Where wanted inputs differ from a recorded resource, in the sense of the official plugin.

Sets have no order, what the service chooses is no difference, and a zero is as good as nothing.
"""

from collections.abc import Iterator
from typing import Any

from tests.world.plugins.aws.fields import Field, Many, Properties, nothing
from tests.world.plugins.changes import MISSING, Change, Path
from tests.world.plugins.values import Unknown

Difference = tuple[Path, Change]


def differences(
    fields: tuple[Field, ...], old: Properties, new: Properties, at: Path = ()
) -> Iterator[Difference]:
    """The places at which `new` inputs differ from `old` outputs; both without secrets."""
    for field in fields:
        before, after = old.get(field.name, MISSING), new.get(field.name, MISSING)
        if field.computed and after is MISSING:
            continue
        for path, change in _field(field, before, after, (*at, field.name)):
            yield path, change.replacing() if field.replaces else change


def _field(field: Field, before: Any, after: Any, at: Path) -> Iterator[Difference]:
    if isinstance(after, Unknown):
        yield at, Change.ADD if before is MISSING else Change.UPDATE
    elif _absent(before) and _absent(after):
        return
    elif before is MISSING or after is MISSING:
        yield at, Change.ADD if before is MISSING else Change.DELETE
    elif field.many is Many.LIST:
        for index in range(max(len(before), len(after))):
            one = before[index] if index < len(before) else MISSING
            other = after[index] if index < len(after) else MISSING
            yield from _one(field, one, other, (*at, index))
    elif field.many is Many.SET:
        yield from _set(field, before, after, at)
    else:
        yield from _one(field, before, after, at)


def _set(field: Field, before: list[Any], after: list[Any], at: Path) -> Iterator[Difference]:
    left = {_identity(field, item): index for index, item in enumerate(before)}
    for index, item in enumerate(after):
        place = left.pop(_identity(field, item), None)
        one = MISSING if place is None else before[place]
        yield from _one(field, one, item, (*at, index))
    for index in left.values():
        yield (*at, index), Change.DELETE


def _identity(field: Field, item: Any) -> str:
    return repr(item.get(field.key) if field.key and isinstance(item, dict) else item)


def _one(field: Field, before: Any, after: Any, at: Path) -> Iterator[Difference]:
    if before is MISSING:
        yield at, Change.ADD
    elif after is MISSING:
        yield at, Change.DELETE
    elif field.nested and isinstance(before, dict) and isinstance(after, dict):
        yield from differences(field.nested, before, after, at)
    elif before != after:
        yield at, Change.UPDATE


def _absent(value: Any) -> bool:
    return value is MISSING or nothing(value)


def aligned(fields: tuple[Field, ...], live: Properties, like: Properties) -> Properties:
    """`live` with the items of its sets in the order in which `like` has them.

    So a refresh shows no difference where there is none, and a secret keeps its place.
    """
    result = dict(live)
    for field in fields:
        value, pattern = live.get(field.name), like.get(field.name)
        if field.many is Many.SET and isinstance(value, list) and isinstance(pattern, list):
            places = {_identity(field, item): index for index, item in enumerate(pattern)}
            value = sorted(value, key=lambda item: places.get(_identity(field, item), len(places)))
        if field.nested and isinstance(value, list) and isinstance(pattern, list):
            padded = [*pattern, *[{}] * len(value)]
            value = [
                aligned(field.nested, item, like_item if isinstance(like_item, dict) else {})
                for item, like_item in zip(value, padded, strict=False)
            ]
        elif field.nested and isinstance(value, dict) and isinstance(pattern, dict):
            value = aligned(field.nested, value, pattern)
        if value is not None:
            result[field.name] = value
    return result
