import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.unit.world.otlp import exports
from tests.world.otlp import wire


def test_a_span_with_its_resource() -> None:
    export = wire.traces(exports.traces(attributes=(exports.pair("n", int_value=3),)))
    assert export.counts == {"pr-7": {"spans": 1}}
    assert export.spans == (
        wire.Span(
            trace="000102030405060708090a0b0c0d0e0f",
            span="02" * 8,
            parent="01" * 8,
            name="GET /",
            kind="server",
            status="unset",
            service="web",
            environment="pr-7",
            start_ns=1_000_000_000,
            duration_ms=2.5,
            attributes={"n": 3},
            resource={"service.name": "web", "deployment.environment.name": "pr-7"},
        ),
    )


def test_a_root_has_no_parent_and_a_failure_is_told() -> None:
    status = Status(code=Status.STATUS_CODE_ERROR)
    [span] = wire.traces(exports.traces(parent_span_id=b"", status=status)).spans
    assert (span.parent, span.status) == ("", "error")


def test_what_a_later_protocol_knows_stays_a_number() -> None:
    body = Span(trace_id=b"\0" * 16).SerializeToString() + b"\x30\x63"  # kind = 99
    [span] = wire.traces(exports.traces(kind=Span.FromString(body).kind)).spans
    assert span.kind == "99"


def test_an_end_before_the_start_is_no_time_at_all() -> None:
    [span] = wire.traces(exports.traces(end_time_unix_nano=1)).spans
    assert span.duration_ms == 0


def test_values_of_every_kind() -> None:
    listed = ArrayValue(values=[AnyValue(bool_value=True), AnyValue(double_value=1.5)])
    nested = KeyValueList(values=[exports.pair("deep", string_value="x")])
    [span] = wire.traces(
        exports.traces(
            attributes=(
                exports.pair("list", array_value=listed),
                exports.pair("map", kvlist_value=nested),
                exports.pair("bytes", bytes_value=b"\xff"),
                exports.pair("nothing"),
            )
        )
    ).spans
    assert span.attributes == {
        "list": [True, 1.5],
        "map": {"deep": "x"},
        "bytes": "ff",
        "nothing": None,
    }


def test_no_sender_chooses_how_much_is_kept() -> None:
    value = AnyValue(string_value="deepest")
    for _ in range(10):
        value = AnyValue(array_value=ArrayValue(values=[value]))
    many = tuple(exports.pair(str(number), string_value="x" * 5000) for number in range(200))
    [span] = wire.traces(
        exports.traces(
            names=("n" * 5000,),
            attributes=(exports.pair("deep", array_value=value.array_value), *many),
        )
    ).spans
    assert len(span.name) == wire.LONGEST_TEXT
    assert len(span.attributes) == wire.MOST_ATTRIBUTES
    assert len(span.attributes["0"]) == wire.LONGEST_TEXT
    assert span.attributes["deep"] == [[[[None]]]]


def test_counts_of_metrics_and_logs() -> None:
    assert wire.metrics(exports.metrics(points=2)).counts == {"pr-7": {"metric_points": 2}}
    assert wire.logs(exports.logs(records=3)).counts == {"pr-7": {"log_records": 3}}


def test_without_an_environment_there_is_still_a_count() -> None:
    assert wire.traces(exports.traces(environment=None)).counts == {"": {"spans": 1}}


@pytest.mark.parametrize("path", wire.READERS)
def test_an_empty_request_is_one(path: str) -> None:
    assert wire.READERS[path](b"") == wire.Export({})


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/traces", "ExportTraceServiceRequest"),
        ("/v1/metrics", "ExportMetricsServiceRequest"),
        ("/v1/logs", "ExportLogsServiceRequest"),
    ],
)
def test_bytes_that_are_no_request_are_named(path: str, name: str) -> None:
    with pytest.raises(wire.MalformedError, match=f"the body is no {name} in protobuf"):
        wire.READERS[path](b"\xff\xff")
