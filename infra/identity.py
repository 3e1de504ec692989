"""What an environment is of: a pull request, or a branch of a repository. Pure."""

from __future__ import annotations

import dataclasses
import re

MAX_NUMBER = 2**31 - 1
"""The largest number of a pull request that is kept."""

REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}")
_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/+-]{0,199}")
"""Branches that can have an environment: their names also have to be tags of AWS."""
DEFINITION = re.compile(r"[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?")
_WRITTEN = re.compile(r"([^#@:]+)(?:#([0-9]+)|@([^:]+))(?::(.+))?")


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class EnvironmentKey:
    """Which environment it is: a pull request's, or the base environment of a branch."""

    repository: str
    """Full name, as `owner/name`."""
    number: int = 0
    """The pull request's number; 0 for a branch's."""
    branch: str = ""
    """The branch that it is the base environment of; empty for a pull request's."""
    definition: str = ""
    """Which of the repository's definitions; empty where the repository has only one."""

    def __post_init__(self) -> None:
        """Raises ValueError where it is of both, or of neither."""
        if (self.number > 0) is bool(self.branch):
            raise ValueError(f"neither a pull request nor a branch: {self!r}")

    def __str__(self) -> str:
        definition = f":{self.definition}" if self.definition else ""
        return f"{self.repository}{self.subject}{definition}"

    @property
    def subject(self) -> str:
        """What of the repository: `#7`, or `@main`."""
        return f"#{self.number}" if self.number else f"@{self.branch}"

    @property
    def is_base(self) -> bool:
        """Whether it is a branch's own."""
        return bool(self.branch)

    @property
    def identity(self) -> str:
        """What tells it from others: GitHub does not tell capitals of repositories apart."""
        folded = dataclasses.replace(self, repository=self.repository.lower())
        return str(folded)

    @property
    def whole(self) -> EnvironmentKey:
        """The same pull request or branch, without a definition."""
        return self.defined("")

    def defined(self, definition: str) -> EnvironmentKey:
        """Another definition of the same pull request or branch."""
        return dataclasses.replace(self, definition=definition)

    def within(self, repository: str) -> EnvironmentKey:
        """The same in a repository of another name."""
        return dataclasses.replace(self, repository=repository)

    @classmethod
    def parse(cls, text: str) -> EnvironmentKey | None:
        """Read `owner/name#7`, `owner/name@branch`, each with `:definition`; None for others."""
        found = _WRITTEN.fullmatch(text)
        return None if found is None else cls.told(found[1], found[2], found[3], found[4])

    @classmethod
    def told(
        cls,
        repository: object,
        number: object = None,
        branch: object = None,
        definition: object = None,
    ) -> EnvironmentKey | None:
        """The key that labels, tags, a state or a person tells in texts; None where they don't."""
        repository, number, branch, definition = (
            str(text) if text else "" for text in (repository, number, branch, definition)
        )
        fits = (
            REPOSITORY.fullmatch(repository)
            and (_NUMBER.fullmatch(number) if number else BRANCH.fullmatch(branch))
            and (not definition or DEFINITION.fullmatch(definition))
            and not (number and branch)
        )
        if not fits or (number and int(number) > MAX_NUMBER):
            return None
        return cls(repository, int(number or 0), branch, definition)
