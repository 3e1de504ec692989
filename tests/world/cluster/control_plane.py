"""etcd, the API server, the controller manager and the scheduler, at fixed addresses inside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.world.cluster import kubeconfig, netns
from tests.world.cluster.pki import Authority, Pair
from tests.world.cluster.spawn import Spawner
from tests.world.tools import tool

PORT = 6443
SERVER = f"https://127.0.0.1:{PORT}"
SERVICE_ADDRESS = "10.96.0.1"
"""The API server's own service: the first of the service network, by Kubernetes' rule."""
_ETCD = "http://127.0.0.1:2379"
_HOSTS = (
    "127.0.0.1",
    "localhost",
    netns.ADDRESS,
    SERVICE_ADDRESS,
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
)
_CLIENT_LIMITS = ("--kube-api-qps=200", "--kube-api-burst=400")


@dataclass(frozen=True)
class ControlPlane:
    """Where everything is that others need."""

    folder: Path
    authority: Authority
    admin: Pair

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, for programs inside the network namespace."""
        return self.folder / "admin.kubeconfig"

    def user(self, file_name: str, user: str, *groups: str) -> Path:
        """A kubeconfig of its own for a program."""
        pair = self.authority.issue(file_name, user, groups)
        path = self.folder / f"{file_name}.kubeconfig"
        return kubeconfig.write(path, SERVER, self.authority.certificate, pair)


def start(spawner: Spawner, folder: Path) -> ControlPlane:
    """Start all four; `ready` tells when they answer."""
    spawner.start(
        "etcd",
        [
            tool("etcd"),
            f"--data-dir={folder / 'etcd'}",
            "--unsafe-no-fsync",
            f"--listen-client-urls={_ETCD}",
            f"--advertise-client-urls={_ETCD}",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--log-level=warn",
        ],
    )
    authority = Authority(folder / "pki")
    admin = authority.issue("admin", "admin", ["system:masters"])
    plane = ControlPlane(folder, authority, admin)
    kubeconfig.write(plane.kubeconfig, SERVER, authority.certificate, admin)
    account_key, account_public = authority.key_pair("service-accounts")
    _api_server(spawner, plane, account_key, account_public)
    _controllers(spawner, plane, account_key)
    return plane


def _api_server(spawner: Spawner, plane: ControlPlane, key: Path, public: Path) -> None:
    serving = plane.authority.issue("apiserver", "kube-apiserver", hosts=_HOSTS)
    client = plane.authority.issue("apiserver-kubelet", "kube-apiserver", ["system:masters"])
    spawner.start(
        "kube-apiserver",
        [
            tool("kube-apiserver"),
            f"--etcd-servers={_ETCD}",
            "--bind-address=0.0.0.0",
            f"--secure-port={PORT}",
            f"--advertise-address={netns.ADDRESS}",
            f"--tls-cert-file={serving.certificate}",
            f"--tls-private-key-file={serving.key}",
            f"--client-ca-file={plane.authority.certificate}",
            "--authorization-mode=Node,RBAC",
            "--allow-privileged=true",
            f"--service-cluster-ip-range={netns.SERVICE_NETWORK}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-signing-key-file={key}",
            f"--service-account-key-file={public}",
            # The node's name does not resolve: `logs` and `exec` go to its address.
            "--kubelet-preferred-address-types=InternalIP",
            f"--kubelet-client-certificate={client.certificate}",
            f"--kubelet-client-key={client.key}",
            "--max-requests-inflight=1000",
            "--max-mutating-requests-inflight=500",
        ],
    )


def _controllers(spawner: Spawner, plane: ControlPlane, account_key: Path) -> None:
    ca = plane.authority.pair
    manager = plane.user("controller-manager", "system:kube-controller-manager")
    spawner.start(
        "kube-controller-manager",
        [
            tool("kube-controller-manager"),
            f"--kubeconfig={manager}",
            "--leader-elect=false",
            "--use-service-account-credentials=true",
            f"--root-ca-file={ca.certificate}",
            f"--service-account-private-key-file={account_key}",
            f"--cluster-signing-cert-file={ca.certificate}",
            f"--cluster-signing-key-file={ca.key}",
            "--bind-address=127.0.0.1",
            *_CLIENT_LIMITS,
        ],
    )
    scheduler = plane.user("scheduler", "system:kube-scheduler")
    spawner.start(
        "kube-scheduler",
        [
            tool("kube-scheduler"),
            f"--kubeconfig={scheduler}",
            f"--authentication-kubeconfig={scheduler}",
            f"--authorization-kubeconfig={scheduler}",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            *_CLIENT_LIMITS,
        ],
    )
