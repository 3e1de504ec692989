"""Takes deliveries, as a bot would, for tests that look at them."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """Takes deliveries and keeps them."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.status = 202
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.taken.append((dict(self.headers), body))
                self.send_response(outer.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def payloads(self, event: str) -> list[dict[str, Any]]:
        """The bodies of one event's deliveries, in order."""
        return [
            json.loads(body) for headers, body in self.taken if headers["X-GitHub-Event"] == event
        ]

    def actions(self) -> list[str]:
        """What was delivered, in order."""
        return [
            f"{headers['X-GitHub-Event']} {json.loads(body).get('action', '')}".strip()
            for headers, body in self.taken
        ]


def kinds(piece: Any, path: str = "$") -> dict[str, set[str]]:
    """The JSON types of everything in a piece, by path."""
    found = {path: {type(piece).__name__}}
    inner: list[tuple[str, Any]] = []
    if isinstance(piece, dict):
        inner = [(f"{path}.{key}", value) for key, value in piece.items()]
    elif isinstance(piece, list):
        inner = [(f"{path}[]", value) for value in piece]
    for where, value in inner:
        for key, types in kinds(value, where).items():
            found.setdefault(key, set()).update(types)
    return found
