"""Property values as the engine sends them (protobuf structs), and as plain Python.

Two things have no JSON of their own: a value not known before its resource exists, and a secret.
The engine marks them by fixed words inside the struct; here they are `UNKNOWN` and `Secret`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.struct_pb2 import ListValue, Struct
from google.protobuf.struct_pb2 import Value as Wire

_TYPE_KEY: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
_UNKNOWN_WORDS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # of a boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # of a number
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # of a string
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # of a list
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # of an object
    }
)
_UNKNOWN_WORD: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Unknown:
    """The type of `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that the state stores encrypted."""

    value: Any


def from_struct(struct: Struct) -> dict[str, Any]:
    """The properties of a struct; keys whose value is null are left out, as official plugins do."""
    return {key: _from_wire(value) for key, value in struct.fields.items() if not _is_null(value)}


def _is_null(value: Wire) -> bool:
    return value.WhichOneof("kind") in (None, "null_value")


def _from_wire(value: Wire) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _from_object(value.struct_value)
    if kind == "list_value":
        return [_from_wire(item) for item in value.list_value.values]
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWN_WORDS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return value.bool_value if kind == "bool_value" else None


def _from_object(struct: Struct) -> Any:
    signature = struct.fields.get(_TYPE_KEY)
    if signature is None:
        return from_struct(struct)
    if signature.string_value != _SECRET:
        raise ValueError(
            "A property holds an asset, an archive or a resource, which this stand-in does not "
            "know: pass a plain value."
        )
    inner = _from_wire(struct.fields["value"])
    return inner if isinstance(inner, Secret) else Secret(inner)


def to_struct(properties: Mapping[str, Any]) -> Struct:
    """The struct of these properties, for an answer to the engine."""
    return Struct(fields={key: _to_wire(value) for key, value in properties.items()})


def _to_wire(value: Any) -> Wire:
    if value is None:
        return Wire(null_value=0)  # type: ignore[arg-type]  # the only member of NullValue
    if isinstance(value, Unknown):
        return Wire(string_value=_UNKNOWN_WORD)
    if isinstance(value, Secret):
        marked = {_TYPE_KEY: Wire(string_value=_SECRET), "value": _to_wire(value.value)}
        return Wire(struct_value=Struct(fields=marked))
    if isinstance(value, bool):
        return Wire(bool_value=value)
    if isinstance(value, int | float):
        return Wire(number_value=value)
    if isinstance(value, str):
        return Wire(string_value=value)
    if isinstance(value, Mapping):
        return Wire(struct_value=to_struct(value))
    return Wire(list_value=ListValue(values=[_to_wire(item) for item in value]))


def reveal(value: Any) -> Any:
    """The same value with every `Secret` replaced by what it holds."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, dict):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [reveal(item) for item in value]
    return value


def has_unknown(value: Any) -> bool:
    """Whether something inside is not known yet."""
    if isinstance(value, Secret):
        return has_unknown(value.value)
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return isinstance(value, Unknown)


def marked_like(value: Any, pattern: Any) -> Any:
    """`value` with a `Secret` wherever `pattern` has one at the same place."""
    if isinstance(pattern, Secret):
        return value if isinstance(value, Secret) else Secret(value)
    if isinstance(value, dict) and isinstance(pattern, dict):
        return {key: marked_like(item, pattern.get(key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(pattern, list):
        padded = pattern + [None] * (len(value) - len(pattern))
        return [marked_like(item, like) for item, like in zip(value, padded, strict=False)]
    return value
