"""Find the cluster and the credentials in a kubeconfig."""

import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.world.plugins.serve import Refused


@dataclass(frozen=True)
class Access:
    """How to reach one cluster.

    Attributes:
        server: the API server's address.
        namespace: where objects go that name none.
        authority: the certificates to trust, in PEM, or None for the system's.
        verify: whether the server's certificate is checked at all.
        token: the bearer token, or None.
        certificate: the client's certificate and key, in PEM, or None.
    """

    server: str
    namespace: str
    authority: str | None
    verify: bool
    token: str | None
    certificate: tuple[str, str] | None


def read(given: str | None, context: str | None) -> Access:
    """Read a kubeconfig.

    Args:
        given: its content, or the path of its file; None for $KUBECONFIG or ~/.kube/config.
        context: which context of it; None for its current one.

    Raises:
        Refused: there is none, or it is not usable here.
    """
    text, where = _text(given)
    try:
        config = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise Refused(f"The kubeconfig {where} is not YAML: {error}") from error
    if not isinstance(config, dict):
        raise Refused(f"The kubeconfig {where} is no mapping: it should have clusters and users.")
    name = context or config.get("current-context")
    chosen = _named(config, "contexts", name, where).get("context", {})
    cluster = _named(config, "clusters", chosen.get("cluster"), where).get("cluster", {})
    user = _named(config, "users", chosen.get("user"), where).get("user", {})
    unknown = set(user) & {"exec", "auth-provider", "username", "password"}
    if unknown:
        raise Refused(
            f"User {chosen.get('user')!r} of the kubeconfig {where} signs in by "
            f"{sorted(unknown)[0]!r}, which the stand-in does not: use a token or a certificate."
        )
    return Access(
        server=str(cluster.get("server", "")).rstrip("/"),
        namespace=chosen.get("namespace") or "default",
        authority=_content(cluster, "certificate-authority"),
        verify=not cluster.get("insecure-skip-tls-verify", False),
        token=_token(user),
        certificate=_certificate(user),
    )


def _text(given: str | None) -> tuple[str, str]:
    if given is not None and ("\n" in given or given.lstrip().startswith("{")):
        return given, "of the provider"
    places = [given] if given else os.environ.get("KUBECONFIG", "").split(os.pathsep)
    candidates = [Path(place).expanduser() for place in places if place]
    candidates = candidates or [Path("~/.kube/config").expanduser()]
    for path in candidates:
        if path.is_file():
            return path.read_text(), str(path)
    raise Refused(
        f"There is no kubeconfig at {candidates[0]}: set the provider's 'kubeconfig' to its path "
        "or content, or KUBECONFIG to its path."
    )


def _named(config: dict[str, Any], section: str, name: str | None, where: str) -> dict[str, Any]:
    for entry in config.get(section) or []:
        if isinstance(entry, dict) and entry.get("name") == name:
            return entry
    raise Refused(f"The kubeconfig {where} has no entry {name!r} among its {section}.")


def _content(section: dict[str, Any], key: str) -> str | None:
    if encoded := section.get(f"{key}-data"):
        try:
            return base64.b64decode(encoded).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Refused(f"'{key}-data' of the kubeconfig is no base64 of PEM.") from error
    if path := section.get(key):
        return Path(path).read_text()
    return None


def _token(user: dict[str, Any]) -> str | None:
    if file := user.get("tokenFile"):
        return Path(file).read_text().strip()
    token = user.get("token")
    return str(token) if token else None


def _certificate(user: dict[str, Any]) -> tuple[str, str] | None:
    certificate, key = _content(user, "client-certificate"), _content(user, "client-key")
    if certificate is None or key is None:
        return None
    return certificate, key
