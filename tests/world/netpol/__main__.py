"""Keeps the packet filter equal to the cluster's NetworkPolicies until it is ended.

Runs in the world's network namespace. Between a pod's start and the next look its rules are missing
for some milliseconds, as they are with the enforcers of real clusters.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from infra.readiness.connection import ClusterError, Connection
from tests.world.netpol.policies import TABLE, compile_rules

SETTLE_SECONDS = 0.05
"""Changes that come together become one new ruleset."""
AGAIN_SECONDS = 0.5
RELIST_SECONDS = 60


class Mirror:
    """The objects of one kind, as the API server's JSON, kept up to date by a watch."""

    def __init__(self, connection: Connection, path: str, changed: threading.Event) -> None:
        self._connection = connection
        self._path = path
        self._changed = changed
        self.listed = threading.Event()
        self.items: dict[str, Any] = {}
        threading.Thread(target=self._follow, name=path, daemon=True).start()

    def _follow(self) -> None:
        while True:
            try:
                self._watch(self._list())
            except ClusterError as error:
                print(f"{self._path}: {error}", flush=True)
                time.sleep(AGAIN_SECONDS)

    def _list(self) -> str:
        found = self._connection.get(self._path)
        self.items = {item["metadata"]["uid"]: item for item in found["items"]}
        self.listed.set()
        self._changed.set()
        return str(found["metadata"]["resourceVersion"])

    def _watch(self, version: str) -> None:
        """Take events until the stream ends; a list comes after it."""
        stream = self._connection.stream(
            self._path,
            RELIST_SECONDS + 5,
            watch=1,
            resourceVersion=version,
            timeoutSeconds=RELIST_SECONDS,
        )
        try:
            for event in stream:
                item = event["object"]
                if event["type"] == "ERROR":
                    return
                # A new mapping each time: the ruleset is made of whole ones.
                rest = {k: v for k, v in self.items.items() if k != item["metadata"]["uid"]}
                new = {} if event["type"] == "DELETED" else {item["metadata"]["uid"]: item}
                self.items = {**rest, **new}
                self._changed.set()
        finally:
            stream.close()


def load(ruleset: str) -> None:
    """Put a ruleset in force, in one step."""
    ran = subprocess.run(
        ["nft", "-f", "-"], input=ruleset, text=True, capture_output=True, check=False
    )
    if ran.returncode != 0:
        print(f"nft refused the rules: {ran.stderr}\n{ruleset}", flush=True)


def main() -> None:
    """Follow policies, namespaces and pods; take the rules away at the end."""
    parser = argparse.ArgumentParser(prog="python -m tests.world.netpol")
    parser.add_argument("--kubeconfig", required=True)
    connection = Connection.open(parser.parse_args().kubeconfig)
    changed = threading.Event()
    policies = Mirror(connection, "/apis/networking.k8s.io/v1/networkpolicies", changed)
    namespaces = Mirror(connection, "/api/v1/namespaces", changed)
    pods = Mirror(connection, "/api/v1/pods", changed)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    last = ""
    try:
        while True:
            changed.wait()
            changed.clear()
            for mirror in (policies, namespaces, pods):
                mirror.listed.wait()
            rules = compile_rules(
                policies.items.values(), namespaces.items.values(), pods.items.values()
            )
            if rules != last:
                load(rules)
                last = rules
            time.sleep(SETTLE_SECONDS)
    finally:
        load(f"add table inet {TABLE}\ndelete table inet {TABLE}\n")


if __name__ == "__main__":
    main()
