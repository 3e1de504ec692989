"""GitHub's signature of a delivery: HMAC-SHA256 over the raw bytes of the body; pure.

Source: GitHub's documentation, "Validating webhook deliveries".
"""

from __future__ import annotations

import hashlib
import hmac

HEADER = "X-Hub-Signature-256"
PREFIX = "sha256="


def sign(secret: bytes, body: bytes) -> str:
    """The header's value for a body."""
    return PREFIX + hmac.new(secret, body, hashlib.sha256).hexdigest()


def valid(secret: bytes, body: bytes, header: str) -> bool:
    """Whether the header's value was made with this secret; takes the same time either way."""
    return hmac.compare_digest(sign(secret, body).encode(), header.encode("utf-8", "replace"))
