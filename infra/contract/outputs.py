"""The names of the preview program's outputs, shared by the program and whoever reads them."""

from __future__ import annotations

NAMESPACE = "namespace"
URL = "url"
HOST = "host"
EDGE_HEADER = "edgeHeader"
EDGE_HOST = "edgeHost"
STAGING_DISTRIBUTION_ID = "stagingDistributionId"
"""The edge outputs are absent where the environment has no edge route."""
