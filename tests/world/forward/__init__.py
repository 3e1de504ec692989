"""Shows addresses inside a world's network namespace on the host's loopback.

The listening sockets are made here, in the host's namespace, on ports that the kernel chooses; the
process that accepts on them runs inside the world's namespace, so it connects to addresses there.
They listen before that process runs: who connects early waits, and is not refused.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the forwarding process has no use for a whole cluster's imports
    from tests.world.cluster.spawn import Spawner

_ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Forwarding:
    """Ports on 127.0.0.1 by the names of what they lead to."""

    ports: Mapping[str, int]
    process: subprocess.Popen[bytes]

    def port(self, name: str) -> int:
        """The loopback port of a target."""
        return self.ports[name]


def start(spawner: Spawner, world: str, targets: Mapping[str, tuple[str, int]]) -> Forwarding:
    """Lead a new loopback port to each target: host and port inside the spawner's `world`."""
    listeners = {name: socket.create_server(("127.0.0.1", 0)) for name in targets}
    try:
        pairs = [
            f"{listeners[name].fileno()}={host}:{port}" for name, (host, port) in targets.items()
        ]
        process = spawner.start(
            f"forward-{'-'.join(targets)}",
            [sys.executable, "-m", "tests.world.forward", *pairs],
            env={"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            pass_fds=[listener.fileno() for listener in listeners.values()],
        )
        ports = {name: listener.getsockname()[1] for name, listener in listeners.items()}
    finally:
        for listener in listeners.values():
            listener.close()
    return Forwarding(ports, process)
