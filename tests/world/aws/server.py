"""The server: moto's dispatcher, with the world's own addresses before it.

CloudFront is there at once. EC2's tables take a second to load, so they are loaded while the
server already listens; a request that needs them waits for that.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any, cast

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from tests.world.aws import backend, responses
from tests.world.aws.backend import ContinuousDeploymentBackend
from tests.world.aws.paths import EDGE_PATH, HEALTH_PATH

log = logging.getLogger("world.aws")

Environ = dict[str, Any]
Start = Callable[..., Any]


class Handler(MotoRequestHandler):
    """Keeps connections open, and says nothing about requests that went well."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Only what was refused is of interest."""
        if str(code) >= "400":
            target = self.headers.get("X-Amz-Target", "")
            log.info("%s %s %s %s", self.command, self.path, target, code)


class Application:
    """The WSGI application of the simulated AWS."""

    def __init__(self, deploy_seconds: float, every_type: bool) -> None:
        self._every_type = every_type
        ContinuousDeploymentBackend.deploy_seconds = deploy_seconds
        backend.install()
        responses.install()
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._loaded = threading.Event()
        threading.Thread(target=self._load, name="load", daemon=True).start()

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if path == HEALTH_PATH:
            return _answer({"status": "ok"})(environ, start_response)
        if path == EDGE_PATH:
            return _answer({"distributions": deployed()})(environ, start_response)
        if not path.startswith("/2020-05-31/"):
            self._loaded.wait()
        if environ.get("HTTP_X_AMZ_TARGET", "").startswith("AWSPriceListService."):
            return _price_list(Request(environ))(environ, start_response)
        return cast(Iterable[bytes], self._moto(environ, start_response))

    def _load(self) -> None:
        try:
            from tests.world.aws import clusters, compute  # noqa: PLC0415  takes a second

            compute.install(every_type=self._every_type)
            clusters.install()
        except Exception:
            log.exception("EC2 could not be loaded")
            raise
        finally:
            self._loaded.set()


def deployed() -> list[dict[str, Any]]:
    """Each distribution as the edges have it: older than the API's answer while in progress."""
    found = []
    for _, _, region in backend.backends.iter_backends():
        cloudfront = cast(ContinuousDeploymentBackend, region)
        with cloudfront.lock:
            found += [
                {
                    "id": distribution.id,
                    "domain": distribution.domain_name,
                    "config": revision.config,
                    "policy": revision.policy,
                }
                for distribution, revision in cloudfront.deployed()
            ]
    return found


def _price_list(request: Request) -> Response:
    from tests.world.aws import pricing  # noqa: PLC0415  needs EC2's tables

    if request.headers["X-Amz-Target"] != pricing.TARGET:
        return _answer({"__type": "UnknownOperationException"}, 400)
    try:
        return _answer(pricing.get_products(request.get_json(force=True)))
    except pricing.UnknownServiceError as error:
        return _answer({"__type": "InvalidParameterException", "Message": str(error)}, 400)


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


def make(
    host: str, port: int, deploy_seconds: float, *, every_type: bool = False
) -> BaseWSGIServer:
    """A server that listens, but does not serve yet."""
    return make_server(
        host, port, Application(deploy_seconds, every_type), threaded=True, request_handler=Handler
    )
