"""Serve the receiver until SIGTERM."""

from __future__ import annotations

import argparse
import collections
import gzip
import json
import signal
import sys
import threading
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.world.otlp import wire

KEPT = 5000
MAX_BYTES = 16 * 1024 * 1024
SIGNALS = ("/v1/traces", "/v1/metrics", "/v1/logs")
ENVIRONMENT = "deployment.environment.name"

_spans: collections.deque[wire.Span] = collections.deque(maxlen=KEPT)
_counts: collections.Counter[str] = collections.Counter()
_lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """Takes what OTLP exporters send."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """One export request of any signal."""
        length = int(self.headers.get("Content-Length") or 0)
        if self.path not in SIGNALS or length > MAX_BYTES:
            self._answer(404 if self.path not in SIGNALS else 413, b"", "text/plain")
            return
        body = self.rfile.read(length)
        try:
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            found = list(wire.spans(body)) if self.path == SIGNALS[0] else []
        except (wire.MalformedError, OSError, EOFError) as error:
            self._answer(400, str(error).encode(), "text/plain")
            return
        with _lock:
            _spans.extend(found)
            _counts[self.path.rpartition("/")[2]] += 1
        self._answer(200, b"", "application/x-protobuf")

    def do_GET(self) -> None:
        """`/spans?environment=NAME`: the newest spans; `/`: how much came of each signal."""
        asked = urlsplit(self.path)
        name = parse_qs(asked.query).get("environment", [None])[0]
        with _lock:
            found = [
                asdict(span)
                for span in _spans
                if name is None or span.resource.get(ENVIRONMENT) == name
            ]
            counts = dict(_counts)
        answer: object = found if asked.path == "/spans" else counts
        self._answer(200, json.dumps(answer).encode(), "application/json")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: exporters are talkative."""

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Threads that don't outlive the process."""

    daemon_threads = True


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.world.otlp")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4318)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Server((arguments.host, arguments.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
