"""OTLP over HTTP in one direction, and JSON for tests and the demo in the other."""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.world.otlp.store import Store
from tests.world.otlp.wire import READERS, MalformedError

MOST_BYTES = 8 * 1024 * 1024
"""Of a body, as it is sent and as it is once unpacked."""
FILTERS = ("environment", "service", "trace", "name")
"""What `/spans` can be asked for."""
_PROTOBUF, _JSON = "application/x-protobuf", "application/json"


class _Refused(Exception):  # noqa: N818 - reads as what happened
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Server(ThreadingHTTPServer):
    """A receiver that keeps what comes in `store`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], store: Store) -> None:
        self.store = store
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 120  # of an idle connection; exporters open a new one

    def do_POST(self) -> None:
        self._guarded(self._export)

    def do_GET(self) -> None:
        self._guarded(self._page)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: exporters are talkative."""

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except (_Refused, MalformedError) as refused:
            # The body may not have been read: what follows on this connection is no request.
            self.close_connection = True
            status = refused.status if isinstance(refused, _Refused) else 400
            self._answer(status, f"{refused}\n".encode(), "text/plain; charset=utf-8")

    def _export(self) -> None:
        reader = READERS.get(self.path)
        if reader is None:
            raise _Refused(404, f"{self.path} takes no export: send to {', '.join(READERS)}")
        self.server.store.add(reader(self._body()))
        # The answer to an export that was taken whole is the empty message.
        self._answer(200, b"", _PROTOBUF)

    def _page(self) -> None:
        asked = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(asked.query).items()}
        pages: dict[str, Callable[[Mapping[str, str]], object]] = {
            "/spans": self._spans,
            "/counts": self._counts,
            "/healthz": lambda _: "ok",
        }
        page = pages.get(asked.path)
        if page is None:
            raise _Refused(404, f"{asked.path} is not here: ask for {', '.join(pages)}")
        self._answer(200, json.dumps(page(query)).encode(), _JSON)

    def _spans(self, query: Mapping[str, str]) -> object:
        unknown = sorted(set(query) - set(FILTERS))
        if unknown:
            raise _Refused(400, f"spans have no {unknown[0]!r}: ask by {', '.join(FILTERS)}")
        return [
            dataclasses.asdict(span)
            for span in self.server.store.spans(query.get("environment"))
            if all(getattr(span, key) == value for key, value in query.items())
        ]

    def _counts(self, query: Mapping[str, str]) -> object:
        counts = self.server.store.counts()
        return counts.get(query["environment"], {}) if "environment" in query else counts

    def _body(self) -> bytes:
        kind = (self.headers.get("Content-Type") or "").partition(";")[0].strip()
        if kind != _PROTOBUF:
            raise _Refused(415, f"exports of type {kind!r} are not read: send {_PROTOBUF}")
        length = self.headers.get("Content-Length") or ""
        if not length.isdecimal():
            raise _Refused(411, "an export needs its Content-Length")
        if int(length) > MOST_BYTES:
            raise _Refused(413, f"an export has at most {MOST_BYTES} bytes")
        body = self.rfile.read(int(length))
        packing = self.headers.get("Content-Encoding") or "identity"
        if packing == "gzip":
            return _unpacked(body)
        if packing != "identity":
            raise _Refused(415, f"the encoding {packing!r} is not read: send gzip or none")
        return body

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


def _unpacked(body: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacking.decompress(body, MOST_BYTES)
    except zlib.error as error:
        raise _Refused(400, "the body is not the gzip that it is said to be") from error
    if unpacking.unconsumed_tail:
        raise _Refused(413, f"an export has at most {MOST_BYTES} bytes")
    if not unpacking.eof:
        raise _Refused(400, "the body's gzip ends too early")
    return found
