"""Holds values against botocore's service model, whatever the service.

botocore itself checks only what a Python client sends. Here the same model also binds what
another client sends (Go's, for instance), and what the simulation answers.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape

_PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (datetime.datetime,),
    "blob": (bytes, str),
}
_SIZED = ("string", "list", "blob")


class ShapeError(AssertionError):
    """An answer of ours that the service model does not allow."""


def violations(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """One sentence for each place at which `value` is not what `shape` says."""
    if isinstance(shape, StructureShape):
        yield from _structure(shape, value, path)
    elif isinstance(shape, ListShape):
        if not isinstance(value, list):
            yield f"{path or shape.name} must be a list, not {value!r}"
            return
        yield from _bounds(shape, len(value), path)
        for index, item in enumerate(value):
            yield from violations(shape.member, item, f"{path}[{index}]")
    elif isinstance(shape, MapShape):
        if not isinstance(value, Mapping):
            yield f"{path or shape.name} must be a map, not {value!r}"
            return
        for key, item in value.items():
            yield from violations(shape.key, key, f"{path}.{key}")
            yield from violations(shape.value, item, f"{path}.{key}")
    else:
        yield from _scalar(shape, value, path)


def _structure(shape: StructureShape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path or shape.name} must be a structure, not {value!r}"
        return
    here = f"{path}." if path else ""
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"{here}{name} is required"
    for name, item in value.items():
        if name not in shape.members:
            yield f"{here}{name} is unknown"
        elif item is not None:
            yield from violations(shape.members[name], item, f"{here}{name}")


def _scalar(shape: Shape, given: object, path: str) -> Iterator[str]:
    kinds = _PYTHON[shape.type_name]
    # In Python a boolean is an integer; in the model it is not.
    if not isinstance(given, kinds) or (isinstance(given, bool) and bool not in kinds):
        yield f"{path} must be a {shape.type_name}, not {given!r}"
        return
    value: Any = given
    if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        yield f"{path} must be one of {', '.join(shape.enum)}, not {value!r}"
    if shape.type_name in _SIZED:
        yield from _bounds(shape, len(value), path)
    elif shape.type_name not in ("boolean", "timestamp"):
        yield from _bounds(shape, value, path)


def _bounds(shape: Shape, size: float, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    what = "length" if shape.type_name in _SIZED else "value"
    if least is not None and size < float(least):
        yield f"{path} has a {what} of {size}, less than {least}"
    if most is not None and size > float(most):
        yield f"{path} has a {what} of {size}, more than {most}"


def quantities(value: Any, path: str = "") -> Iterator[str]:
    """Each place at which CloudFront's `Quantity` is not the number of `Items`."""
    if isinstance(value, Mapping):
        if "Quantity" in value and value["Quantity"] != len(value.get("Items") or []):
            yield path
        for name, item in value.items():
            yield from quantities(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from quantities(item, f"{path}[{index}]")


def unknown_elements(shape: Shape, element: ElementTree.Element, path: str = "") -> Iterator[str]:
    """Each XML element of a request body that the model has no member for."""
    if isinstance(shape, StructureShape):
        members = {
            member.serialization.get("name", name): member for name, member in shape.members.items()
        }
        for child in element:
            name = child.tag.rsplit("}", 1)[-1]
            here = f"{path}.{name}" if path else name
            if name not in members:
                yield here
            else:
                yield from unknown_elements(members[name], child, here)
    elif isinstance(shape, ListShape):
        expected = shape.member.serialization.get("name", "member")
        for child in element:
            name = child.tag.rsplit("}", 1)[-1]
            if name == expected:
                yield from unknown_elements(shape.member, child, path)
            else:
                yield f"{path}.{name}"


def check_answer(operation: OperationModel, answer: Mapping[str, Any] | None) -> None:
    """Raise ShapeError if `answer` is not what the operation promises."""
    if operation.output_shape is None:
        problems = ["no answer is promised"] if answer else []
    else:
        problems = list(violations(operation.output_shape, answer or {}))
        problems += [f"{place}: Quantity and Items differ" for place in quantities(answer or {})]
    if problems:
        raise ShapeError(f"{operation.name}: {'; '.join(problems)}")
