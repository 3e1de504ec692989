"""Shows OpenTelemetry's metrics in Prometheus' text form, for `GET /metrics`.

Source: Prometheus' documentation, "Exposition formats", version 0.0.4; and OpenTelemetry's
"Prometheus and OpenMetrics compatibility" for the names. Counters and gauges, as the bot has no
other instruments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import Gauge, InMemoryMetricReader, Metric, Sum
from opentelemetry.sdk.resources import Resource

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_UNITS = {"s": "seconds"}
_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})


class Exposition:
    """Holds what is counted, until somebody reads it."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self._provider = MeterProvider([self._reader], Resource.get_empty(), shutdown_on_exit=False)

    def meter(self) -> metrics.Meter:
        """What instruments are made with."""
        return self._provider.get_meter("understudy")

    def text(self) -> str:
        """All metrics as they are just now."""
        found = self._reader.get_metrics_data()
        lines = [
            line
            for resource in (found.resource_metrics if found else ())
            for scope in resource.scope_metrics
            for metric in sorted(scope.metrics, key=lambda one: one.name)
            for line in _lines(metric)
        ]
        return "".join(f"{line}\n" for line in lines)


def _lines(metric: Metric) -> Iterator[str]:
    data = metric.data
    assert isinstance(data, Sum | Gauge), metric.name
    counter = isinstance(data, Sum) and data.is_monotonic
    name = re.sub(r"[^a-zA-Z0-9_]", "_", metric.name)
    unit = _UNITS.get(metric.unit or "")
    name = f"{name}{f'_{unit}' if unit else ''}{'_total' if counter else ''}"
    yield f"# HELP {name} {(metric.description or '').translate(_HELP)}"
    yield f"# TYPE {name} {'counter' if counter else 'gauge'}"
    for point in data.data_points:
        yield f"{name}{_labels(point.attributes or {})} {float(point.value):.17g}"


def _labels(attributes: Mapping[str, object]) -> str:
    pairs = [f'{key}="{str(attributes[key]).translate(_ESCAPED)}"' for key in sorted(attributes)]
    return f"{{{','.join(pairs)}}}" if pairs else ""
