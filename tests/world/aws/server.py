"""One WSGI application: our CloudFront in front of moto."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app

from tests.world.aws.cloudfront import CloudFront
from tests.world.aws.protocol import Answer, ApiError, Protocol, Request

OPERATIONS = (
    "CreateDistribution",
    "CreateDistributionWithTags",
    "CopyDistribution",
    "GetDistribution",
    "GetDistributionConfig",
    "ListDistributions",
    "UpdateDistribution",
    "UpdateDistributionWithStagingConfig",
    "DeleteDistribution",
    "CreateContinuousDeploymentPolicy",
    "GetContinuousDeploymentPolicy",
    "GetContinuousDeploymentPolicyConfig",
    "ListContinuousDeploymentPolicies",
    "UpdateContinuousDeploymentPolicy",
    "DeleteContinuousDeploymentPolicy",
    "ListTagsForResource",
    "TagResource",
    "UntagResource",
)
EDGES = "/_world/edges"
"""Not AWS's: where the world's edge reads what the edges of CloudFront would know."""

Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], object]


class Application:
    """Serves what is ours and hands everything else to moto."""

    def __init__(self, deploy_seconds: float) -> None:
        self.cloudfront = CloudFront(deploy_seconds)
        self._protocol = Protocol("cloudfront", OPERATIONS)
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == EDGES:
            body = json.dumps(self.cloudfront.edges()).encode()
            return _send(Answer(200, {"Content-Type": "application/json"}, body), start)
        if path.startswith("/2020-05-31/"):
            request = _request(environ)
            route = self._protocol.route(request)
            if route is not None:
                return _send(self._serve(request), start)
        answer: Iterable[bytes] = self._moto(environ, start)
        return answer

    def _serve(self, request: Request) -> Answer:
        route = self._protocol.route(request)
        assert route is not None
        try:
            result = self.cloudfront.call(route.name, self._protocol.read(route, request))
            return self._protocol.write(route, result)
        except ApiError as error:
            return self._protocol.refuse(error)
        except Exception:
            traceback.print_exc()
            return self._protocol.refuse(ApiError("InternalError", 500, "see the log"))


def _request(environ: Environ) -> Request:
    headers = {
        key.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    return Request(
        environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""), headers,
        body,
    )


_REASONS = {200: "OK", 201: "Created", 204: "No Content"}


def _send(answer: Answer, start: Start) -> Iterable[bytes]:
    headers = [*answer.headers.items(), ("Content-Length", str(len(answer.body)))]
    start(f"{answer.status} {_REASONS.get(answer.status, 'Error')}", headers)
    return [answer.body]
