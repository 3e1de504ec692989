"""A small API server: lists, objects, watches and logs, and it can be told to misbehave.

It keeps what is asked of it to be changed, and changes nothing.
"""

import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Item = dict[str, Any]
POLL = 0.02


class ApiServer:
    """What it has, and what was asked of it."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.items: dict[str, dict[str, Item]] = {}
        self.history: list[tuple[int, str, str, Item]] = []
        self.version = 100
        self.generation = 0
        self.oldest = 0
        self.closing = False
        self.statuses: dict[str, int] = {}
        self.missing: set[str] = set()
        self.logs: dict[str, str] = {}
        self.asked: list[str] = []
        self.kinds: dict[str, str] = {}
        """What a list calls itself, by its path: `PodList`."""
        self.objects: dict[str, Item] = {}
        """Single objects by their path."""
        self.written: list[tuple[str, str, Any]] = []
        """Verb, path with query, and body of each change."""
        self.refusals: dict[str, int] = {}
        """The status that a change is refused with, by a part of its path."""
        self.forbidden: set[str] = set()
        """What the caller may not do, as `verb resource`."""
        self.address = ""

    def put(self, path: str, item: Item) -> None:
        with self.changed:
            known = item["metadata"]["uid"] in self.items.setdefault(path, {})
            self._change(path, "MODIFIED" if known else "ADDED", item)

    def delete(self, path: str, uid: str) -> None:
        with self.changed:
            self._change(path, "DELETED", self.items[path][uid])

    def drop_watches(self) -> None:
        """End every watch's connection in the middle of a line."""
        with self.changed:
            self.generation += 1
            self.changed.notify_all()

    def forget(self) -> None:
        """Keep no history: to watch from an old version is 410 Gone."""
        with self.changed:
            self.version += 1
            self.oldest = self.version
            self.generation += 1
            self.changed.notify_all()

    def close(self) -> None:
        with self.changed:
            self.closing = True
            self.generation += 1
            self.changed.notify_all()

    def count(self, text: str) -> int:
        return sum(text in asked for asked in self.asked)

    def kubeconfig(self, folder: Path) -> str:
        file = folder / "kubeconfig"
        file.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "world",
                    "contexts": [{"name": "world", "context": {"cluster": "w", "user": "u"}}],
                    "clusters": [{"name": "w", "cluster": {"server": self.address}}],
                    "users": [{"name": "u", "user": {"token": "t"}}],
                }
            )
        )
        return str(file)

    def _change(self, path: str, kind: str, item: Item) -> None:
        self.version += 1
        item = json.loads(json.dumps(item))
        item["metadata"]["resourceVersion"] = str(self.version)
        uid = item["metadata"]["uid"]
        if kind == "DELETED":
            del self.items[path][uid]
        else:
            self.items.setdefault(path, {})[uid] = item
        self.history.append((self.version, path, kind, item))
        self.changed.notify_all()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"

    def do_GET(self) -> None:
        api = self.server.api
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        api.asked.append(self.path)
        assert self.headers["Authorization"] == "Bearer t"
        status = next((code for part, code in api.statuses.items() if part in url.path), 200)
        if url.path in api.missing:
            status = 404
        if status == 0:
            self.close_connection = True
        elif status != 200:
            self._answer({"kind": "Status", "message": f"no: {status}"}, status)
        elif url.path.endswith("/log"):
            self._log(url.path, query)
        elif "watch" in query:
            self._watch(url.path, int(query["resourceVersion"]))
        elif url.path in api.objects:
            self._answer(api.objects[url.path])
        else:
            self._list(url.path, query)

    def do_POST(self) -> None:
        api = self.server.api
        assert self.headers["Content-Type"] == "application/json"
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        api.written.append(("POST", self.path, body))
        refused = next((code for part, code in api.refusals.items() if part in self.path), 0)
        if not refused and body["kind"] == "SelfSubjectAccessReview":
            asked = body["spec"]["resourceAttributes"]
            allowed = f"{asked['verb']} {asked['resource']}" not in api.forbidden
            body["status"] = {"allowed": allowed}
        self._answer(body if not refused else {"message": f"no: {refused}"}, refused or 201)

    def do_DELETE(self) -> None:
        self._write("DELETE", "application/json", 202)

    def do_PATCH(self) -> None:
        self._write("PATCH", "application/json-patch+json", 200)

    def _write(self, verb: str, content_type: str, status: int) -> None:
        api = self.server.api
        assert self.headers["Content-Type"] == content_type
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        api.written.append((verb, self.path, body))
        refused = next((code for part, code in api.refusals.items() if part in self.path), 0)
        self._answer({"kind": "Status", "message": f"no: {refused}"}, refused or status)

    def _list(self, path: str, query: dict[str, str]) -> None:
        api = self.server.api
        with api.changed:
            items = [item for item in api.items.get(path, {}).values() if _selected(item, query)]
            version = str(api.version)
        first = int(query.get("continue", 0))
        page = first + int(query.get("limit", len(items) or 1))
        metadata = {"resourceVersion": version}
        if page < len(items):
            metadata["continue"] = str(page)
        self._answer(
            {"kind": api.kinds.get(path), "metadata": metadata, "items": items[first:page]}
        )

    def _watch(self, path: str, since: int) -> None:
        api = self.server.api
        generation = api.generation
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if since < api.oldest:
            status = {"kind": "Status", "code": 410, "message": "too old resource version"}
            self._line({"type": "ERROR", "object": status})
            self.wfile.write(b"0\r\n\r\n")
            return
        while True:
            with api.changed:
                events = [one for one in api.history if one[0] > since and one[1] == path]
                if not events and generation == api.generation:
                    api.changed.wait(0.2)
                    continue
            if generation != api.generation:
                self.close_connection = True
                self.connection.close()
                return
            for version, _, kind, item in events:
                self._line({"type": kind, "object": item})
                since = version
            bookmark = {"metadata": {"resourceVersion": str(since)}}
            self._line({"type": "BOOKMARK", "object": bookmark})

    def _log(self, path: str, query: dict[str, str]) -> None:
        text = self.server.api.logs.get(f"{path.split('/')[-2]}/{query['container']}")
        if text is None:
            self._answer({"message": "no such container"}, 400)
        else:
            self._raw(text.encode(), 200)

    def _line(self, content: Item) -> None:
        line = json.dumps(content).encode() + b"\n"
        half = len(line) // 2
        for part in (line[:half], line[half:]):
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")

    def _answer(self, content: Item, status: int = 200) -> None:
        self._raw(json.dumps(content).encode(), status)

    def _raw(self, body: bytes, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    api: ApiServer

    def handle_error(self, *_: object) -> None:
        """A client that has gone is no news."""


def _selected(item: Item, query: dict[str, str]) -> bool:
    labels = item["metadata"].get("labels", {})
    if selector := query.get("labelSelector"):
        key, equals, value = selector.partition("=")
        return labels.get(key) == value if equals else key in labels
    if selector := query.get("fieldSelector"):
        where, _, value = selector.partition("=")
        part, _, field = where.partition(".")
        return bool(item.get(part, {}).get(field) == value)
    return True


@contextmanager
def api_server() -> Iterator[ApiServer]:
    api = ApiServer()
    server = _Server(("127.0.0.1", 0), _Handler)
    server.api = api
    api.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(POLL,))
    thread.start()
    try:
        yield api
    finally:
        api.close()
        server.shutdown()
        server.server_close()
        thread.join()
