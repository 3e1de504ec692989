"""Calls to a cluster's API server, with every wait bounded.

The only importer of the `kubernetes` package. Its connection, credentials and certificates are
used, its models are not: objects stay the JSON that the API server sends.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes.client
import kubernetes.config
import urllib3
import urllib3.exceptions
import yaml

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
CONNECTIONS = 64
"""Kept open for use again: each namespace that is watched needs one for each kind of object."""

_CONTENT = {
    "POST": "application/json",
    "DELETE": "application/json",
    "PATCH": "application/json-patch+json",
}
_NOWHERE = kubernetes.client.ApiException, urllib3.exceptions.HTTPError, OSError
_BAD_CONFIG = kubernetes.config.ConfigException, OSError, yaml.YAMLError, ValueError


class ClusterError(Exception):
    """The cluster gave no answer; the message is one sentence for people.

    `status` is the HTTP status, 0 where it did not come so far.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Stream:
    """A watch's answer: one line of JSON for each event."""

    def __init__(self, response: urllib3.BaseHTTPResponse, path: str) -> None:
        self._response = response
        self._path = path

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The events, to the end of the stream. Raises ClusterError when it breaks off."""
        rest = b""
        try:
            for chunk in self._response.stream(65536, decode_content=True):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.strip():
                        yield json.loads(line)
        except (*_NOWHERE, ValueError) as error:
            raise ClusterError(f"the watch on {self._path} broke off: {error}") from error

    def interrupt(self) -> None:
        """Wake who is waiting for the next event, from another thread; for them it has ended."""
        # It may have ended or been closed just now, which is as good.
        with contextlib.suppress(ValueError, RuntimeError, OSError):
            self._response.shutdown()

    def close(self) -> None:
        """Give the connection up; what is left unread can't be used again."""
        with contextlib.suppress(*_NOWHERE):
            self._response.close()


class Connection:
    """One cluster's API server. Safe to use from several threads."""

    def __init__(self, client: kubernetes.client.ApiClient) -> None:
        self._client = client

    @classmethod
    def open(cls, kubeconfig: str | None = None, context: str | None = None) -> Connection:
        """Read where the cluster is and who we are; nothing is asked yet.

        Without a kubeconfig: the usual one, or else the pod's own service account. Raises
        ClusterError.
        """
        configuration = kubernetes.client.Configuration()
        configuration.connection_pool_maxsize = CONNECTIONS
        # An API server that asks for patience gets a little; who can wait longer asks again.
        configuration.retries = urllib3.Retry(
            total=3,
            connect=1,
            read=1,
            status=2,
            status_forcelist={429},
            raise_on_status=False,
            respect_retry_after_header=False,
            backoff_factor=0.3,
        )
        try:
            if kubeconfig is None and context is None and _inside_a_pod():
                kubernetes.config.load_incluster_config(  # type: ignore[no-untyped-call]
                    client_configuration=configuration
                )
            else:
                kubernetes.config.load_kube_config(  # type: ignore[no-untyped-call]
                    config_file=kubeconfig,
                    context=context,
                    client_configuration=configuration,
                    persist_config=False,
                )
        except _BAD_CONFIG as error:
            what = f"kubeconfig {kubeconfig!r}" if kubeconfig else "the usual kubeconfig"
            raise ClusterError(f"{what} can't be used: {error}") from error
        return cls(kubernetes.client.ApiClient(configuration))

    def get(self, path: str, **query: object) -> dict[str, Any]:
        """An answer as JSON. Raises ClusterError."""
        return self._object(path, self._read(path, query, READ_SECONDS))

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make an object, and return what the API server made of it. Raises ClusterError."""
        return self._object(path, self._read(path, {}, READ_SECONDS, "POST", body))

    def text(self, path: str, seconds: float, **query: object) -> str:
        """An answer as text, for example a log. Raises ClusterError."""
        return self._read(path, query, seconds).decode(errors="replace")

    def stream(self, path: str, seconds: float, **query: object) -> Stream:
        """Follow a watch; a stream that is silent for so many seconds has broken off.

        Raises ClusterError.
        """
        return Stream(self._ask(path, query, seconds), path)

    def delete(self, path: str, body: dict[str, Any]) -> None:
        """Ask for an object's end; `body` is a DeleteOptions. Raises ClusterError."""
        self._read(path, {}, READ_SECONDS, "DELETE", body)

    def patch(self, path: str, operations: list[dict[str, Any]], manager: str) -> None:
        """Apply a JSON patch (RFC 6902) as this field manager. Raises ClusterError."""
        query: dict[str, object] = {"fieldManager": manager}
        self._read(path, query, READ_SECONDS, "PATCH", operations)

    def close(self) -> None:
        """Give all connections up."""
        self._client.close()  # type: ignore[no-untyped-call]

    @property
    def _host(self) -> str:
        return str(self._client.configuration.host)

    def _object(self, path: str, text: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(text)
        except ValueError as error:
            raise ClusterError(f"{self._host} answered {path} with no JSON: {error}") from error
        if not isinstance(answer, dict):
            raise ClusterError(f"{self._host} answered {path} with no object")
        return answer

    def _read(
        self,
        path: str,
        query: dict[str, object],
        seconds: float,
        verb: str = "GET",
        body: object = None,
    ) -> bytes:
        response = self._ask(path, query, seconds, verb, body)
        try:
            return response.read()
        except _NOWHERE as error:
            raise self._unreachable(error) from error
        finally:
            response.release_conn()

    def _ask(
        self,
        path: str,
        query: dict[str, object],
        seconds: float,
        verb: str = "GET",
        body: object = None,
    ) -> urllib3.BaseHTTPResponse:
        given = {"Accept": "application/json, */*"}
        if body is not None:
            given["Content-Type"] = _CONTENT[verb]
        try:
            # Adds the credentials, renewed where they are of a kind that runs out.
            method, url, headers, *_ = self._client.param_serialize(
                verb,
                path,
                query_params=list(query.items()),
                header_params=given,
                auth_settings=["BearerToken"],
            )
            answer = self._client.call_api(
                method, url, headers, body, _request_timeout=(CONNECT_SECONDS, seconds)
            )
        except _NOWHERE as error:
            raise self._unreachable(error) from error
        response: urllib3.BaseHTTPResponse = answer.response
        # What was made is 201, and a deletion that goes on 202.
        if response.status not in (200, 201, 202):
            raise self._refused(path, response)
        return response

    def _unreachable(self, error: Exception) -> ClusterError:
        return ClusterError(
            f"the Kubernetes API server at {self._host} does not answer ({error}): "
            "check that it runs and that the kubeconfig leads to it"
        )

    def _refused(self, path: str, response: urllib3.BaseHTTPResponse) -> ClusterError:
        try:
            words = response.read().decode(errors="replace").strip()
            message = json.loads(words).get("message", words)
        except (*_NOWHERE, ValueError, AttributeError):
            message = response.reason or "no reason given"
        finally:
            response.release_conn()
        return ClusterError(
            f"the Kubernetes API server at {self._host} refused {path} "
            f"with {response.status}: {message}",
            response.status,
        )


def _inside_a_pod() -> bool:
    """Whether there is a service account and no kubeconfig that comes before it."""
    usual = os.environ.get("KUBECONFIG", kubernetes.config.KUBE_CONFIG_DEFAULT_LOCATION)
    return "KUBERNETES_SERVICE_HOST" in os.environ and not any(
        Path(path).expanduser().exists() for path in usual.split(os.pathsep) if path
    )
