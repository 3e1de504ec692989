"""Keeps the kernel's rules equal to the cluster's policies.

Everything is computed anew at each change and loaded in one step: there is no state to go wrong.
A pod that has an address but is not yet seen here has no rules: it is open for some milliseconds,
as it is with the enforcers of many real clusters. Connections from that time go on.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Sequence

from tests.world.netpol import table
from tests.world.netpol.api import Api
from tests.world.netpol.endpoints import Neighbour
from tests.world.netpol.mirror import Mirror
from tests.world.netpol.policies import compile_rules

FOLLOWED = (
    "/apis/networking.k8s.io/v1/networkpolicies",
    "/api/v1/namespaces",
    "/api/v1/pods",
)
SETTLE_SECONDS = 0.05
"""Rules are loaded at the first change; what changes in this time after it is loaded together."""

Load = Callable[[str], None]


class RefusedError(RuntimeError):
    """nft did not take a ruleset; what was in force before still is."""


def loader(enter: Sequence[str] = ()) -> Load:
    """What loads a ruleset; `enter` are the words that lead into a network namespace."""

    def load(ruleset: str) -> None:
        ran = subprocess.run(
            [*enter, "nft", "-f", "-"], input=ruleset, text=True, capture_output=True, check=False
        )
        if ran.returncode != 0:
            raise RefusedError(f"nft refused the rules: {ran.stderr.strip()}")

    return load


class Enforcer:
    """Follows a cluster and loads what its policies say."""

    def __init__(self, api: Api, load: Load, neighbours: Sequence[Neighbour] = ()) -> None:
        self._load = load
        self._neighbours = tuple(neighbours)
        self._changed = threading.Event()
        self._stopped = False
        self._loaded = ""
        self._mirrors = [Mirror(api, path, self._changed) for path in FOLLOWED]

    def stop(self) -> None:
        """Let `run` come to its end; safe in a signal handler."""
        self._stopped = True
        self._changed.set()

    def run(self) -> None:
        """Enforce until `stop`, and leave no rules behind. Raises RefusedError at the end only."""
        for mirror in self._mirrors:
            mirror.start()
        settling = threading.Event()
        try:
            while True:
                self._changed.wait()
                if self._stopped:
                    return
                self._changed.clear()
                self._refresh()
                settling.wait(SETTLE_SECONDS)
        finally:
            self._load(table.REMOVE)

    def _refresh(self) -> None:
        began = time.monotonic()
        policies, namespaces, pods = (mirror.items() for mirror in self._mirrors)
        if policies is None or namespaces is None or pods is None:
            return  # half of the truth would deny what is allowed
        ruleset = compile_rules(policies, namespaces, pods, self._neighbours)
        if ruleset == self._loaded:
            return
        try:
            self._load(ruleset)
        except RefusedError as error:
            print(f"{error}\n{ruleset}", flush=True)
            return
        self._loaded = ruleset
        took = (time.monotonic() - began) * 1000
        print(
            f"{len(policies)} policies and {len(pods)} pods in force after {took:.0f} ms",
            flush=True,
        )
