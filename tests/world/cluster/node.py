"""A real node: a kubelet on a containerd of its own, with runc and a bridge CNI.

Both run under one small first process in a PID and a mount namespace of their own. When that
process ends, however it ends, the kernel ends every shim and container below it and forgets every
mount: nothing has to be searched for and cleaned up. Each further kubelet needs a containerd of its
own, because a kubelet kills the pods that it does not know.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.world.cluster import netns
from tests.world.cluster.control_plane import ControlPlane
from tests.world.cluster.spawn import Spawner
from tests.world.cluster.waiting import until
from tests.world.images import PAUSE
from tests.world.tools import tool

_CGROUPS = Path("/sys/fs/cgroup")
_CNI_PROGRAMS = "/usr/lib/cni"
NAMESPACE = "k8s.io"

# Private copies of the folders whose paths the container runtime and the kubelet have built in.
# The shell is the first process of the PID namespace: it reaps whatever loses its parent.
_INIT = """
set -eu
for folder in /run /var/lib /var/log; do mount -t tmpfs tmpfs $folder; done
mkdir -p /run/netns /run/containerd /var/lib/cni
containerd --config "$NODE/containerd.toml" >>"$LOGS/containerd-$NAME.log" 2>&1 &
until [ -S "$NODE/containerd.sock" ]; do sleep 0.02; done
"$KUBELET" --config="$NODE/kubelet.yaml" $KUBELET_FLAGS >>"$LOGS/kubelet-$NAME.log" 2>&1 &
while :; do wait; sleep 1; done
"""


@dataclass(frozen=True)
class NodeSpec:
    """What a node is started with."""

    name: str
    index: int
    """0 for the world's own node; its pods get 10.244.<index>.x."""
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[str] = ()
    """As the kubelet takes them: `key=value:effect`."""
    provider_id: str = ""

    @property
    def address(self) -> str:
        """The node's own address on the bridge. Not loopback: instrumented pods read it."""
        return f"10.244.{self.index}.1"


class Node:
    """One running node; `golden` is a containerd root that has the images already."""

    def __init__(self, spawner: Spawner, folder: Path, cgroup: str, spec: NodeSpec) -> None:
        self.spec = spec
        self._spawner = spawner
        self._folder = folder
        self._cgroup = cgroup

    @property
    def socket(self) -> Path:
        """containerd's socket."""
        return self._folder / "containerd.sock"

    def start(self, plane: ControlPlane, network: str, golden: Path | None, logs: Path) -> None:
        """Start containerd and the kubelet; they register the node when they are up."""
        self._folder.mkdir(parents=True)
        if golden is not None:
            clone_root(golden, self._folder / "root")
        write_containerd(self._folder, f"understudy-{self.spec.index}")
        netns.add_address(network, self.spec.address)
        for hierarchy in cgroup_roots():
            (hierarchy / self._cgroup).mkdir(exist_ok=True)
        kubeconfig = plane.user(
            f"node-{self.spec.name}", f"system:node:{self.spec.name}", "system:nodes"
        )
        _write_cni(self._folder, self.spec.index)
        self._write_kubelet(plane, kubeconfig)
        flags = [
            f"--kubeconfig={kubeconfig}",
            f"--root-dir={self._folder / 'kubelet'}",
            f"--cert-dir={self._folder / 'kubelet-pki'}",
            f"--hostname-override={self.spec.name}",
            f"--node-ip={self.spec.address}",
        ]
        if self.spec.labels:
            pairs = (f"{key}={value}" for key, value in sorted(self.spec.labels.items()))
            flags.append(f"--node-labels={','.join(pairs)}")
        words = ["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child"]
        self._spawner.start(
            f"node-{self.spec.name}",
            [*words, "--mount-proc", "sh", "-c", _INIT],
            env={
                "NODE": str(self._folder),
                "LOGS": str(logs),
                "NAME": self.spec.name,
                "KUBELET": str(tool("kubelet")),
                "KUBELET_FLAGS": " ".join(flags),
            },
        )

    def stop(self) -> None:
        """Kill the first process, and with it everything on the node; its files go as well."""
        self._spawner.kill(f"node-{self.spec.name}")
        remove(self._folder)

    def import_image(self, archive: Path) -> None:
        """Give the node the images of an archive."""
        until(f"node {self.spec.name}: containerd", self.socket.exists, 20)
        import_archive(self.socket, archive)

    def _write_kubelet(self, plane: ControlPlane, kubeconfig: Path) -> None:
        serving = plane.authority.issue(
            f"kubelet-{self.spec.name}",
            f"system:node:{self.spec.name}",
            ["system:nodes"],
            [self.spec.address, self.spec.name],
        )
        taints = [_taint(text) for text in self.spec.taints]
        settings = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "containerRuntimeEndpoint": f"unix://{self.socket}",
            "address": self.spec.address,
            "healthzPort": 0,
            "readOnlyPort": 0,
            "authentication": {
                "anonymous": {"enabled": False},
                "x509": {"clientCAFile": str(plane.authority.certificate)},
                "webhook": {"enabled": False},
            },
            "authorization": {"mode": "AlwaysAllow"},
            "tlsCertFile": str(serving.certificate),
            "tlsPrivateKeyFile": str(serving.key),
            "clusterDNS": [netns.ADDRESS],
            "clusterDomain": "cluster.local",
            "resolvConf": "",
            "failCgroupV1": False,
            "cgroupDriver": "cgroupfs",
            "cgroupsPerQOS": False,
            "cgroupRoot": f"/{self._cgroup}",
            "enforceNodeAllocatable": [],
            "failSwapOn": False,
            "evictionHard": {"nodefs.available": "1%"},
            "imageGCHighThresholdPercent": 100,
            "localStorageCapacityIsolation": False,
            "podLogsDir": str(self._folder / "pod-logs"),
            "nodeStatusUpdateFrequency": "5s",
            "syncFrequency": "10s",
            "volumePluginDir": str(self._folder / "volume-plugins"),
            "registerWithTaints": taints,
            "kubeAPIQPS": 100,
            "kubeAPIBurst": 200,
            "registryPullQPS": 0,
            "eventRecordQPS": 50,
            "serializeImagePulls": False,
        }
        if self.spec.provider_id:
            settings["providerID"] = self.spec.provider_id
        (self._folder / "kubelet.yaml").write_text(yaml.safe_dump(settings))


def _taint(text: str) -> dict[str, str]:
    key_value, _, effect = text.rpartition(":")
    key, _, value = key_value.partition("=")
    return {"key": key, "effect": effect} | ({"value": value} if value else {})


def write_containerd(folder: Path, network: str) -> None:
    """containerd's configuration: everything below `folder`."""
    runtime = '[plugins."io.containerd.grpc.v1.cri"'
    (folder / "containerd.toml").write_text(
        f"""version = 2
root = "{folder / "root"}"
state = "{folder / "state"}"
disabled_plugins = [{", ".join(f'"io.containerd.{name}"' for name in _UNUSED)}]
[grpc]
address = "{folder / "containerd.sock"}"
[ttrpc]
address = "{folder / "containerd.ttrpc"}"
{runtime}]
sandbox_image = "{PAUSE}"
# Where a process may not lower its OOM score, runc would die at asking for it.
restrict_oom_score_adj = true
stream_server_address = "127.0.0.1"
stream_server_port = "0"
{runtime}.cni]
bin_dir = "{_CNI_PROGRAMS}"
conf_dir = "{folder / "cni"}"
{runtime}.containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"
{runtime}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
"""
    )


_UNUSED = (
    "snapshotter.v1.aufs",
    "snapshotter.v1.btrfs",
    "snapshotter.v1.devmapper",
    "snapshotter.v1.zfs",
    "internal.v1.tracing",
    "tracing.processor.v1.otlp",
)


def _write_cni(folder: Path, index: int) -> None:
    ranges = {
        "subnet": netns.POD_NETWORK,
        "rangeStart": f"10.244.{index}.10",
        "rangeEnd": f"10.244.{index}.250",
        "gateway": netns.ADDRESS,
    }
    network = {
        "cniVersion": "0.4.0",
        "name": f"understudy-{index}",
        "plugins": [
            {
                "type": "bridge",
                "bridge": netns.BRIDGE,
                "isGateway": False,
                "hairpinMode": True,  # a pod may reach itself through its service
                "ipam": {
                    "type": "host-local",
                    "dataDir": str(folder / "addresses"),
                    "ranges": [[ranges]],
                    "routes": [{"dst": "0.0.0.0/0", "gw": netns.ADDRESS}],
                },
            }
        ],
    }
    (folder / "cni").mkdir()
    (folder / "cni" / "10-world.conflist").write_text(json.dumps(network))


def import_archive(socket: Path, archive: Path) -> None:
    """Import an archive into a containerd."""
    netns.run(["ctr", "-a", socket, "-n", NAMESPACE, "images", "import", archive])


def clone_root(golden: Path, target: Path) -> None:
    """A containerd root that shares the files of another one's images.

    Layers and blobs are never written again and so are hard links; databases are, and are copies.
    """
    netns.run(["cp", "--archive", "--link", golden, target])
    for database in target.rglob("*.db"):
        copy = database.with_suffix(".copy")
        shutil.copy2(database, copy)
        copy.replace(database)


def cgroup_roots() -> list[Path]:
    """The roots of the cgroup hierarchies: one with version 2, one a controller with version 1."""
    if (_CGROUPS / "cgroup.controllers").exists():
        return [_CGROUPS]
    return [path for path in _CGROUPS.iterdir() if path.is_dir() and not path.is_symlink()]


def remove_cgroups(name: str) -> None:
    """Remove the groups of ended processes."""
    for hierarchy in cgroup_roots():
        top = hierarchy / name
        folders = [path for path in top.rglob("*") if path.is_dir()] if top.exists() else []
        for folder in sorted(folders, key=lambda path: -len(path.parts)):
            with contextlib.suppress(FileNotFoundError):
                folder.rmdir()
        with contextlib.suppress(FileNotFoundError):
            top.rmdir()


def remove(folder: Path) -> None:
    """Remove a node's files; those of its mount namespace were never seen here."""
    subprocess.run(["rm", "-rf", "--one-file-system", folder], check=False)
