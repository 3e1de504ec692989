"""A small container registry that asks who is there, and that can be told to misbehave."""

import base64
import hashlib
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USER, PASSWORD = "robot", "swordfish-and-chips"
TOKEN = "eyJ-token-of-the-registry"


class Registry:
    """What it has, how it answers, and what was asked of it."""

    def __init__(self) -> None:
        self.host = ""
        self.manifests: dict[tuple[str, str], bytes] = {}
        self.asks = ""
        """Nothing, `basic`, or `bearer`."""
        self.anonymous = False
        """Whether a token is given to who does not log in."""
        self.tells_digest = True
        self.status = 0
        """What everything is answered with, if not 0."""
        self.token_status = 200
        self.token_body = json.dumps({"token": TOKEN})
        self.realm = ""
        self.seen: list[tuple[str, str, str]] = []
        """Verb, path with query, and what was said in `Authorization`."""
        self.accepted: list[str] = []

    def push(self, repository: str, tag: str, body: bytes = b"{}") -> str:
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        self.manifests[repository, tag] = self.manifests[repository, digest] = body
        return digest

    def count(self, part: str) -> int:
        return sum(part in path for _, path, _ in self.seen)


@contextmanager
def registry() -> Iterator[Registry]:
    """One that serves until the end."""
    state = Registry()
    basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve(with_body=True)

        def do_HEAD(self) -> None:
            self._serve(with_body=False)

        def log_message(self, *words: object) -> None:
            pass

        def _serve(self, *, with_body: bool) -> None:
            said = self.headers.get("Authorization", "")
            state.seen.append((self.command, self.path, said))
            state.accepted.append(self.headers.get("Accept", ""))
            if self.path.startswith("/token"):
                allowed = state.anonymous if not said else said == basic
                status = state.token_status if allowed else 401
                return self._answer(status, {}, state.token_body.encode(), with_body)
            if state.status:
                return self._answer(state.status, {}, b"", with_body)
            expected = {"": said, "basic": basic, "bearer": f"Bearer {TOKEN}"}[state.asks]
            if said != expected:
                return self._answer(401, {"WWW-Authenticate": self._challenge()}, b"", with_body)
            name, _, version = self.path.removeprefix("/v2/").partition("/manifests/")
            body = state.manifests.get((name, urllib.parse.unquote(version)))
            if body is None:
                return self._answer(404, {}, b'{"errors":[{"code":"X"}]}', with_body)
            digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
            headers = {"Docker-Content-Digest": digest} if state.tells_digest else {}
            return self._answer(200, headers, body, with_body)

        def _challenge(self) -> str:
            if state.asks == "basic":
                return 'Basic realm="shop"'
            realm = state.realm or f"http://{state.host}/token"
            words = f'realm="{realm}",service="shop",scope="repository:a:pull,x"'
            return f'Basic realm="x", Bearer {words}'

        def _answer(
            self, status: int, headers: dict[str, str], body: bytes, with_body: bool
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if with_body:
                self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.host = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()
