"""What a benchmark gives back, and how it is told."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class Report:
    """Figures by name, and for some of them the largest value that is good enough.

    A figure that could not be measured here is None, with the reason printed before.
    """

    figures: Mapping[str, float | None]
    limits: Mapping[str, float]

    @property
    def ok(self) -> bool:
        """Whether every limited figure was measured and is within its limit."""
        return all(
            (figure := self.figures.get(name)) is not None and figure <= limit
            for name, limit in self.limits.items()
        )

    def line(self, name: str) -> str:
        """The closing line."""
        figures = {
            key: None if value is None else round(value, 3) for key, value in self.figures.items()
        }
        return json.dumps(
            {"bench": name, "figures": figures, "limits": dict(self.limits), "ok": self.ok}
        )
