"""The HTTP front: reads a request, asks the origin, passes the answer on."""

from __future__ import annotations

import http.client
import http.cookies
import http.server
import logging
import random
import secrets
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from typing import Any

from tests.world.edge import origins, routing
from tests.world.edge.view import View

HEALTH_PATH = "/_world/health"
_CHUNK = 1 << 16
_CONNECT_SECONDS = 10.0
_REASONS = {
    301: "Moved Permanently",
    400: "Bad request.",
    403: "Bad request. We can't connect to the server for this app or website at this time.",
    502: "CloudFront wasn't able to connect to the origin.",
    504: "CloudFront attempted to establish a connection with the origin, but it timed out.",
}

log = logging.getLogger("world.edge")


class Edge(http.server.ThreadingHTTPServer):
    """A front for every distribution."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], view: View, rules: Sequence[tuple[str, str]]):
        super().__init__(address, Handler)
        self.view = view
        self.rules = rules
        self.location = f"{secrets.token_hex(8)}.cloudfront.net"


class Handler(http.server.BaseHTTPRequestHandler):
    """One viewer's connection."""

    protocol_version = "HTTP/1.1"
    server: Edge
    timeout = 60.0
    # Answers are small and come in pieces: sent together with TCP_NODELAY they never wait.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged; failures are, where they arise."""

    def server_version_string(self) -> str:
        """As CloudFront's own error pages say."""
        return "CloudFront"

    version_string = server_version_string

    def answer(self) -> None:
        """Answer one request of any method."""
        body = self._body()
        if body is None:
            # Where the next request begins is not known any more.
            self.close_connection = True
            self._refuse(400)
            return
        if self.path == HEALTH_PATH:
            self._plain(200, b"ok\n")
            return
        try:
            chosen = self._choose()
        except http.cookies.CookieError:
            chosen = None
        if chosen is None:
            self._refuse(403)
            return
        try:
            asked = origins.request_for(
                chosen.distribution.config,
                self.command,
                self.path,
                self.headers.items(),
                self.client_address[0],
            )
        except origins.RefusedError as refusal:
            self._refuse(refusal.status, refusal.location)
            return
        self._forward(asked, body, chosen)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815

    def _choose(self) -> routing.Choice | None:
        cookies = http.cookies.SimpleCookie(self.headers.get("Cookie", ""))
        return routing.choose(
            self.server.view.distributions(),
            self.headers.get("Host", ""),
            {name.lower(): value for name, value in self.headers.items()},
            {name: morsel.value for name, morsel in cookies.items()},
            time.time(),
            random.random,
        )

    def _body(self) -> bytes | None:
        """The request's body; None where it can't be read."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length", "0")
        return self.rfile.read(int(length)) if length.isdecimal() else None

    def _chunks(self) -> bytes | None:
        parts = []
        try:
            while size := int(self.rfile.readline().split(b";", 1)[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
        except ValueError:
            return None
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(parts)

    def _forward(self, asked: origins.OriginRequest, body: bytes, chosen: routing.Choice) -> None:
        address = origins.resolve(asked.host, self.server.rules)
        try:
            connection = _connect(address, asked)
        except (OSError, http.client.HTTPException) as error:
            log.warning("origin %s:%d (%s): %s", asked.host, asked.port, address, error)
            self._refuse(504 if isinstance(error, TimeoutError) else 502)
            return
        try:
            answer = self._ask(connection, asked, body)
            if answer is not None:
                self._pass_on(answer, chosen)
        finally:
            connection.close()

    def _ask(
        self, connection: http.client.HTTPConnection, asked: origins.OriginRequest, body: bytes
    ) -> http.client.HTTPResponse | None:
        try:
            connection.putrequest(
                self.command, asked.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in asked.headers:
                if name.lower() != "content-length":
                    connection.putheader(name, value)
            connection.putheader("Via", f"1.1 {self.server.location} (CloudFront)")
            connection.putheader("X-Amz-Cf-Id", secrets.token_urlsafe(40))
            if body or self.command in ("POST", "PUT", "PATCH"):
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            return connection.getresponse()
        except TimeoutError:
            self._refuse(504)
        except (OSError, http.client.HTTPException) as error:
            log.warning("origin %s:%d: %s", asked.host, asked.port, error)
            self._refuse(502)
        return None

    def _pass_on(self, answer: http.client.HTTPResponse, chosen: routing.Choice) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in origins.HOP_BY_HOP:
                self.send_header(name, value)
        if chosen.cookie:
            self.send_header(
                "Set-Cookie",
                f"{routing.COOKIE}={chosen.cookie}; Path=/; Max-Age={chosen.max_age}; HttpOnly",
            )
        self._marks("Miss from cloudfront" if answer.status < 400 else "Error from cloudfront")
        bodiless = self.command == "HEAD" or answer.status in (204, 304) or answer.status < 200
        chunked = not bodiless and answer.length is None
        if chunked and self.request_version == "HTTP/1.1":
            self.send_header("Transfer-Encoding", "chunked")
        elif chunked:
            self.close_connection = True
        self.end_headers()
        if not bodiless:
            self._copy(answer, chunked=chunked and self.request_version == "HTTP/1.1")

    def _copy(self, answer: http.client.HTTPResponse, *, chunked: bool) -> None:
        try:
            for piece in _pieces(answer):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
                self.wfile.flush()
            if chunked:
                self.wfile.write(b"0\r\n\r\n")
        except (OSError, http.client.HTTPException) as error:
            # The status is already sent: only a connection that breaks off says that it failed.
            log.warning("answer broke off: %s", error)
            self.close_connection = True

    def _marks(self, cache: str) -> None:
        self.send_header("X-Cache", cache)
        self.send_header("Via", f"1.1 {self.server.location} (CloudFront)")
        self.send_header("X-Amz-Cf-Pop", "TEST50-P1")
        self.send_header("X-Amz-Cf-Id", secrets.token_urlsafe(40))

    def _refuse(self, status: int, location: str | None = None) -> None:
        """CloudFront's own answer."""
        reason = _REASONS[status]
        page = (
            "<!DOCTYPE html><HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE>"
            f"</HEAD><BODY><H1>{status} ERROR</H1><H2>The request could not be satisfied.</H2>"
            f"<HR>{reason}<HR>Generated by cloudfront (CloudFront)</BODY></HTML>\n"
        )
        self._plain(status, page.encode(), location, "text/html")

    def _plain(
        self, status: int, body: bytes, location: str | None = None, kind: str = "text/plain"
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self._marks("Error from cloudfront" if status >= 400 else "Redirect from cloudfront")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _connect(address: str, asked: origins.OriginRequest) -> http.client.HTTPConnection:
    connection: http.client.HTTPConnection
    if asked.secure:
        context = ssl.create_default_context()
        plain = socket.create_connection((address, asked.port), _CONNECT_SECONDS)
        connection = http.client.HTTPSConnection(asked.host, asked.port, context=context)
        connection.sock = context.wrap_socket(plain, server_hostname=asked.host)
    else:
        connection = http.client.HTTPConnection(address, asked.port, timeout=_CONNECT_SECONDS)
        connection.connect()
    connection.sock.settimeout(asked.timeout)
    return connection


def _pieces(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    while piece := answer.read1(_CHUNK):
        yield piece
