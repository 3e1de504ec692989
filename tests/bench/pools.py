"""How Karpenter's time from pod to NodeClaim, and its CPU, grow with the number of NodePools.

Decides whether each environment has a NodePool of its own (docs/decisions/0003). Nodes are kwok's;
the controller, the API server and the scheduler are real, and all instance types are offered.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import Any

from infra import naming
from infra.contract import StageFile
from infra.identity import EnvironmentKey
from infra.karpenter import node_pool
from tests.bench.report import Report
from tests.world.cluster.api import CORE, KARPENTER, condition
from tests.world.cluster.waiting import until
from tests.world.images import BUSYBOX
from tests.world.walk import STAGE_FILE
from tests.world.world import World

COUNTS = (1, 50, 200, 500)
_PODS = f"{CORE}/namespaces/default/pods"
PROBES = {1: 3, 50: 3, 200: 1, 500: 1}
"""Pods that are timed, one after another, at each count; where one takes minutes, it is enough."""
PATIENCE_SECONDS = 900.0
"""With hundreds of NodePools, everything that the controller does waits for its scheduling."""
IDLE_SECONDS = 20.0


def run() -> Report:
    """Measure at each count in one world."""
    figures: dict[str, float | None] = {}
    with World(fake_nodes=True, every_type=True) as world:
        bench = _Pools(world)
        made = 0
        print(f"{'pools':>6} {'pod to NodeClaim s':>20} {'idle CPU %':>12} {'memory MiB':>12}")
        for count in COUNTS:
            for index in range(made, count):
                bench.create(index)
            made = count
            bench.settle(count)
            idle = bench.idle_cpu()
            seconds = statistics.median(bench.probe() for _ in range(PROBES[count]))
            memory = bench.memory()
            print(f"{count:>6} {seconds:>20.2f} {idle:>12.1f} {memory:>12.0f}", flush=True)
            figures[f"pod_to_nodeclaim_s_{count}"] = seconds
            figures[f"idle_cpu_percent_{count}"] = idle
            figures[f"memory_mib_{count}"] = memory
    first = figures[f"pod_to_nodeclaim_s_{COUNTS[0]}"] or 0.0
    for count in COUNTS[1:]:
        figures[f"growth_{count}"] = (figures[f"pod_to_nodeclaim_s_{count}"] or 0.0) / first
    # No limit: what is measured here is somebody else's program, and decides for ours.
    return Report(figures, {})


class _Pools:
    def __init__(self, world: World) -> None:
        self._api = world.cluster.api
        self._stage = StageFile.parse(STAGE_FILE)
        self._pid = world.cluster.spawner.pid("karpenter")
        self._probes = 0

    def create(self, index: int) -> None:
        """One environment's NodePool, as the product makes it."""
        name, labels = self._named(index)
        args = node_pool.NodePoolArgs(name, labels, {}, self._stage, "default")
        spec = node_pool.specification(args)
        body = {
            "apiVersion": "karpenter.sh/v1",
            "kind": "NodePool",
            "metadata": {"name": name, "labels": labels},
            "spec": spec,
        }
        self._api.create(f"{KARPENTER}/nodepools", body)

    def settle(self, count: int) -> None:
        """Wait until every NodePool is Ready."""

        def ready() -> bool:
            found = self._api.items(f"{KARPENTER}/nodepools")
            return sum(condition(item, "Ready") for item in found) >= count

        until(f"{count} NodePools' readiness", ready, PATIENCE_SECONDS, 0.5)

    def probe(self) -> float:
        """Seconds from a pod's creation to its NodeClaim's."""
        name, labels = self._named(0)
        self._probes += 1
        pod = f"probe-{self._probes}"
        before = self._claims()
        spec: dict[str, Any] = {
            "nodeSelector": node_pool.node_selector(name),
            "tolerations": [node_pool.toleration(name)],
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {
                    "name": "probe",
                    "image": BUSYBOX,
                    # More than half of a node's cores, so that each probe needs one of its own.
                    "resources": {"requests": {"cpu": "1"}},
                }
            ],
            "topologySpreadConstraints": [],
            "affinity": {
                "podAntiAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": [
                        {
                            "topologyKey": "kubernetes.io/hostname",
                            "labelSelector": {"matchLabels": {"bench": "probe"}},
                        }
                    ]
                }
            },
        }
        metadata = {"name": pod, "labels": {**labels, "bench": "probe"}}
        began = time.monotonic()
        self._api.create(_PODS, {"metadata": metadata, "spec": spec})
        until("a NodeClaim for the probe", lambda: self._claims() - before, PATIENCE_SECONDS, 0.02)
        seconds = time.monotonic() - began
        # One that goes before its instance is known would leave the controller's picture torn.
        until("the probe's node", self._initialized, PATIENCE_SECONDS, 0.1)
        self._api.delete(f"{_PODS}/{pod}", gracePeriodSeconds="0")
        for claim in self._claims():
            self._api.delete(f"{KARPENTER}/nodeclaims/{claim}")
        until("the probe's NodeClaim to go", lambda: not self._claims(), PATIENCE_SECONDS, 0.1)
        return seconds

    def idle_cpu(self) -> float:
        """Percent of one core that the controller takes while nothing happens."""
        before = self._ticks()
        time.sleep(IDLE_SECONDS)
        ticks = self._ticks() - before
        return 100.0 * ticks / os.sysconf("SC_CLK_TCK") / IDLE_SECONDS

    def memory(self) -> float:
        """The controller's resident memory in MiB."""
        with open(f"/proc/{self._pid}/statm") as handle:  # noqa: PTH123 - a kernel file
            pages = int(handle.read().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def _ticks(self) -> int:
        with open(f"/proc/{self._pid}/stat") as handle:  # noqa: PTH123 - a kernel file
            words = handle.read().rpartition(")")[2].split()
        return int(words[11]) + int(words[12])

    def _claims(self) -> set[str]:
        return self._api.names(f"{KARPENTER}/nodeclaims")

    def _initialized(self) -> bool:
        found = self._api.items(f"{KARPENTER}/nodeclaims")
        return all(condition(item, "Initialized") for item in found)

    def _named(self, index: int) -> tuple[str, dict[str, str]]:
        repository = "acme/shop"
        key = EnvironmentKey(repository, index + 1)
        name = naming.environment_name(key)
        return name, naming.labels(name, key)
