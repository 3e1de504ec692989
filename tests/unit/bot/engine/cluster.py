"""A small API server that keeps what is applied: enough for the whole preview program.

It can hold requests back, as a slow or dying network does: on the way there (nothing happens) or
on the way back (it has happened, and nobody is told).
"""

from __future__ import annotations

import json
import threading
import urllib.parse
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Cluster:
    """What it keeps, and what it holds back."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.lock = threading.Lock()
        self.held: str | None = None
        """Writes whose path ends like this are held back."""
        self.handled_first = True
        self.waiting = threading.Event()
        """A write is held back."""
        self.away = False
        """Nothing is answered but 500."""
        self.address = ""

    def hold(self, path: str, *, handled_first: bool = True) -> None:
        self.waiting.clear()
        self.handled_first = handled_first
        self.held = path

    def release(self) -> None:
        self.held = None

    def kubeconfig(self, folder: Path) -> str:
        file = folder / "kubeconfig"
        named = {"name": "c", "context": {"cluster": "c", "user": "u"}}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "contexts": [named],
            "clusters": [{"name": "c", "cluster": {"server": self.address}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
        }
        file.write_text(json.dumps(content))
        return str(file)

    def applied(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            old = self.objects.get(path, {"metadata": {"uid": str(uuid.uuid4())}})
            if body.keys() == {"apiVersion", "kind", "metadata"} and path in self.objects:
                return old  # a field manager lets go of its fields; others have them as well
            made = {**body, "metadata": {**body["metadata"], "uid": old["metadata"]["uid"]}}
            self.objects[path] = made
            return made

    def deleted(self, path: str) -> bool:
        with self.lock:
            known = path in self.objects
            self.objects.pop(path, None)
            if path.startswith("/api/v1/namespaces/") and path.count("/") == 4:
                # A namespace takes along what is in it.
                inside = f"{path.removeprefix('/api/v1')}/"
                for one in [key for key in self.objects if inside in key]:
                    del self.objects[one]
            return known


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        if self.server.cluster.away:
            self.send_error(500)
            return
        self._answer(self.server.cluster.objects.get(self._path))

    def do_PATCH(self) -> None:
        cluster, body = self.server.cluster, self._body()
        if cluster.away:
            self.send_error(500)
            return
        query = urllib.parse.urlsplit(self.path).query
        if "dryRun" in query:
            self._answer({**cluster.objects.get(self._path, {}), **body})
            return
        held = cluster.held is not None and self._path.endswith(cluster.held)
        if held and not cluster.handled_first:
            self._hold()
            return
        made = cluster.applied(self._path, body)
        if held:
            self._hold()
        else:
            self._answer(made)

    def do_DELETE(self) -> None:
        self._body()
        if self.server.cluster.away:
            self.send_error(500)
            return
        known = self.server.cluster.deleted(self._path)
        self._answer({"kind": "Status"} if known else None)

    def _hold(self) -> None:
        cluster = self.server.cluster
        cluster.waiting.set()
        while cluster.held is not None and not self.server.closing.wait(0.05):
            pass
        self.close_connection = True

    @property
    def _path(self) -> str:
        return urllib.parse.urlsplit(self.path).path

    def _body(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(
            self.rfile.read(int(self.headers["Content-Length"])) or b"{}"
        )
        return content

    def _answer(self, content: dict[str, Any] | None) -> None:
        missing = {"kind": "Status", "message": "not found", "details": {"kind": "things"}}
        body = json.dumps(content or missing).encode()
        self.send_response(200 if content else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    cluster: Cluster
    closing: threading.Event

    def handle_error(self, *_: object) -> None:
        """A client that has gone is no news."""


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Serve one."""
    made = Cluster()
    server = _Server(("127.0.0.1", 0), _Handler)
    server.cluster, server.closing = made, threading.Event()
    made.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield made
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
