"""Reads `.stage.yaml`: YAML into frozen pydantic models, and whatever is wrong into one sentence.

The sentence names the line and the column, what is wrong there, and how to mend it.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import pydantic
import yaml

FILE_NAME = ".stage.yaml"
MAX_BYTES = 64 * 1024
"""A stage file is written by hand; a larger one is a mistake or an attack."""

_Model = TypeVar("_Model", bound=pydantic.BaseModel)


class StageFileError(ValueError):
    """The file can't be used; the message is one sentence for people."""


class Section(pydantic.BaseModel):
    """Unknown keys are refused: a typing error must not pass for a default."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


def formed(pattern: re.Pattern[str], otherwise: str) -> pydantic.AfterValidator:
    """Accepts what has a form; of all else the sentence is the value and `otherwise`."""

    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(f"{value!r} {otherwise}")
        return value

    return pydantic.AfterValidator(check)


def parse(kind: type[_Model], text: str, section: str | None = None) -> _Model:
    """The file as a model, or only one section of it, whatever the others hold.

    A section that is not there has its defaults. Raises StageFileError.
    """
    data = mapping(text)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    at: tuple[str, ...] = () if section is None else (section,)
    try:
        return kind.model_validate(data if section is None else data.get(section) or {})
    except pydantic.ValidationError as error:
        raise StageFileError(_sentence(error, root, at)) from error


def mapping(text: str) -> dict[Any, Any]:
    """What the file holds, whatever it is. Raises StageFileError."""
    if len(text.encode()) > MAX_BYTES:
        raise StageFileError(
            f"{FILE_NAME} is larger than {MAX_BYTES // 1024} KiB: it describes services, "
            "keep data elsewhere"
        )
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise StageFileError(_yaml_sentence(error)) from error
    if not isinstance(data, dict):
        raise StageFileError(
            f"{FILE_NAME} is no mapping: it begins with `services:`, see docs/stage-file.md"
        )
    return data


def _yaml_sentence(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f" line {mark.line + 1}, column {mark.column + 1}:" if mark else ""
    problem = getattr(error, "problem", None) or "it can't be read"
    return f"{FILE_NAME}{where} is no valid YAML: {problem}"


def _sentence(error: pydantic.ValidationError, root: yaml.Node | None, at: tuple[str, ...]) -> str:
    """The first problem, with its place; how many more there are, if any."""
    problems = error.errors()
    first = problems[0]
    location = (*at, *(part for part in first["loc"] if part != "[key]"))
    path = ".".join(str(part) for part in location)
    mark = _mark(root, location)
    place = f" line {mark.line + 1}, column {mark.column + 1}:" if mark else ":"
    what = _what(first, str(location[-1]) if location else "")
    more = f" ({len(problems) - 1} more after this one)" if len(problems) > 1 else ""
    return f"{FILE_NAME}{place} {path + ': ' if path else ''}{what}{more}"


def _what(problem: Any, key: str) -> str:
    match problem["type"]:
        case "extra_forbidden":
            return f"unknown key {key!r}; see docs/stage-file.md for the keys"
        case "missing":
            return f"{key!r} is missing; add it"
        case "value_error":
            return str(problem["ctx"]["error"])
        case _:
            return f"{problem['msg'][:1].lower()}{problem['msg'][1:]}"


def _mark(node: yaml.Node | None, location: tuple[int | str, ...]) -> yaml.Mark | None:
    """The place of the deepest part of `location` that the file has."""
    if node is None:
        return None
    mark: yaml.Mark = node.start_mark
    for part in location:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    mark, node = key.start_mark, value
                    break
            else:
                return mark
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part >= len(node.value):
                return mark
            node = node.value[part]
            mark = node.start_mark
        else:
            return mark
    return mark
