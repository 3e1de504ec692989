"""What the edges have deployed, read from the simulated AWS and kept for a moment."""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.request

from tests.world.aws.paths import EDGE_PATH
from tests.world.edge.routing import Distribution

FRESH_SECONDS = 0.2
"""A change is seen at most so much later; far below any deployment."""

log = logging.getLogger("world.edge")


class View:
    """The distributions, as the edges have them."""

    def __init__(self, aws: str) -> None:
        self._address = f"{aws.rstrip('/')}{EDGE_PATH}"
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._distributions: tuple[Distribution, ...] = ()
        self._reachable = True

    def distributions(self) -> tuple[Distribution, ...]:
        """The distributions now; as they last were while AWS can't be reached."""
        with self._lock:
            if time.monotonic() - self._read_at >= FRESH_SECONDS:
                self._read()
                self._read_at = time.monotonic()
            return self._distributions

    def _read(self) -> None:
        try:
            with urllib.request.urlopen(self._address, timeout=5) as answer:
                found = json.load(answer)["distributions"]
        except (OSError, ValueError, KeyError) as error:
            # The real edges, too, go on with what they have.
            if self._reachable:
                log.warning("AWS can't be read at %s: %s", self._address, error)
            self._reachable = False
            return
        self._reachable = True
        self._distributions = tuple(
            Distribution(one["id"], one["domain"], one["config"], one["policy"]) for one in found
        )
