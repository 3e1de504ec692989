"""What came, in bounded memory: counts, and the newest spans of each environment.

Each environment has its own share, so that a talkative one pushes no other's spans out.
"""

from __future__ import annotations

import collections
import threading
from dataclasses import dataclass, field

from tests.world.otlp.wire import Export, Span

KEPT_SPANS = 500
"""For each environment."""
KEPT_ENVIRONMENTS = 100

Counts = dict[str, int]


@dataclass
class _Environment:
    spans: collections.deque[Span]
    counts: collections.Counter[str] = field(default_factory=collections.Counter)


class Store:
    """Safe to use from several threads."""

    def __init__(self, spans: int = KEPT_SPANS, environments: int = KEPT_ENVIRONMENTS) -> None:
        self._most_spans = spans
        self._most_environments = environments
        self._lock = threading.Lock()
        # In the order of their last export: the first is the one to forget.
        self._environments: collections.OrderedDict[str, _Environment] = collections.OrderedDict()

    def add(self, export: Export) -> None:
        """Take in one request."""
        with self._lock:
            for name, counts in export.counts.items():
                self._environment(name).counts.update(counts)
            for span in export.spans:
                self._environments[span.environment].spans.append(span)
            while len(self._environments) > self._most_environments:
                self._environments.popitem(last=False)

    def spans(self, environment: str | None = None) -> list[Span]:
        """The newest spans, of one environment or of all, oldest first in each."""
        with self._lock:
            if environment is not None:
                found = self._environments.get(environment)
                return list(found.spans) if found else []
            return [span for each in self._environments.values() for span in each.spans]

    def counts(self) -> dict[str, Counts]:
        """How many spans, metric points and log records came, by environment."""
        with self._lock:
            return {name: dict(each.counts) for name, each in self._environments.items()}

    def _environment(self, name: str) -> _Environment:
        found = self._environments.get(name)
        if found is None:
            found = _Environment(collections.deque(maxlen=self._most_spans))
            self._environments[name] = found
        self._environments.move_to_end(name)
        return found
