"""Reads export requests with the published protobuf classes; pure.

What is read is kept for a while, so texts and attributes are cut to a size that no sender chooses.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import google.protobuf.message
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

ENVIRONMENT = "deployment.environment.name"
SERVICE = "service.name"
LONGEST_TEXT = 1024
MOST_ATTRIBUTES = 64
_DEEPEST = 4

Attributes = dict[str, Any]


class MalformedError(ValueError):
    """The bytes are no export request."""


@dataclass(frozen=True)
class Span:
    """One span; ids in hexadecimal, and empty for the parent that a root has not."""

    trace: str
    span: str
    parent: str
    name: str
    kind: str
    """`server`, `client`, `internal`, `producer`, `consumer` or `unspecified`."""
    status: str
    """`unset`, `ok` or `error`."""
    service: str
    environment: str
    start_ns: int
    duration_ms: float
    attributes: Attributes
    resource: Attributes


@dataclass(frozen=True)
class Export:
    """What one request brought; how many of each thing, by environment."""

    counts: Mapping[str, Counter[str]]
    spans: tuple[Span, ...] = ()


def traces(body: bytes) -> Export:
    """Read an ExportTraceServiceRequest. Raises MalformedError."""
    request = trace_service_pb2.ExportTraceServiceRequest()
    _parse(request, body)
    found = []
    for each in request.resource_spans:
        resource = _attributes(each.resource.attributes)
        found += [_span(span, resource) for scope in each.scope_spans for span in scope.spans]
    return Export(_by_environment((span.environment, "spans", 1) for span in found), tuple(found))


def metrics(body: bytes) -> Export:
    """Read an ExportMetricsServiceRequest. Raises MalformedError."""
    request = metrics_service_pb2.ExportMetricsServiceRequest()
    _parse(request, body)
    return Export(
        _by_environment(
            (_environment(each.resource.attributes), "metric_points", _points(metric))
            for each in request.resource_metrics
            for scope in each.scope_metrics
            for metric in scope.metrics
        )
    )


def logs(body: bytes) -> Export:
    """Read an ExportLogsServiceRequest. Raises MalformedError."""
    request = logs_service_pb2.ExportLogsServiceRequest()
    _parse(request, body)
    return Export(
        _by_environment(
            (_environment(each.resource.attributes), "log_records", len(scope.log_records))
            for each in request.resource_logs
            for scope in each.scope_logs
        )
    )


READERS = {"/v1/traces": traces, "/v1/metrics": metrics, "/v1/logs": logs}
"""How the body of a request to each path is read."""


def _parse(request: google.protobuf.message.Message, body: bytes) -> None:
    try:
        request.ParseFromString(body)
    except google.protobuf.message.DecodeError as error:
        raise MalformedError(f"the body is no {type(request).__name__} in protobuf") from error


def _by_environment(found: Iterable[tuple[str, str, int]]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for environment, what, number in found:
        counts.setdefault(environment, Counter())[what] += number
    return counts


def _span(span: trace_pb2.Span, resource: Attributes) -> Span:
    return Span(
        trace=span.trace_id.hex(),
        span=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        name=span.name[:LONGEST_TEXT],
        kind=_word(trace_pb2.Span.SpanKind.Name, span.kind, "SPAN_KIND_"),
        status=_word(trace_pb2.Status.StatusCode.Name, span.status.code, "STATUS_CODE_"),
        service=str(resource.get(SERVICE, "")),
        environment=str(resource.get(ENVIRONMENT, "")),
        start_ns=span.start_time_unix_nano,
        duration_ms=max(0, span.end_time_unix_nano - span.start_time_unix_nano) / 1e6,
        attributes=_attributes(span.attributes),
        resource=resource,
    )


def _word(name: Any, number: int, prefix: str) -> str:
    try:
        return str(name(number)).removeprefix(prefix).lower()
    except ValueError:  # a number that a later version of the protocol has a name for
        return str(number)


def _points(metric: metrics_pb2.Metric) -> int:
    kind = metric.WhichOneof("data")
    return len(getattr(metric, kind).data_points) if kind else 0


def _environment(attributes: Iterable[common_pb2.KeyValue]) -> str:
    return next((each.value.string_value for each in attributes if each.key == ENVIRONMENT), "")


def _attributes(pairs: Iterable[common_pb2.KeyValue]) -> Attributes:
    kept = itertools.islice(pairs, MOST_ATTRIBUTES)
    return {pair.key[:LONGEST_TEXT]: _value(pair.value, _DEEPEST) for pair in kept}


def _value(value: common_pb2.AnyValue, depth: int) -> Any:
    kind = value.WhichOneof("value")
    if kind is None or depth == 0:
        return None
    if kind == "array_value":
        listed = itertools.islice(value.array_value.values, MOST_ATTRIBUTES)
        return [_value(each, depth - 1) for each in listed]
    if kind == "kvlist_value":
        pairs = itertools.islice(value.kvlist_value.values, MOST_ATTRIBUTES)
        return {pair.key[:LONGEST_TEXT]: _value(pair.value, depth - 1) for pair in pairs}
    plain = getattr(value, kind)
    if isinstance(plain, bytes):
        return plain[: LONGEST_TEXT // 2].hex()
    return plain[:LONGEST_TEXT] if isinstance(plain, str) else plain
