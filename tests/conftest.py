"""Fixtures that more than one folder of tests needs."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import hypothesis
import pytest

from tests.world.postgres import Postgres
from tests.world.world import World

# `make test` tries the same examples every time, `make test-all` new ones (its profile: explore).
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", deadline=None, print_blob=True)
hypothesis.settings.load_profile("steady")

# A shell lets what runs in the background ignore Ctrl-C, and so would all that tests start and
# interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """One world with a bot that runs, for every test that needs one; repositories are their own."""
    with World() as started:
        started.start_bot(workers="3")
        yield started


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests: databases are their own, and who stops it starts it again."""
    with Postgres() as started:
        yield started
