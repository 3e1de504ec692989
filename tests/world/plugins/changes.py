"""What differs between two trees of properties, in the words of the engine's detailed diff."""

from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

Path = tuple[str | int, ...]


class Change(Enum):
    """How a property changes; the values are those of the protocol's PropertyDiff.Kind."""

    ADD = 0
    ADD_REPLACE = 1
    DELETE = 2
    DELETE_REPLACE = 3
    UPDATE = 4
    UPDATE_REPLACE = 5

    def replacing(self) -> "Change":
        """The same change where it needs a new resource."""
        return Change(self.value | 1)

    @property
    def replaces(self) -> bool:
        """Whether the change needs a new resource."""
        return bool(self.value & 1)


class _Missing:
    """The type of `MISSING`."""


MISSING: Final = _Missing()


def differences(old: Any, new: Any, at: Path = ()) -> Iterator[tuple[Path, Change]]:
    """The topmost places at which `new` differs from `old`; an unknown differs from everything."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _difference(old.get(key, MISSING), new.get(key, MISSING), (*at, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else MISSING
            after = new[index] if index < len(new) else MISSING
            yield from _difference(before, after, (*at, index))
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield at, Change.UPDATE


def _difference(old: Any, new: Any, at: Path) -> Iterator[tuple[Path, Change]]:
    if old is MISSING:
        yield at, Change.ADD
    elif new is MISSING:
        yield at, Change.DELETE
    else:
        yield from differences(old, new, at)


def look_up(tree: Any, path: Path) -> Any:
    """What is at that place of the tree, or `MISSING`."""
    for step in path:
        match tree, step:
            case dict(), _ if step in tree:
                tree = tree[step]
            case list(), int() if step < len(tree):
                tree = tree[step]
            case _:
                return MISSING
    return tree


def written(path: Path) -> str:
    """The path in the engine's notation: `spec.ports[0].port`, `labels["a.b/c"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif set(step) & set('."[]'):
            text += '["{}"]'.format(step.replace('"', '\\"'))
        else:
            text += f".{step}" if text else step
    return text


def parsed(path: str) -> Path:
    """The inverse of `written`.

    Raises:
        ValueError: the text is no property path.
    """
    steps: list[str | int] = []
    rest = path
    while rest:
        if rest.startswith('["'):
            end = rest.find('"]')
            step, rest = rest[2:end], rest[end + 2 :]
            if end < 0:
                raise ValueError(f"Property path {path!r} lacks a closing bracket.")
            steps.append(step)
        elif rest.startswith("["):
            index, bracket, rest = rest[1:].partition("]")
            if not bracket or not index.isdigit():
                raise ValueError(f"Property path {path!r} has an index that is no number.")
            steps.append(int(index))
        else:
            rest = rest.removeprefix(".")
            end = min((at for at in (rest.find("."), rest.find("[")) if at >= 0), default=len(rest))
            steps.append(rest[:end])
            rest = rest[end:]
    return tuple(steps)
