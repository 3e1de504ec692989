"""The names of the preview program's outputs, shared by the program and whoever reads them."""

from __future__ import annotations

COMPONENT = "understudy:index:PreviewEnvironment"
"""The type of the component that holds the environment; the first three are its inputs as well."""
REPOSITORY = "repository"
PULL_REQUEST = "pullRequest"
DRIVER = "driver"
"""Whose stack it is: the repository's exact name, the number as text, and `bot` or `hand`."""
NAMESPACE = "namespace"
URL = "url"
HOST = "host"
EDGE_HEADER = "edgeHeader"
EDGE_HOST = "edgeHost"
STAGING_DISTRIBUTION_ID = "stagingDistributionId"
"""The edge outputs are absent where the environment has no edge route."""
