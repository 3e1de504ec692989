"""An API server with its etcd, no node and no pod: enough to apply, diff, refresh and delete.

Where deletions are to end, the two controllers that end them run beside it: the garbage collector
(a foreground deletion waits for it) and that of namespaces.
"""

import contextlib
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from tests.world.tools import tool

TOKEN = "plugins"


class ControlPlane:
    """A running API server, and the calls that a test makes beside the plugin's."""

    def __init__(self, port: int, authority: Path) -> None:
        self.server = f"https://127.0.0.1:{port}"
        self._authority = authority

    @property
    def kubeconfig(self) -> str:
        """Its kubeconfig, as content."""
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "world",
                "contexts": [{"name": "world", "context": {"cluster": "world", "user": "admin"}}],
                "clusters": [
                    {
                        "name": "world",
                        "cluster": {
                            "server": self.server,
                            "certificate-authority": str(self._authority),
                        },
                    }
                ],
                "users": [{"name": "admin", "user": {"token": TOKEN}}],
            }
        )

    def call(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> tuple[int, dict[str, Any]]:
        """Status and body of one request."""
        answer = requests.request(
            method,
            self.server + path,
            data=None if body is None else json.dumps(body),
            headers={"Content-Type": content_type, "Authorization": f"Bearer {TOKEN}"},
            verify=str(self._authority),
            timeout=20,
        )
        content = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
        return answer.status_code, content

    def get(self, path: str) -> dict[str, Any] | None:
        """An object, or None if there is none."""
        status, body = self.call("GET", path)
        assert status in (200, 404), body
        return body if status == 200 else None

    def patch(self, path: str, body: Any, manager: str = "somebody") -> dict[str, Any]:
        """Merge-patch an object as another field manager would."""
        status, answer = self.call(
            "PATCH", f"{path}?fieldManager={manager}", body, "application/merge-patch+json"
        )
        assert status == 200, answer
        return answer


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(url: str, authority: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        # A certificate that is not written yet is an OSError of its own.
        with contextlib.suppress(requests.RequestException, OSError):
            answer = requests.get(
                url,
                verify=str(authority),
                timeout=2,
                headers={"Authorization": f"Bearer {TOKEN}"},
            )
            if answer.ok:
                return
        time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer")


def _controllers(folder: Path, plane: ControlPlane) -> list[str]:
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(plane.kubeconfig)
    return [
        f"--kubeconfig={kubeconfig}",
        "--controllers=garbage-collector-controller,namespace-controller",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        f"--secure-port={_free_port()}",
        f"--cert-dir={folder / 'controllers'}",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
    ]


@contextlib.contextmanager
def control_plane(folder: Path, *, deleting: bool = False) -> Iterator[ControlPlane]:
    """Run one, with its files and logs in `folder`, and end it.

    Args:
        folder: an empty one.
        deleting: whether the controllers run that end deletions.
    """
    etcd_port, peer_port, port = _free_port(), _free_port(), _free_port()
    key, authority = folder / "accounts.key", folder / "certificates" / "apiserver.crt"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    (folder / "tokens.csv").write_text(f'{TOKEN},admin,admin,"system:masters"\n')
    commands = {
        "etcd": [
            "--unsafe-no-fsync",
            f"--data-dir={folder / 'etcd'}",
            f"--listen-client-urls=http://127.0.0.1:{etcd_port}",
            f"--advertise-client-urls=http://127.0.0.1:{etcd_port}",
            f"--listen-peer-urls=http://127.0.0.1:{peer_port}",
        ],
        "kube-apiserver": [
            f"--etcd-servers=http://127.0.0.1:{etcd_port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={port}",
            f"--cert-dir={authority.parent}",
            f"--token-auth-file={folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-cluster-ip-range=10.96.0.0/16",
            # No controller makes the default service account.
            "--disable-admission-plugins=ServiceAccount",
        ],
    }
    processes: list[subprocess.Popen[bytes]] = []

    def start(name: str, flags: list[str]) -> None:
        with (folder / f"{name}.log").open("wb") as log:
            processes.append(subprocess.Popen([str(tool(name)), *flags], stdout=log, stderr=log))

    try:
        for name, flags in commands.items():
            start(name, flags)
            if name == "etcd":
                _wait(f"http://127.0.0.1:{etcd_port}/health", authority)
        _wait(f"https://127.0.0.1:{port}/readyz", authority)
        plane = ControlPlane(port, authority)
        if deleting:
            start("kube-controller-manager", _controllers(folder, plane))
        yield plane
    finally:
        for process in reversed(processes):
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
