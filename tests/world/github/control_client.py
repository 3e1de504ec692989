"""The client of the control API: one verb, one request."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import requests

Files = Mapping[str, str | bytes | None]
"""Content by path; None removes a file."""
Json = dict[str, Any]


class WorldError(RuntimeError):
    """What was asked of the fake GitHub is not possible."""


class Client:
    """Asks for verbs. `base_url` is where GitHub's own API answers too."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")

    def _do(self, verb: str, **given: Any) -> Any:
        answer = requests.post(f"{self.base_url}/_world/{verb}", json=given, timeout=30)
        if not answer.ok:
            raise WorldError(f"{verb}: {answer.text.strip()}")
        return answer.json()


def encoded(files: Files) -> Json:
    """Files as JSON can carry them."""
    return {
        path: {"base64": base64.b64encode(content).decode()}
        if isinstance(content, bytes)
        else content
        for path, content in files.items()
    }
