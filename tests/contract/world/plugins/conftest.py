"""A real engine with the stand-ins on PATH, a file for its state, and a real API server."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pulumi import automation as auto

from tests.contract.world.plugins.control_plane import ControlPlane, control_plane
from tests.world.plugins import path_folder
from tests.world.tools import tool

MakeStack = Callable[[Callable[[], None]], auto.Stack]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """One API server for all tests."""
    folder = tmp_path_factory.mktemp("control-plane")
    with control_plane(folder, deleting=True) as running:
        yield running


@pytest.fixture
def make_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeStack:
    """Make the test's stack, with this program in it; call it again to change the program."""
    path = [str(path_folder()), str(tool("pulumi").parent), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(path))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    (tmp_path / "state").mkdir()
    environment = {
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "plugins",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }

    def make(program: Callable[[], None]) -> auto.Stack:
        return auto.create_or_select_stack(
            "test",
            project_name="plugins",
            program=program,
            opts=auto.LocalWorkspaceOptions(env_vars=environment),
        )

    return make
