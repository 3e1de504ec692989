"""An API server that knows its version and namespaces, and notes what it is told."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class ApiServer(http.server.ThreadingHTTPServer):
    """Serves on a free port of loopback."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.namespaces: dict[str, dict[str, str]] = {"default": {}}
        """Labels by name."""
        self.told: list[str] = []
        """Methods and paths of what changes something."""
        self.tokens: set[str | None] = set()

    def kubeconfig(self, path: Path) -> Path:
        """Write a kubeconfig that leads here."""
        server = f"http://127.0.0.1:{self.server_port}"
        document: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
            "clusters": [{"name": "here", "cluster": {"server": server}}],
            "users": [{"name": "me", "user": {"token": "let-me-in"}}],
        }
        path.write_text(json.dumps(document))
        return path


class _Handler(http.server.BaseHTTPRequestHandler):
    server: ApiServer

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests look at `told`."""

    def do_GET(self) -> None:
        self.server.tokens.add(self.headers["Authorization"])
        items = [
            {"metadata": {"name": name, "labels": labels}}
            for name, labels in self.server.namespaces.items()
        ]
        self._answer({"items": items})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append(f"POST {self.path}")
        self._answer({})

    def do_DELETE(self) -> None:
        self.server.told.append(f"DELETE {self.path}")
        self.server.namespaces.pop(self.path.rpartition("/")[2], None)
        self._answer({})

    def _answer(self, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@contextlib.contextmanager
def serving() -> Iterator[ApiServer]:
    """Serve until the block ends."""
    with ApiServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
