"""One cluster: from nothing to a Ready node with DNS, services and ingress, and back to nothing."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml

from tests.world import forward
from tests.world.cluster import control_plane, golden, kubeconfig, netns, services, stale, waiting
from tests.world.cluster.api import CORE, Api, condition
from tests.world.cluster.node import Node, NodeSpec
from tests.world.cluster.spawn import Spawner
from tests.world.tools import crds

NODE = "world-0"
"""The world's own node, for what is not an environment's."""


class Cluster:
    """A real Kubernetes in a network namespace of its own; a context manager."""

    def __init__(self) -> None:
        stale.sweep()
        self.name = f"understudy-{secrets.token_hex(3)}"
        self.folder = stale.worlds() / self.name
        self.folder.mkdir()
        self._owned = stale.own(self.folder)
        self.logs = self.folder / "logs"
        self.spawner = Spawner(self.logs, netns.enter(self.name))
        self.nodes: dict[str, Node] = {}
        self._archives: list[Path] = []
        self._indexes = 0
        self._lock = threading.RLock()
        self.plane: control_plane.ControlPlane
        self.api: Api
        """The API server with the administrator's rights."""
        self.kubeconfig: Path
        """For programs outside the network namespace."""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything and wait until a pod could run and be found. Raises ToolError."""
        self.create_network()
        self.plane = control_plane.start(self.spawner, self.folder)
        image_root = golden.root()
        first = self._node(NodeSpec(NODE, self._next_index()))
        first.start(self.plane, self.name, image_root, self.logs)
        port = self.forward({"apiserver": ("127.0.0.1", control_plane.PORT)})["apiserver"]
        server = f"https://127.0.0.1:{port}"
        self.kubeconfig = kubeconfig.write(
            self.folder / "kubeconfig", server, self.plane.authority.certificate, self.plane.admin
        )
        self.api = Api(server, self.plane.authority.certificate, self.plane.admin)
        waiting.until("the API server's readiness", self.api.ready)
        services.start_proxy(self.spawner, self.plane, NODE)
        services.start_dns(self.spawner, self.plane)
        services.start_ingress(self.spawner, self.plane, self.api)
        waiting.until("the first node's readiness", lambda: self.node_ready(NODE), 30)

    def create_network(self) -> None:
        """Make the network namespace, so that other programs can be started before the cluster."""
        if not netns.exists(self.name):
            netns.create(self.name)

    def stop(self) -> None:
        """End every process and remove everything that was made; safe to call at any time."""
        # Nodes first, and at once: their pods are nobody's any more.
        self.spawner.close(gentle=lambda name: name not in _KILLED and not name.startswith("node-"))
        stale.keep_logs(self.folder)
        self._owned.close()
        stale.remove(self.folder)

    # -- nodes ------------------------------------------------------------------------------------

    def add_node(
        self,
        name: str,
        labels: dict[str, str],
        taints: Sequence[str],
        provider_id: str,
    ) -> None:
        """Start one more real node with every image that the world has."""
        with self._lock:
            node = self._node(NodeSpec(name, self._next_index(), labels, taints, provider_id))
            archives = list(self._archives)
        node.start(self.plane, self.name, golden.root(), self.logs)
        for archive in archives:
            node.import_image(archive)

    def remove_node(self, name: str) -> None:
        """End a node as a terminated instance does: at once, with all that runs on it."""
        with self._lock:
            node = self.nodes.pop(name, None)
        if node is not None:
            node.stop()

    def import_image(self, archive: Path) -> None:
        """Give every node, also later ones, the images of an archive."""
        with self._lock:
            self._archives.append(archive)
            nodes = list(self.nodes.values())
        for node in nodes:
            node.import_image(archive)

    def node_ready(self, name: str) -> bool:
        """Whether a node says that it is Ready."""
        found = self.api.find(f"{CORE}/nodes/{name}")
        return found is not None and condition(found, "Ready")

    # -- access -----------------------------------------------------------------------------------

    def forward(self, targets: dict[str, tuple[str, int]]) -> dict[str, int]:
        """Show addresses inside on loopback ports outside; returns the ports by name."""
        forwarding = forward.start(self.spawner, self.name, targets)
        return {name: forwarding.port(name) for name in targets}

    def apply_crds(self, tool_name: str) -> None:
        """Make a tool's custom resource definitions, and wait until they are served."""
        definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        names = []
        for path in sorted(crds(tool_name).glob("*.yaml")):
            for document in yaml.safe_load_all(path.read_text()):
                if document:
                    self.api.create(definitions, document)
                    names.append(document["metadata"]["name"])

        def established() -> bool:
            found = (self.api.get(f"{definitions}/{name}") for name in names)
            return all(condition(definition, "Established") for definition in found)

        waiting.until(f"the definitions of {tool_name}", established)

    def _next_index(self) -> int:
        index = self._indexes
        self._indexes += 1
        return index

    def _node(self, spec: NodeSpec) -> Node:
        node = Node(self.spawner, self.folder / f"node-{spec.index}", self.name, spec)
        self.nodes[spec.name] = node
        return node


_KILLED = frozenset({"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"})
"""What has nothing to save when a world ends: its data is removed next."""
