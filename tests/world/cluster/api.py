"""The API server as plain JSON, for the world and its tests.

Not the Kubernetes client: importing its models takes two seconds of a processor while a world is
starting, and its types want every field's absence looked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import urllib3

from tests.world.cluster.pki import Pair

Json = dict[str, Any]
CORE = "/api/v1"
APPS = "/apis/apps/v1"
NETWORKING = "/apis/networking.k8s.io/v1"
KARPENTER = "/apis/karpenter.sh/v1"
_CONTENT = {
    **dict.fromkeys(("GET", "POST", "DELETE"), "application/json"),
    "PATCH": "application/merge-patch+json",
}
_TIMEOUT = urllib3.Timeout(connect=3, read=30)
_RETRIES = urllib3.Retry(3, backoff_factor=0.1, status_forcelist=(429,))


class ApiError(Exception):
    """The API server said no; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class Api:
    """One API server; safe to use from several threads."""

    def __init__(
        self,
        server: str,
        pool: urllib3.PoolManager,
        credentials: Callable[[], dict[str, str]] = dict,
    ) -> None:
        """`credentials` are headers, asked for each time."""
        self._server = server
        self._pool = pool
        self._credentials = credentials

    @classmethod
    def by_certificate(cls, server: str, authority: Path, pair: Pair) -> Self:
        """Ask as the owner of a certificate."""
        pool = urllib3.PoolManager(
            num_pools=1,
            maxsize=16,
            ca_certs=str(authority),
            cert_file=str(pair.certificate),
            key_file=str(pair.key),
        )
        return cls(server, pool)

    @classmethod
    def by_kubeconfig(cls, path: Path) -> Self:
        """Ask as the user of any kubeconfig's current context. Raises ConfigException."""
        import kubernetes.config  # noqa: PLC0415 - see above: for a given cluster only

        client = kubernetes.config.new_client_from_config(  # type: ignore[no-untyped-call]
            str(path), persist_config=False
        )
        configuration = client.configuration

        def credentials() -> dict[str, str]:
            found = configuration.auth_settings().values()
            return {entry["key"]: entry["value"] for entry in found if entry["in"] == "header"}

        return cls(configuration.host.rstrip("/"), client.rest_client.pool_manager, credentials)

    def get(self, path: str, **query: str) -> Json:
        """One object, or a whole list. Raises ApiError."""
        return self._call("GET", path, query)

    def find(self, path: str) -> Json | None:
        """One object, or None where there is none. Raises ApiError for other refusals."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def items(self, path: str, **query: str) -> list[Json]:
        """The objects of a list. Raises ApiError."""
        found: list[Json] = self.get(path, **query)["items"]
        return found

    def names(self, path: str, **query: str) -> set[str]:
        """The names of the objects of a list. Raises ApiError."""
        return {str(item["metadata"]["name"]) for item in self.items(path, **query)}

    def create(self, path: str, body: Json) -> Json:
        """Make an object in a list. Raises ApiError."""
        return self._call("POST", path, {}, body)

    def patch(self, path: str, body: Json) -> Json:
        """Merge into an object. Raises ApiError."""
        return self._call("PATCH", path, {}, body)

    def delete(self, path: str, **query: str) -> None:
        """Ask for an object's end; one that is gone is a success. Raises ApiError."""
        try:
            self._call("DELETE", path, query)
        except ApiError as error:
            if error.status != 404:
                raise

    def ready(self) -> bool:
        """Whether the API server says that it is ready."""
        try:
            answer = self._pool.request(
                "GET", f"{self._server}/readyz", retries=False, timeout=_TIMEOUT
            )
            return bool(answer.status == 200)
        except urllib3.exceptions.HTTPError:
            return False

    def _call(
        self, method: str, path: str, query: dict[str, str], body: Json | None = None
    ) -> Json:
        answer = self._pool.request(
            method,
            self._server + path + (f"?{urlencode(query)}" if query else ""),
            body=None if body is None else json.dumps(body),
            headers={"Content-Type": _CONTENT[method], **self._credentials()},
            timeout=_TIMEOUT,
            retries=_RETRIES,
        )
        content: Json = json.loads(answer.data)
        if answer.status >= 400:
            raise ApiError(answer.status, str(content.get("message", "")))
        return content


def condition(item: Json, kind: str) -> bool:
    """Whether an object has a condition of this kind that is True."""
    found = (item.get("status") or {}).get("conditions") or []
    return any(each["type"] == kind and each["status"] == "True" for each in found)
