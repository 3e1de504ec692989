"""What the doctor says: one line for each thing that was looked at."""

from __future__ import annotations

import dataclasses
import enum
import re


@enum.unique
class Sign(enum.Enum):
    """How something stands."""

    OK = "ok"
    """As it should be."""
    WARNING = "warning"
    """The bot works, and somebody should know; or it could not be looked at."""
    WRONG = "wrong"
    """The bot can't do its work, or not all of it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One line."""

    sign: Sign
    what: str
    """What was looked at."""
    found: str
    mend: str = ""
    """How to mend it, as one sentence; empty where nothing is to be done."""

    def __str__(self) -> str:
        """The line as people read it."""
        mend = f" -> {self.mend}" if self.mend else ""
        return f"{self.sign.value:<8}" + _one_line(f"{self.what}: {self.found}{mend}")

    def as_dict(self) -> dict[str, str]:
        """The same for programs."""
        return {
            "sign": self.sign.value,
            "what": self.what,
            "found": _one_line(self.found),
            "mend": _one_line(self.mend),
        }


def ok(what: str, found: str) -> Finding:
    """It is as it should be."""
    return Finding(Sign.OK, what, found)


def warning(what: str, found: str, mend: str = "") -> Finding:
    """Somebody should know."""
    return Finding(Sign.WARNING, what, found, mend)


def wrong(what: str, found: str, mend: str) -> Finding:
    """Somebody has to mend it."""
    return Finding(Sign.WRONG, what, found, mend)


def _one_line(text: str) -> str:
    # Words of other programs may hold breaks, and what steers a terminal.
    return re.sub(r"[\x00-\x20\x7f-\x9f]+", " ", text).strip()
