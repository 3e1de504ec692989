"""Starts the simulated AWS as a process of its own, for tests and benchmarks."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.world.aws.paths import HEALTH_PATH

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 30.0

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
}
"""What a client of the simulated AWS needs in its environment."""


class StartError(RuntimeError):
    """A process of the world did not begin to serve."""


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def serving(module: str, *arguments: str, health: str) -> Iterator[str]:
    """Run `python -m module` on a free port until the block ends; its base address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--host", "127.0.0.1", "--port", str(port), *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(module, process, f"{address}{health}")
        yield address
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(module: str, process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StartError(f"{module} ended with status {process.returncode} before it served")
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise StartError(f"{module} did not serve within {START_SECONDS:.0f} s")


@contextlib.contextmanager
def running(deploy_seconds: float = 2.0) -> Iterator[str]:
    """Run the simulated AWS until the block ends; its endpoint."""
    option = ("--deploy-seconds", str(deploy_seconds))
    with serving("tests.world.aws", *option, health=HEALTH_PATH) as endpoint:
        yield endpoint
