"""The section `uses` of `.stage.yaml`: what other repositories bring into the environment."""

from __future__ import annotations

from typing import Annotated

import pydantic

from infra import identity
from infra.contract.reading import Section


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
