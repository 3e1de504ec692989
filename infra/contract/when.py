"""The section `when` of `.stage.yaml`: which pull requests get an environment."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from infra.contract import reading
from infra.contract.reading import Section
from infra.identity import BRANCH

Patterns = tuple[Annotated[str, pydantic.Field(min_length=1, max_length=200)], ...]


Branch = Annotated[
    str,
    reading.formed(
        BRANCH,
        "is no branch that can have an environment: name one in full, of letters, digits and ._/+-",
    ),
]


class When(Section):
    """Who gets one; the label and the command `up` count in each mode that knows them."""

    mode: Literal["label", "command", "always"] = "label"
    """`label`: whoever has the label; `command`: only by command; `always`: every pull request that
    the filters below let through. A command counts in each mode."""
    drafts: bool = True
    """With `always`: drafts as well."""
    branches: Patterns = ()
    """With `always`: only pull requests into these base branches, with * and ?; none named: all."""
    authors: Patterns = ()
    """With `always`: only these authors, with * and ?; none named: all."""
    paths: Patterns = ()
    """With `always`: only where a changed file matches one of these, with ** over folders, and *
    and ? within a name; none named: all."""

    base: tuple[Branch, ...] = ()
    """Branches that have an environment of their own, which pull requests are compared with; read
    from the default branch only."""

    @classmethod
    def parse(cls, text: str) -> When:
        """Read this section alone out of the file's text. Raises StageFileError."""
        return reading.parse(cls, text, "when")
