"""The section `environments` of the root's `.stage.yaml`: several definitions in one repository."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import pydantic

from infra import identity
from infra.contract import reading
from infra.contract.reading import FILE_NAME, Section, StageFileError
from infra.contract.when import Patterns

SECTION = "environments"

Folder = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._/-]{0,199}$")]


Name = Annotated[
    str,
    reading.formed(
        identity.DEFINITION,
        "is no name of a definition: use at most 30 of a-z, 0-9 and '-', beginning and ending "
        "with a letter or digit",
    ),
]


class Definition(Section):
    """One environment of several that a pull request can have."""

    path: Folder
    """The folder that its own `.stage.yaml` is in."""
    also: Patterns = ()
    """Files outside that folder that it is made of as well, with ** over folders, and * and ?
    within a name."""

    @property
    def file(self) -> str:
        """The path of its stage file."""
        return f"{self.path.strip('/')}/{FILE_NAME}"

    @property
    def paths(self) -> tuple[str, ...]:
        """Patterns of the files that it is made of."""
        return (f"{self.path.strip('/')}/**", *self.also)


class _Whole(Section):
    environments: dict[Name, Definition] = pydantic.Field(default={})


def definitions(text: str | None) -> Mapping[str, Definition]:
    """The definitions that the root's file names; none where it is a stage file itself, or missing.

    Raises StageFileError.
    """
    if text is None or SECTION not in reading.mapping(text):
        return {}
    found = reading.parse(_Whole, text).environments
    if not found:
        raise StageFileError(
            f"{FILE_NAME}: {SECTION} names no definition: name one, or leave it out"
        )
    return found


def file_of(root: str | None, definition: str) -> str:
    """The path of a definition's stage file, out of the root's text. Raises StageFileError."""
    if not definition:
        return FILE_NAME
    found = definitions(root)
    if definition not in found:
        names = ", ".join(found) or "none"
        raise StageFileError(
            f"{FILE_NAME} has no environment {definition!r} (any more): it has {names}"
        )
    return found[definition].file
