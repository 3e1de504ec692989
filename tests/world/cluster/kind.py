"""A kind cluster of the world's own: made for it and deleted with it.

kind brings no ingress controller: the world's Traefik runs beside the node's own programs.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from tests.world.aws.process import free_port
from tests.world.cluster import netns, services
from tests.world.cluster.given import Given
from tests.world.cluster.ground import Ingress
from tests.world.tools import tool
from tests.world.tools.progress import step

PROGRAMS = ("kind", "docker")
_READY_SECONDS = 180
_ADMIN = "/etc/kubernetes/admin.conf"
_TRAEFIK = "/usr/local/bin/traefik"


class Kind(Given):
    """A cluster of one node in a container."""

    def __init__(self) -> None:
        port = free_port()
        super().__init__("", Ingress(services.INGRESS_CLASS, ("127.0.0.1", port)), ())
        self._load = ("kind", "load", "image-archive", "{}", "--name", self.name)
        self._made = False

    def start(self) -> None:
        """Make the cluster and give it an ingress controller. Raises ToolError."""
        host, port = self.ingress.address
        mapping = {
            "containerPort": services.INGRESS_PORT,
            "hostPort": port,
            "listenAddress": host,
        }
        config = self.folder / "kind.json"
        config.write_text(
            json.dumps(
                {
                    "apiVersion": "kind.x-k8s.io/v1alpha4",
                    "kind": "Cluster",
                    "nodes": [{"role": "control-plane", "extraPortMappings": [mapping]}],
                }
            )
        )
        self._made = True
        words = ["--config", config, "--wait", f"{_READY_SECONDS}s"]
        with step("making a kind cluster"):
            self._kind("create", *map(str, words))
        self._connect(f"the kind cluster {self.name}")
        node = f"{self.name}-control-plane"
        netns.run(["docker", "cp", tool("traefik"), f"{node}:{_TRAEFIK}"])
        options = services.ingress_options("", host)
        run = ["docker", "exec", "--detach", "--env", f"KUBECONFIG={_ADMIN}", node, _TRAEFIK]
        netns.run([*run, *options])
        services.create_ingress_class(self.api)

    def clear(self, environments: Collection[str]) -> None:
        """See `Ground.clear`: it all goes with the cluster."""

    def stop(self) -> None:
        """Delete the cluster and end the rest; safe to call at any time. Raises ToolError."""
        try:
            if self._made:
                self._made = False
                self._kind("delete")
        finally:
            super().stop()

    def _kind(self, verb: str, *words: str) -> None:
        own = ["--name", self.name, "--kubeconfig", str(self.kubeconfig)]
        netns.run(["kind", verb, "cluster", *own, *words])
