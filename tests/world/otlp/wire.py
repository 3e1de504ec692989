"""Reads trace exports with the published protobuf classes; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import google.protobuf.message
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2


class MalformedError(ValueError):
    """The bytes are no export request."""


@dataclass(frozen=True)
class Span:
    """One span with its resource's textual attributes; ids in hexadecimal, no parent is empty."""

    trace: str
    span: str
    parent: str
    name: str
    resource: dict[str, str] = field(default_factory=dict)


def spans(request: bytes) -> Iterator[Span]:
    """The spans of an ExportTraceServiceRequest. Raises MalformedError."""
    message = trace_service_pb2.ExportTraceServiceRequest()
    try:
        message.ParseFromString(request)
    except google.protobuf.message.DecodeError as error:
        raise MalformedError("the body is no ExportTraceServiceRequest") from error
    for each in message.resource_spans:
        resource = {pair.key: pair.value.string_value for pair in each.resource.attributes}
        for scope in each.scope_spans:
            for span in scope.spans:
                yield Span(
                    trace=span.trace_id.hex(),
                    span=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    name=span.name,
                    resource=resource,
                )
