"""How a property is described: its name in the SDK, its place in the API, and how it behaves.

The tables in `properties` are made of these. One description serves four ways: `check` refuses
and fills in, `translate` leads to the API and back, `compare` says what a change means.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

Properties = dict[str, Any]


class Many(Enum):
    """How many values a property has."""

    ONE = "one"
    LIST = "list"
    """Several; their order counts."""
    SET = "set"
    """Several; their order does not count."""


@dataclass(frozen=True)
class Field:
    """One property.

    Attributes:
        name: as the SDK sends it.
        of: a scalar's type, or the fields of a nested object.
        api: the path inside the API's shape; empty: the list's own shape is merged into the parent.
        many: how many values.
        required: whether it has to be given.
        default: what Check fills in; None: nothing.
        computed: whether the service chooses a value that is not given.
        replaces: whether a change needs a new resource.
        choices: the texts that are allowed; empty: any.
        key: of a set of objects, the property by which two items are the same one.
        length: how many items there must be; None: any number.
        longest: how many characters a text may have; None: any number.
        bare: whether the API's list is plain, and not an object with Quantity and Items.
        blank: whether an empty text is sent when nothing is given: an update must bring it.
        wire: the scalar's type in the API, where it is another one.
    """

    name: str
    of: "type | tuple[Field, ...]"
    api: tuple[str, ...]
    many: Many = Many.ONE
    required: bool = False
    default: Any = None
    computed: bool = False
    replaces: bool = False
    choices: tuple[str, ...] = ()
    key: str = ""
    length: int | None = None
    longest: int | None = None
    bare: bool = False
    blank: bool = False
    wire: type | None = None

    @property
    def nested(self) -> "tuple[Field, ...]":
        """The fields of a nested object; empty for a scalar."""
        return self.of if isinstance(self.of, tuple) else ()


def field(name: str, of: "type | tuple[Field, ...]", api: str | None = None, **more: Any) -> Field:
    """A field; its place in the API is its name with a capital, unless said otherwise."""
    path = name[0].upper() + name[1:] if api is None else api
    return Field(name, of, tuple(path.split(".")) if path else (), **more)


def nothing(value: Any) -> bool:
    """Whether a value is as good as none: to Terraform, a zero is what was not given."""
    return value is None or (isinstance(value, str | list | dict | bool | int) and not value)


def plain(properties: Mapping[str, Any]) -> Properties:
    """The properties without the plugin's own notes."""
    return {key: value for key, value in properties.items() if key != DEFAULTS}


DEFAULTS: Final = "__defaults"
"""The official plugin's note in the inputs: which of them it filled in."""
