"""The simulated CloudFront behind a proxy that can keep an answer from whoever asked."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3

from tests.world.aws.process import running
from tests.world.aws.seed import primary_config

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/primary"


class Edge:
    """One account with one primary distribution."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        """CloudFront itself."""
        self.address = ""
        """The proxy, which the engine asks."""
        self.held: str | None = None
        """Creations at this path are handled, and nobody is told."""
        self.waiting = threading.Event()
        self._client: Any = boto3.client("cloudfront", endpoint_url=endpoint)
        config: Any = primary_config("shop.test", CERTIFICATE, "production.test", 8000)
        made = self._client.create_distribution(DistributionConfig=config)
        self.primary_id: str = made["Distribution"]["Id"]

    def staging(self) -> list[str]:
        found = self._client.list_distributions()["DistributionList"].get("Items", [])
        return [one["Id"] for one in found if one["Id"] != self.primary_id]

    def policies(self) -> list[str]:
        answer = self._client.list_continuous_deployment_policies()
        items = answer["ContinuousDeploymentPolicyList"].get("Items", [])
        return [one["ContinuousDeploymentPolicy"]["Id"] for one in items]

    def attached(self) -> str:
        answer = self._client.get_distribution_config(Id=self.primary_id)
        return str(answer["DistributionConfig"]["ContinuousDeploymentPolicyId"])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _forward(self) -> None:
        edge = self.server.edge
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {key: value for key, value in self.headers.items() if key != "Host"}
        behind = http.client.HTTPConnection(edge.endpoint.removeprefix("http://"), timeout=30)
        with contextlib.closing(behind):
            behind.request(self.command, self.path, body, headers)
            answer = behind.getresponse()
            status, content, told = answer.status, answer.read(), answer.getheaders()
        if self.command == "POST" and edge.held and self.path.split("?")[0].endswith(edge.held):
            edge.waiting.set()
            while edge.held and not self.server.closing.wait(0.05):
                pass
            self.close_connection = True
            return
        self.send_response(status)
        for key, value in told:
            if key.lower() in ("etag", "location", "content-type"):
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _forward  # noqa: N815 - the base class's names

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    edge: Edge
    closing: threading.Event

    def handle_error(self, *_: object) -> None:
        """A client that has gone is no news."""


@contextmanager
def edge() -> Iterator[Edge]:
    """Serve one."""
    with running(deploy_seconds=0.2) as endpoint:
        made = Edge(endpoint)
        server = _Server(("127.0.0.1", 0), _Handler)
        server.edge, server.closing = made, threading.Event()
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
