"""Writes kubeconfig files."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from tests.world.cluster.pki import Pair

NAME = "world"


def write(path: Path, server: str, authority: Path, pair: Pair) -> Path:
    """A kubeconfig with everything inside it, for the owner of `pair`."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": NAME,
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
        "clusters": [
            {
                "name": NAME,
                "cluster": {"server": server, "certificate-authority-data": _data(authority)},
            }
        ],
        "users": [
            {
                "name": NAME,
                "user": {
                    "client-certificate-data": _data(pair.certificate),
                    "client-key-data": _data(pair.key),
                },
            }
        ],
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=1))
    return path


def _data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
