"""Export requests as SDKs send them."""

from collections.abc import Mapping
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    Gauge,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

TRACE, PARENT, CHILD = bytes(range(16)), b"\x01" * 8, b"\x02" * 8


def pair(key: str, **value: Any) -> KeyValue:
    """An attribute."""
    return KeyValue(key=key, value=AnyValue(**value))


def resource(environment: str | None, service: str) -> Resource:
    """A pod's resource."""
    found = [pair("service.name", string_value=service)]
    if environment is not None:
        found.append(pair("deployment.environment.name", string_value=environment))
    return Resource(attributes=found)


def traces(
    environment: str | None = "pr-7",
    service: str = "web",
    names: tuple[str, ...] = ("GET /",),
    attributes: tuple[KeyValue, ...] = (),
    **more: Any,
) -> bytes:
    """An export of spans."""
    fields: Mapping[str, Any] = {
        "trace_id": TRACE,
        "span_id": CHILD,
        "parent_span_id": PARENT,
        "kind": Span.SPAN_KIND_SERVER,
        "start_time_unix_nano": 1_000_000_000,
        "end_time_unix_nano": 1_002_500_000,
        "attributes": attributes,
        **more,
    }
    spans = [Span(name=name, **fields) for name in names]
    scopes = [ScopeSpans(spans=spans)]
    found = [ResourceSpans(resource=resource(environment, service), scope_spans=scopes)]
    return ExportTraceServiceRequest(resource_spans=found).SerializeToString()


def metrics(environment: str = "pr-7", points: int = 2) -> bytes:
    """An export of one gauge."""
    gauge = Gauge(data_points=[NumberDataPoint(as_int=1) for _ in range(points)])
    scopes = [ScopeMetrics(metrics=[Metric(name="threads", gauge=gauge), Metric(name="empty")])]
    found = [ResourceMetrics(resource=resource(environment, "web"), scope_metrics=scopes)]
    return ExportMetricsServiceRequest(resource_metrics=found).SerializeToString()


def logs(environment: str = "pr-7", records: int = 3) -> bytes:
    """An export of log records."""
    scopes = [ScopeLogs(log_records=[LogRecord() for _ in range(records)])]
    found = [ResourceLogs(resource=resource(environment, "web"), scope_logs=scopes)]
    return ExportLogsServiceRequest(resource_logs=found).SerializeToString()
