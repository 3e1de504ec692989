"""The world's network namespace: a bridge, no way out, and gone with everything in it.

Nothing that runs inside can reach another machine, addresses and ports are the same in every
world, and deleting the namespace takes interfaces, routes and packet filter rules with it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.world.tools import ToolError

BRIDGE = "cni0"
POD_NETWORK = "10.244.0.0/16"
ADDRESS = "10.244.0.1"
"""The bridge's own address: the way from pods to everything that runs beside the cluster."""
SERVICE_NETWORK = "10.96.0.0/16"
_MOUNTS = Path("/run/netns")


def run(words: Sequence[str | Path]) -> str:
    """Run a command to its end and return what it printed. Raises ToolError with its last line."""
    ran = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        last = (ran.stderr or ran.stdout).strip().splitlines()[-1:]
        raise ToolError(f"{' '.join(map(str, words[:6]))} failed: {' '.join(last)}")
    return ran.stdout


def enter(name: str) -> tuple[str, ...]:
    """The words in front of a command that is to run inside; not `ip netns exec`, which mounts
    another /sys, in which the kubelet finds no cgroups."""
    return ("nsenter", f"--net={_MOUNTS / name}", "--")


def exists(name: str) -> bool:
    """Whether there is a network namespace of this name."""
    return (_MOUNTS / name).exists()


def create(name: str) -> None:
    """Make the namespace with loopback, the bridge, and a route for service addresses."""
    run(["ip", "netns", "add", name])
    inside = enter(name)
    for words in (
        "ip link set lo up",
        f"ip link add {BRIDGE} type bridge",
        f"ip addr add {ADDRESS}/16 dev {BRIDGE}",
        f"ip link set {BRIDGE} up",
        f"ip route add {SERVICE_NETWORK} dev {BRIDGE}",
        "sysctl -qw net.ipv4.ip_forward=1",
    ):
        run([*inside, *words.split()])
    # The pods' frames have to pass the packet filter, where services and policies are. A kernel
    # without the switch for each namespace has it on for all.
    subprocess.run(
        [*inside, "sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=1"],
        capture_output=True,
        check=False,
    )


def add_address(name: str, address: str) -> None:
    """Give the bridge one more address: a further node's."""
    run([*enter(name), "ip", "addr", "replace", f"{address}/16", "dev", BRIDGE])


def delete(name: str) -> None:
    """Take the namespace away, if it is there."""
    if exists(name):
        run(["ip", "netns", "delete", name])
