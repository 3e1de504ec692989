"""What a request is called, if it changes anything: the verb and the type, as people say it.

`PATCH apps/deployments` for the API server, `CreateDistribution` for AWS, `POST
repos/issues/comments` for GitHub. Requests that only read have no name here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.exceptions
import botocore.session

_MUTATING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_ASKING_GROUPS = frozenset({"authorization.k8s.io", "authentication.k8s.io"})
"""A POST to these asks whether somebody may do something; nothing is kept of it."""
_OF_NAMESPACES = frozenset({"finalize", "status"})
"""Subresources of a namespace; every other word at that place is a collection inside it."""
_READING = re.compile(r"(Describe|List|Get|Head)[A-Z]")
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request")
_OF_ONE = frozenset({"environments", "installations", "labels", "statuses"})
"""GitHub's collections whose members have names where others have numbers."""


def kubernetes(method: str, target: str) -> str | None:
    """`DELETE apps/deployments` out of a request to the API server."""
    parts = urlsplit(target)
    words = parts.path.strip("/").split("/")
    if method not in _MUTATING or words[0] not in {"api", "apis"}:
        return None
    group, rest = ("", words[2:]) if words[0] == "api" else (words[1], words[3:])
    if group in _ASKING_GROUPS or "dryRun" in parse_qs(parts.query) or not rest:
        return None
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in _OF_NAMESPACES:
        rest = rest[2:]
    kind = "/".join([rest[0], *rest[2:]])
    return f"{method} {group}/{kind}" if group else f"{method} {kind}"


def github(method: str, target: str) -> str | None:
    """`POST repos/issues/comments` out of a request to GitHub; names and numbers are left out."""
    if method not in _MUTATING:
        return None
    words = urlsplit(target).path.strip("/").split("/")
    if words[0] == "repos":
        words = [words[0], *words[3:]]
    kept: list[str] = []
    for before, word in zip(["", *words], words, strict=False):
        if not word.isdigit() and before not in _OF_ONE:
            kept.append(word)
    return f"{method} {'/'.join(kept)}"


def amazon(method: str, target: str, headers: Mapping[str, str], body: bytes) -> str | None:
    """`CreateDistribution` out of a signed request to AWS.

    The service is the one that the signature is for, and its operations are botocore's own.
    """
    found = _SCOPE.search(headers.get("Authorization", ""))
    name = _operation(found[1] if found else "", method, target, headers, body)
    return None if name is None or _READING.match(name) else name


def _operation(
    service: str, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> str | None:
    if "X-Amz-Target" in headers:
        return headers["X-Amz-Target"].rpartition(".")[2]
    parts = urlsplit(target)
    if action := parse_qs(body.decode(errors="replace")).get("Action"):
        return action[0]
    given = parse_qs(parts.query, keep_blank_values=True)
    for pattern, asked, verb, name in _routes(service):
        if verb == method and pattern.fullmatch(parts.path) and asked.items() <= given.items():
            return name
    return None


@functools.cache
def _routes(service: str) -> list[tuple[re.Pattern[str], dict[str, Any], str, str]]:
    """The paths of a service whose operations are told by method and path."""
    try:
        model = botocore.session.Session().get_service_model(service)
    except botocore.exceptions.UnknownServiceError:
        return []
    made = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        pattern = re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path)))
        asked = parse_qs(query, keep_blank_values=True)
        versioned = re.sub(r"\d{4}_\d{2}_\d{2}$", "", name)
        made.append((pattern, dict(asked), http["method"], versioned))
    # `/distribution?WithTags` is asked for before `/distribution`.
    return sorted(made, key=lambda route: -len(route[1]))
