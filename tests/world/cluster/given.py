"""A cluster that was there before: somebody's, by its kubeconfig. It is left as it was found.

The world's programs run on this machine's loopback, on ports that the kernel chooses, so that they
reach whatever the kubeconfig leads to. Nothing is put under the cluster's feet.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import urllib3

from infra import naming
from tests.world import images
from tests.world.aws.process import free_port
from tests.world.cluster import netns, waiting
from tests.world.cluster.api import CORE, Api, ApiError
from tests.world.cluster.ground import WORLD_LABEL, Address, Ground, Ingress
from tests.world.tools import ToolError, kubectl

CLEAR_SECONDS = 180.0
_NAMESPACES = f"{CORE}/namespaces"


class Given(Ground):
    """Somebody's cluster, whose ingress controller and nodes are used as they are."""

    leaves_out = (
        "Karpenter: no NodePool, pods run on the cluster's own nodes",
        "the OpenTelemetry Operator: nothing is instrumented, no span is received",
        "enforcing NetworkPolicies: they are made, and bite where the cluster's network knows them",
    )

    def __init__(self, kubeconfig: str, ingress: Ingress, load: Sequence[str]) -> None:
        """`kubeconfig` is a path, or several as in KUBECONFIG; `load` imports an archive, `{}`."""
        super().__init__()
        self._source = kubeconfig
        self._load = load
        self.ingress = ingress
        self.kubeconfig = self.inner_kubeconfig = self.folder / "kubeconfig"
        self._before: set[str] = set()

    def start(self) -> None:
        """Read the kubeconfig and ask the cluster. Raises ToolError."""
        self.kubeconfig.touch(mode=0o600)
        # In one file with everything inside, and the current context only: what is used to the end
        # is what was there at the start.
        ran = subprocess.run(
            [str(kubectl()), "config", "view", "--raw", "--flatten", "--minify"],
            env={**os.environ, "KUBECONFIG": self._source},
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode != 0:
            raise ToolError(f"KUBECONFIG={self._source} can't be used: {ran.stderr.strip()}")
        self.kubeconfig.write_text(ran.stdout)
        self._connect(f"the cluster of KUBECONFIG={self._source}")
        self._before = self.api.names(_NAMESPACES)

    def address(self, inside: Address) -> Address:
        """See `Ground.address`: on a free port of this machine."""
        return "127.0.0.1", free_port()

    def show(self, targets: Mapping[str, Address]) -> dict[str, Address]:
        """See `Ground.show`: there."""
        return dict(targets)

    def publish(self, sha: str, env: Mapping[str, str] | None = None) -> None:
        """See `Ground.publish`; the archive has all layers, which any loader understands."""
        archive = self.folder / f"shop-{sha}.tar"
        images.write_commit(archive, sha, env)
        try:
            netns.run([word.replace("{}", str(archive)) for word in self._load])
        finally:
            archive.unlink()

    def clear(self, environments: Collection[str]) -> None:
        """See `Ground.clear`; namespaces that were there before are not touched."""

        def ours(item: dict[str, Any]) -> bool:
            name = item["metadata"]["name"]
            labels = item["metadata"].get("labels") or {}
            known = name in environments and labels.get(naming.LABEL_ENVIRONMENT) == name
            made = known or labels.get(WORLD_LABEL) == self.name
            return made and name not in self._before

        left: list[str] = []

        def gone() -> bool:
            found = [item["metadata"] for item in self.api.items(_NAMESPACES) if ours(item)]
            left[:] = [metadata["name"] for metadata in found]
            for metadata in found:
                if "deletionTimestamp" not in metadata:
                    self.api.delete(f"{_NAMESPACES}/{metadata['name']}")
            return not left

        if not self._before:
            return
        end = "the end of what the world made in the given cluster"
        try:
            waiting.until(end, gone, CLEAR_SECONDS, 0.3, lambda: f": left are {', '.join(left)}")
        except (ApiError, urllib3.exceptions.HTTPError) as error:
            names = ", ".join([f"those labelled {WORLD_LABEL}={self.name}", *environments])
            raise ToolError(
                f"namespaces may be left in the given cluster ({names}): {error}"
            ) from error

    def _connect(self, what: str) -> None:
        from kubernetes.config import ConfigException  # noqa: PLC0415 - as in `Api.by_kubeconfig`

        try:
            self.api = Api.by_kubeconfig(self.kubeconfig)
            self.api.get("/version")
        except (ConfigException, ApiError, urllib3.exceptions.HTTPError, ValueError) as error:
            raise ToolError(f"{what} does not answer: {error}") from error
