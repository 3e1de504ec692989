"""Boots the instances that Karpenter launches: what user data and a machine do on AWS.

Watches the simulated EC2. A running instance of Karpenter's becomes a node that registers with the
instance's provider id and Karpenter's taint for nodes that it has not met yet: a real kubelet by
default, one of kwok's where a test is about numbers. A terminated instance's node is ended at once,
and its Node object goes as the cloud's node controller would take it away.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.world import kwok
from tests.world.cluster import Cluster
from tests.world.cluster.api import CORE

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import FilterTypeDef

POLL_SECONDS = 0.25
UNREGISTERED = "karpenter.sh/unregistered"
Instance = Mapping[str, Any]
_KARPENTERS: FilterTypeDef = {"Name": "tag-key", "Values": ["karpenter.sh/nodepool"]}
Boot = Callable[[Instance], None]


def node_name(instance: Instance) -> str:
    """The node's name: the instance's private DNS name, without the domain."""
    return str(instance["PrivateDnsName"]).partition(".")[0] or str(instance["InstanceId"])


def labels(instance: Instance) -> dict[str, str]:
    """What a cloud provider tells the kubelet of its instance."""
    zone = str(instance["Placement"]["AvailabilityZone"])
    return {
        "node.kubernetes.io/instance-type": str(instance["InstanceType"]),
        "topology.kubernetes.io/zone": zone,
        "topology.kubernetes.io/region": zone[:-1],
    }


def provider_id(instance: Instance) -> str:
    """The id by which Karpenter knows the node as its own."""
    return f"aws:///{instance['Placement']['AvailabilityZone']}/{instance['InstanceId']}"


class Joiner:
    """Follows the instances until it is stopped."""

    def __init__(self, cluster: Cluster, ec2: EC2Client, *, fake: bool = False) -> None:
        self._cluster = cluster
        self._ec2 = ec2
        self._fake = fake
        self._known: dict[str, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="joiner", daemon=True)
        # Several instances boot at the same time, as they do elsewhere.
        self._booting = ThreadPoolExecutor(4, thread_name_prefix="boot")
        self.troubles: list[str] = []
        """What went wrong, for tests to see."""

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Boot and end no more instances."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._booting.shutdown(cancel_futures=True)

    def _follow(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            try:
                self._look()
            except Exception:
                self.troubles.append(traceback.format_exc(limit=3))

    def _look(self) -> None:
        running: dict[str, Instance] = {}
        pages = self._ec2.get_paginator("describe_instances").paginate(Filters=[_KARPENTERS])
        for reservation in (one for page in pages for one in page["Reservations"]):
            for instance in reservation["Instances"]:
                if instance["State"]["Name"] in ("pending", "running"):
                    running[instance["InstanceId"]] = instance
        for identifier, known in running.items():
            if identifier not in self._known:
                self._known[identifier] = node_name(known)
                self._booting.submit(self._guarded, self._boot, known)
        for identifier in set(self._known) - set(running):
            name = self._known.pop(identifier)
            self._booting.submit(self._guarded, self._end, name)

    def _guarded(self, act: Callable[[Any], None], what: Any) -> None:
        try:
            act(what)
        except Exception:
            self.troubles.append(traceback.format_exc(limit=3))

    def _boot(self, instance: Instance) -> None:
        if self._fake:
            self._boot_kwok(instance)
            return
        self._cluster.add_node(
            node_name(instance),
            labels(instance),
            [f"{UNREGISTERED}:NoExecute"],
            provider_id(instance),
        )

    def _boot_kwok(self, instance: Instance) -> None:
        name = node_name(instance)
        resources = {"cpu": "16", "memory": "64Gi", "pods": "110", "ephemeral-storage": "20Gi"}
        self._cluster.api.create(
            f"{CORE}/nodes",
            {
                "metadata": {
                    "name": name,
                    "annotations": {kwok.ANNOTATION: "fake"},
                    "labels": {
                        **labels(instance),
                        "kubernetes.io/hostname": name,
                        "kubernetes.io/arch": "amd64",
                        "kubernetes.io/os": "linux",
                    },
                },
                "spec": {
                    "providerID": provider_id(instance),
                    "taints": [{"key": UNREGISTERED, "effect": "NoExecute"}],
                },
                "status": {"capacity": resources, "allocatable": resources},
            },
        )

    def _end(self, name: str) -> None:
        self._cluster.remove_node(name)
        self._cluster.api.delete(f"{CORE}/nodes/{name}")
