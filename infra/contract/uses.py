"""The section `uses` of `.stage.yaml`: what other repositories bring into the environment."""

from __future__ import annotations

import fnmatch
from typing import Annotated

import pydantic

from infra import identity
from infra.contract import reading
from infra.contract.reading import Section


def shares(text: str | None, repository: str) -> bool:
    """Whether a stage file, whatever else it holds, lets a repository use its services."""
    try:
        names = reading.mapping(text or "").get("shared_with")
    except reading.StageFileError:
        return False
    return isinstance(names, list) and any(
        fnmatch.fnmatchcase(repository.lower(), name.lower())
        for name in names
        if isinstance(name, str)
    )


class Use(Section):
    """Services of another repository's default branch."""

    repository: Annotated[str, pydantic.Field(pattern=f"^{identity.REPOSITORY.pattern}$")]
    """Its full name; its own stage file has to say `shared_with` for this one."""
    environment: (
        Annotated[str, pydantic.Field(pattern=f"^{identity.DEFINITION.pattern}$")] | None
    ) = None
    """Which of its definitions, where it has several."""
    services: tuple[str, ...] = ()
    """Those that are needed; none named: all."""
