"""The names of the preview program's outputs, shared by the program and whoever reads them."""

from __future__ import annotations

from collections.abc import Mapping

from infra.identity import EnvironmentKey

COMPONENT = "understudy:index:PreviewEnvironment"
"""The type of the component that holds the environment; the first five are its inputs as well."""
REPOSITORY = "repository"
PULL_REQUEST = "pullRequest"
BRANCH = "branch"
DEFINITION = "definition"
DRIVER = "driver"
"""Whose stack it is: the repository's exact name, the number as text or else the branch, the
definition where it is one of several, and `bot` or `hand`."""
NAMESPACE = "namespace"
URL = "url"
HOST = "host"
CPU = "cpu"
MEMORY = "memory"
"""What its services request together, in cores and in GiB."""
EDGE_HEADER = "edgeHeader"
EDGE_HOST = "edgeHost"
STAGING_DISTRIBUTION_ID = "stagingDistributionId"
"""The edge outputs are absent where the environment has no edge route."""


def origin(key: EnvironmentKey, driver: str) -> dict[str, str]:
    """Whose stack it is, as the program says it."""
    told = {
        REPOSITORY: key.repository,
        PULL_REQUEST: str(key.number or ""),
        BRANCH: key.branch,
        DEFINITION: key.definition,
        DRIVER: driver,
    }
    return {name: text for name, text in told.items() if text}


def key(told: Mapping[str, object]) -> EnvironmentKey | None:
    """Whose stack these outputs say that it is; None where they don't."""
    return EnvironmentKey.told(
        told.get(REPOSITORY), told.get(PULL_REQUEST), told.get(BRANCH), told.get(DEFINITION)
    )
