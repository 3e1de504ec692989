"""One cluster: from nothing to a Ready node with DNS, services and ingress, and back to nothing."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from tests.world import forward, images
from tests.world.cluster import control_plane, golden, kubeconfig, netns, services, waiting
from tests.world.cluster.api import CORE, Api, condition
from tests.world.cluster.ground import Address, Ground, Ingress
from tests.world.cluster.node import Node, NodeSpec
from tests.world.tools import crds

NODE = "world-0"
"""The world's own node, for what is not an environment's."""


class Cluster(Ground):
    """A real Kubernetes in a network namespace of its own; a context manager."""

    plane: control_plane.ControlPlane
    node = NODE
    ingress = Ingress(
        services.INGRESS_CLASS,
        (services.INGRESS_ADDRESS, services.INGRESS_PORT),
        (f"{services.INGRESS_ADDRESS}/32",),
    )

    def __init__(self) -> None:
        super().__init__()
        self.nodes: dict[str, Node] = {}
        self._archives: list[Path] = []
        self._indexes = 0
        self._lock = threading.RLock()

    def start(self) -> None:
        """Start everything and wait until a pod could run and be found. Raises ToolError."""
        self.create_network()
        self.plane = control_plane.start(self.spawner, self.folder)
        self.inner_kubeconfig = self.plane.kubeconfig
        image_root = golden.root()
        first = self._node(NodeSpec(NODE, self._next_index()))
        first.start(self.plane, self.name, image_root, self.logs)
        port = self.forward({"apiserver": ("127.0.0.1", control_plane.PORT)})["apiserver"]
        server = f"https://127.0.0.1:{port}"
        self.kubeconfig = kubeconfig.write(
            self.folder / "kubeconfig", server, self.plane.authority.certificate, self.plane.admin
        )
        self.api = Api.by_certificate(server, self.plane.authority.certificate, self.plane.admin)
        waiting.until("the API server's readiness", self.api.ready)
        services.start_proxy(self.spawner, self.plane, NODE)
        services.start_dns(self.spawner, self.plane)
        services.start_ingress(self.spawner, self.plane, self.api)
        waiting.until("the first node's readiness", lambda: self.node_ready(NODE), 30)

    def create_network(self) -> None:
        """Make the network namespace, so that other programs can be started before the cluster."""
        if not netns.exists(self.name):
            netns.create(self.name)

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

    def publish(self, sha: str, env: Mapping[str, str] | None = None) -> None:
        """See `Ground.publish`; the images' layers are there from the start."""
        for service in images.SERVICES:
            self.import_image(images.commit_image(service, sha, env))

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

    def address(self, inside: Address) -> Address:
        """See `Ground.address`: there."""
        return inside

    def show(self, targets: Mapping[str, Address]) -> dict[str, Address]:
        """See `Ground.show`: on loopback ports."""
        return {name: ("127.0.0.1", port) for name, port in self.forward(targets).items()}

    def forward(self, targets: Mapping[str, Address]) -> dict[str, int]:
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

    def _prefix(self) -> tuple[str, ...]:
        return netns.enter(self.name)

    def _gentle(self, name: str) -> bool:
        # Nodes end at once: their pods are nobody's any more.
        return name not in _KILLED and not name.startswith("node-")

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
