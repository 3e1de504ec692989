"""The few programs that come as Debian packages: container runtime, network tools, database."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.world.tools.errors import ToolError
from tests.world.tools.progress import step

PACKAGES = (
    "containerd",
    "runc",
    "containernetworking-plugins",
    "busybox-static",
    "iptables",
    "conntrack",
    "debootstrap",
    "nftables",
    "iproute2",
    "util-linux",
)
"""What a world is made of."""
POSTGRESQL = ("postgresql",)
"""What tests/world/postgres.py needs: the release's own server, whatever its version is."""
_CREATE_CLUSTER = Path("/etc/postgresql-common/createcluster.d/understudy.conf")


def _missing(packages: Sequence[str]) -> list[str]:
    asked = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *packages]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    present = {line.split()[0] for line in answer.splitlines() if line.endswith(" installed")}
    return [name for name in packages if name not in present]


def ensure_debian(packages: Sequence[str] = PACKAGES) -> None:
    """Install what is missing of `packages`; raises ToolError where that is not possible."""
    if shutil.which("dpkg-query") is None:
        raise ToolError("the local world needs Debian or Ubuntu: dpkg-query is not here")
    missing = _missing(packages)
    if not missing:
        return
    command = "apt-get install --no-install-recommends " + " ".join(missing)
    if os.geteuid() != 0:
        raise ToolError(f"Debian packages are missing; as root, run: {command}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with step(f"installing {' '.join(missing)}"), _no_server_of_its_own():
        for words in (["apt-get", "update", "-q"], [*command.split(), "-y", "-q"]):
            ran = subprocess.run(
                words, env=environment, capture_output=True, text=True, check=False
            )
            if ran.returncode != 0 and words[1] == "install":
                last = (ran.stderr or ran.stdout).strip().splitlines()[-1:]
                raise ToolError(f"{command} failed: {' '.join(last)}")


@contextlib.contextmanager
def _no_server_of_its_own() -> Iterator[None]:
    """Keep PostgreSQL's package from making and starting a server for the whole machine.

    It asks this folder's settings when it is installed for the first time, and not again
    (createcluster.conf of the package postgresql-common), so the setting may go afterwards.
    """
    _CREATE_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
    _CREATE_CLUSTER.write_text("create_main_cluster = false\n")
    try:
        yield
    finally:
        _CREATE_CLUSTER.unlink()
