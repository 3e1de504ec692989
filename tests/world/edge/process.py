"""Starts the edge as a process of its own, for tests and benchmarks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from tests.world.aws.process import serving
from tests.world.edge.server import HEALTH_PATH


@contextlib.contextmanager
def running(aws: str, resolve: Mapping[str, str]) -> Iterator[str]:
    """Run the edge of an AWS until the block ends; its address."""
    rules = [part for rule in resolve.items() for part in ("--resolve", "=".join(rule))]
    with serving("tests.world.edge", "--aws", aws, *rules, health=HEALTH_PATH) as address:
        yield address
