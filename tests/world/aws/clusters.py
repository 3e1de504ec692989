"""The endpoint of a simulated EKS cluster is the world's own API server.

moto makes an address up; here the tag of ENDPOINT_TAG says it, so that whoever asks EKS for the
cluster is led to the one that exists.
"""

from __future__ import annotations

from typing import Any

from moto.eks import models

from tests.world.aws.paths import ENDPOINT_TAG


class RealCluster(models.Cluster):
    """A cluster that exists."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if endpoint := (named.get("tags") or {}).get(ENDPOINT_TAG):
            self.endpoint = endpoint


def install() -> None:
    """Put it where moto makes clusters."""
    models.Cluster = RealCluster  # type: ignore[misc]
