from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.readiness.connection import Connection
from tests.unit.infra.readiness.api_server import ApiServer, api_server


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with api_server() as server:
        yield server


@pytest.fixture
def connection(api: ApiServer, tmp_path: Path) -> Iterator[Connection]:
    connection = Connection.open(api.kubeconfig(tmp_path))
    yield connection
    connection.close()
