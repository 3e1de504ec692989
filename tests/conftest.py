"""Fixtures that more than one folder of tests needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.world.world import World


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """One world with a bot that runs, for every test that needs one; repositories are their own."""
    with World() as started:
        started.start_bot(workers="3")
        yield started
