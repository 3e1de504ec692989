"""Lists and watches as the API server's own JSON.

Not the Kubernetes client: importing its models takes two seconds of a processor, just when a world
is starting on few of them, and typed objects of every status change of every pod are of no use.
"""

from __future__ import annotations

import json
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import urllib3

from tests.world.plugins.kubernetes import kubeconfig

WATCH_SECONDS = 300
"""The API server ends a watch by itself after this time."""
_CONNECT_SECONDS = 5
_LATE_SECONDS = 30


class ApiError(RuntimeError):
    """The API server did not do as it was asked."""


class Api:
    """One API server, with the credentials of a kubeconfig; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Read a kubeconfig; raises the reader's own error, one sentence, for one of no use."""
        access = kubeconfig.read(str(path), None)
        self._server = access.server
        self._headers = {"Accept": "application/json"}
        if access.token:
            self._headers["Authorization"] = f"Bearer {access.token}"
        self._pool = urllib3.PoolManager(
            ssl_context=_tls(access),
            retries=False,
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=WATCH_SECONDS + _LATE_SECONDS),
        )

    def list(self, path: str) -> Any:
        """A collection. Raises ApiError or one of urllib3's errors."""
        return json.loads(self._get(path, {}).data)

    def watch(self, path: str, version: str) -> Iterator[Any]:
        """Events since a version, until the server ends them. Raises as `list` does."""
        query = {"watch": "true", "resourceVersion": version, "timeoutSeconds": str(WATCH_SECONDS)}
        answer = self._get(path, query, stream=True)
        try:
            for line in answer:
                yield json.loads(line)
        finally:
            # Half an answer is left in the connection: it is of no further use.
            answer.close()

    def _get(
        self, path: str, query: dict[str, str], stream: bool = False
    ) -> urllib3.BaseHTTPResponse:
        answer = self._pool.request(
            "GET",
            self._server + path,
            fields=query,
            headers=self._headers,
            preload_content=not stream,
        )
        if answer.status != 200:
            raise ApiError(f"GET {path} was answered with status {answer.status}")
        return answer


def _tls(access: kubeconfig.Access) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=access.authority)
    if not access.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if access.certificate is not None:
        # The TLS library reads these from files only.
        with tempfile.TemporaryDirectory(prefix="netpol-") as folder:
            files = [Path(folder, name) for name in ("client.crt", "client.key")]
            for file, text in zip(files, access.certificate, strict=True):
                file.write_text(text)
            context.load_cert_chain(certfile=files[0], keyfile=files[1])
    return context
