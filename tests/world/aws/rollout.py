"""How a write reaches the edges: `InProgress` for a while, then `Deployed`.

Until then the edges go on with what they had. A distribution that was never deployed is not
served at all.
"""

from __future__ import annotations

import dataclasses
import datetime
import threading
import time
from collections.abc import Callable

from tests.world.aws.defaults import Config


@dataclasses.dataclass(frozen=True)
class Revision:
    """One state of a distribution, and of the policy that it then had."""

    config: Config
    policy: Config | None
    due: float
    """When the edges have it, on the rollout's clock."""


class Rollout:
    """The states of one distribution that are deployed or on their way."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._revisions: list[Revision] = []
        self._lock = threading.Lock()
        self.modified = _now()

    def write(self, config: Config, policy: Config | None) -> None:
        """Begin to deploy this state."""
        with self._lock:
            due = self._clock() + self._seconds
            self._revisions.append(Revision(config, policy, due))
            self.modified = _now()

    @property
    def status(self) -> str:
        """`Deployed` when the last write has reached the edges, else `InProgress`."""
        with self._lock:
            return "Deployed" if self._revisions[-1].due <= self._clock() else "InProgress"

    def deployed(self) -> Revision | None:
        """What the edges have; None before the first write has reached them."""
        with self._lock:
            now = self._clock()
            past = [revision for revision in self._revisions if revision.due <= now]
            if past:
                # What came before is of no interest any more.
                self._revisions = [past[-1], *(r for r in self._revisions if r.due > now)]
            return past[-1] if past else None


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
