"""A small client of the API server: JSON over pooled connections, errors as exceptions."""

import json
import ssl
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3

from tests.world.plugins.kubernetes.kinds import Kind
from tests.world.plugins.kubernetes.kubeconfig import Access
from tests.world.plugins.serve import Refused

Manifest = dict[str, Any]


class ApiError(Exception):
    """The API server said no.

    Attributes:
        status: the HTTP status.
        message: the server's own words.
        causes: the details' causes: mappings with `reason`, `message` and `field`.
        about: the kind of thing that the error is about, as the server names it, or "".
    """

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status = status
        self.message: str = body.get("message") or f"HTTP status {status}"
        details = body.get("details") or {}
        self.causes: list[dict[str, str]] = details.get("causes") or []
        self.about: str = details.get("kind") or ""
        super().__init__(self.message)

    @property
    def no_namespace(self) -> bool:
        """The object's namespace does not exist (yet)."""
        return self.status == 404 and self.about == "namespaces"

    @property
    def no_kind(self) -> bool:
        """The server does not serve this kind: its CRD is not there (yet)."""
        return self.status == 404 and not self.about

    @property
    def conflict(self) -> bool:
        """Another field manager owns a field."""
        return self.status == 409

    @property
    def immutable(self) -> list[str]:
        """The dotted paths of fields that may not change."""
        if self.status != 422:
            return []
        return [
            cause.get("field", "")
            for cause in self.causes
            if "immutable" in cause.get("message", "")
            or "may not change" in cause.get("message", "")
            or cause.get("message", "").startswith("Forbidden: updates to")
        ]


class ApiServer:
    """One cluster's API server; safe to use from several threads."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._pool = urllib3.PoolManager(
            num_pools=1,
            maxsize=32,
            ssl_context=_tls(access),
            # A busy server asks for patience by these; the rest is for the caller to judge.
            retries=urllib3.Retry(
                total=4,
                connect=0,
                read=0,
                status_forcelist=(429, 503),
                allowed_methods=None,
                backoff_factor=0.2,
                raise_on_status=False,
            ),
            timeout=urllib3.Timeout(connect=5, read=60),
        )

    @property
    def namespace(self) -> str:
        """Where objects go that name no namespace."""
        return self._access.namespace

    def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        """One object.

        Raises:
            ApiError: the server refused; status 404 if there is none.
        """
        return self._call("GET", kind.address(namespace, name))

    def list(self, path: str, labels: str) -> list[Manifest]:
        """The objects of a collection that carry these labels."""
        found = self._call("GET", path, {"labelSelector": labels})
        items: list[Manifest] = found.get("items") or []
        return items

    def apply(
        self,
        kind: Kind,
        manifest: Manifest,
        *,
        namespace: str,
        manager: str,
        dry_run: bool = False,
        force: bool = False,
    ) -> Manifest:
        """Apply on the server's side, with strict field validation, and return the outcome."""
        query = {
            "fieldManager": manager,
            "fieldValidation": "Strict",
            "force": "true" if force else "false",
            **({"dryRun": "All"} if dry_run else {}),
        }
        address = kind.address(namespace, manifest["metadata"]["name"])
        return self._call("PATCH", address, query, manifest)

    def delete(self, kind: Kind, namespace: str, name: str, propagation: str) -> None:
        """Ask for an object's deletion; it may live on until its finalizers are done."""
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        self._call("DELETE", kind.address(namespace, name), body=options)

    def _call(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> Manifest:
        headers = {"Accept": "application/json", "User-Agent": "pulumi-resource-kubernetes"}
        if self._access.token:
            headers["Authorization"] = f"Bearer {self._access.token}"
        if body is not None:
            apply = method == "PATCH"
            headers["Content-Type"] = (
                "application/apply-patch+yaml" if apply else "application/json"
            )
        url = f"{self._access.server}{path}?{urlencode(query or {})}"
        try:
            answer = self._pool.request(
                method, url, headers=headers, body=None if body is None else json.dumps(body)
            )
        except urllib3.exceptions.HTTPError as error:
            cause = getattr(error, "reason", None) or error
            raise Refused(
                f"configured Kubernetes cluster is unreachable at {self._access.server}: {cause}"
            ) from error
        try:
            content = json.loads(answer.data)
        except ValueError:
            content = {"message": answer.data.decode(errors="replace")[:500]}
        if answer.status >= 400:
            raise ApiError(answer.status, content)
        result: Manifest = content
        return result


def _tls(access: Access) -> ssl.SSLContext | None:
    if not access.server.startswith("https"):
        return None
    context = ssl.create_default_context(cadata=access.authority)
    if not access.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    if access.certificate is not None:
        # The TLS library reads these from files only.
        with tempfile.TemporaryDirectory(prefix="pulumi-resource-kubernetes-") as folder:
            files = [Path(folder, name) for name in ("client.crt", "client.key")]
            for file, text in zip(files, access.certificate, strict=True):
                file.write_text(text)
            context.load_cert_chain(certfile=files[0], keyfile=files[1])
    return context
