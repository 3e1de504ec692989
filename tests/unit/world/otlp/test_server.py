import gzip
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.unit.world.otlp import exports
from tests.world.otlp import server
from tests.world.otlp.store import Store

PROTOBUF = {"Content-Type": "application/x-protobuf"}
ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def address() -> Iterator[str]:
    """A receiver on a port of its own."""
    with server.Server(("127.0.0.1", 0), Store()) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def post(address: str, body: bytes, path: str = "/v1/traces", **headers: str) -> requests.Response:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return requests.post(address + path, data=body, headers=PROTOBUF | named, timeout=10)


def test_spans_come_back_as_json(address: str) -> None:
    answer = post(address, exports.traces("pr-7", "web", ("GET /", "GET /api")))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Type"] == "application/x-protobuf"
    post(address, exports.traces("pr-8", "web"))
    found = requests.get(f"{address}/spans", {"environment": "pr-7"}, timeout=10).json()
    assert [span["name"] for span in found] == ["GET /", "GET /api"]
    assert found[0]["trace"] == exports.TRACE.hex()
    assert found[0]["resource"]["service.name"] == "web"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["a", "b"]),
        ({"service": "api"}, ["b"]),
        ({"name": "a"}, ["a"]),
        ({"trace": exports.TRACE.hex(), "service": "web"}, ["a"]),
        ({"environment": "pr-9"}, []),
    ],
)
def test_spans_by_what_they_are(address: str, query: dict[str, str], names: list[str]) -> None:
    post(address, exports.traces(service="web", names=("a",)))
    post(address, exports.traces(service="api", names=("b",)))
    found = requests.get(f"{address}/spans", query, timeout=10).json()
    assert [span["name"] for span in found] == names


def test_counts_of_every_signal(address: str) -> None:
    post(address, exports.traces())
    post(address, exports.metrics(), "/v1/metrics")
    post(address, gzip.compress(exports.logs()), "/v1/logs", Content_Encoding="gzip")
    counts = {"spans": 1, "metric_points": 2, "log_records": 3}
    assert requests.get(f"{address}/counts", timeout=10).json() == {"pr-7": counts}
    asked = {"environment": "pr-7"}
    assert requests.get(f"{address}/counts", asked, timeout=10).json() == counts


def test_one_connection_serves_many_requests(address: str) -> None:
    with requests.Session() as session:
        for _ in range(3):
            session.post(f"{address}/v1/logs", exports.logs(), headers=PROTOBUF, timeout=10)
        assert session.get(f"{address}/healthz", timeout=10).json() == "ok"
        assert session.get(f"{address}/counts", timeout=10).json()["pr-7"]["log_records"] == 9


@pytest.mark.parametrize(
    ("body", "path", "headers", "status", "said"),
    [
        pytest.param(b"\xff\xff", "/v1/traces", {}, 400, "no ExportTraceServiceRequest", id="body"),
        pytest.param(b"", "/v1/profiles", {}, 404, "send to /v1/traces", id="path"),
        pytest.param(
            b"{}", "/v1/logs", {"Content_Type": "application/json"}, 415, "send application/x-pro",
            id="JSON",
        ),
        pytest.param(b"x", "/v1/logs", {"Content_Encoding": "br"}, 415, "'br'", id="encoding"),
        pytest.param(
            b"nothing packed", "/v1/logs", {"Content_Encoding": "gzip"}, 400, "not the gzip",
            id="gzip",
        ),
        pytest.param(
            gzip.compress(b"x" * 99)[:-9], "/v1/logs", {"Content_Encoding": "gzip"}, 400,
            "ends too early", id="half a gzip",
        ),
        pytest.param(
            gzip.compress(b"\0" * (server.MOST_BYTES + 1)), "/v1/logs",
            {"Content_Encoding": "gzip"}, 413, "at most", id="small, and large once unpacked",
        ),
    ],
)  # fmt: skip
def test_bad_exports_are_refused_with_a_sentence(
    address: str, body: bytes, path: str, headers: dict[str, str], status: int, said: str
) -> None:
    answer = post(address, body, path, **headers)
    assert answer.status_code == status
    assert said in answer.text
    assert requests.get(f"{address}/counts", timeout=10).json() == {}


@pytest.mark.parametrize(
    ("header", "status"),
    [("Content-Length: 99999999", b"413"), ("Content-Length: x", b"411"), ("X-None: 1", b"411")],
)
def test_a_length_that_is_none_or_too_much_ends_the_connection(
    address: str, header: str, status: bytes
) -> None:
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        kind = "Content-Type: application/x-protobuf"
        connection.sendall(f"POST /v1/logs HTTP/1.1\r\n{kind}\r\n{header}\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.split()[1] == status


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [("/", 404, "ask for /spans"), ("/spans?colour=red", 400, "spans have no 'colour'")],
)
def test_bad_questions_are_refused_with_a_sentence(
    address: str, path: str, status: int, said: str
) -> None:
    answer = requests.get(address + path, timeout=10)
    assert answer.status_code == status
    assert said in answer.text


def command(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.world.otlp", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_program_serves_until_it_is_ended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with command("--port", str(port)) as process:
        try:
            session = requests.Session()
            retries = requests.adapters.Retry(total=None, connect=60, backoff_factor=0.05)
            session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retries))
            with session:
                assert session.get(f"http://127.0.0.1:{port}/healthz", timeout=10).ok
            process.send_signal(signal.SIGTERM)
            assert process.communicate(timeout=20)[1] == ""
            assert process.returncode == 0
        finally:
            process.kill()


def test_an_address_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with command("--port", str(port)) as process:
            said = process.communicate(timeout=20)[1]
    assert process.returncode == 1
    assert said.startswith(f"cannot listen on 127.0.0.1:{port}: ")
