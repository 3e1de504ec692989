"""Starts the real OpenTelemetry Operator beside the cluster, with its webhook for pods.

Only the pod webhook is registered: it is the one that injects. The operator exits if its own kinds
are not served yet, so it is started after them.
"""

from __future__ import annotations

import base64
import socket
from pathlib import Path

from tests.world.cluster import Cluster
from tests.world.cluster.waiting import until
from tests.world.images import AUTOINSTRUMENTATION
from tests.world.tools import tool

PORT = 9443


def start(cluster: Cluster) -> None:
    """Start the operator and register its webhook."""
    cluster.apply_crds("opentelemetry-operator")
    pair = cluster.plane.authority.issue("operator", "opentelemetry-operator", hosts=["127.0.0.1"])
    # The serving certificate is looked for in a fixed folder: a private one is put in its place.
    folder = cluster.folder / "operator-certificates"
    folder.mkdir()
    (folder / "tls.crt").write_bytes(pair.certificate.read_bytes())
    (folder / "tls.key").write_bytes(pair.key.read_bytes())
    scratch = cluster.folder / "operator-tmp" / "k8s-webhook-server"
    scratch.mkdir(parents=True)
    (scratch / "serving-certs").symlink_to(folder)
    cluster.spawner.start(
        "opentelemetry-operator",
        [
            tool("opentelemetry-operator"),
            f"--webhook-port={PORT}",
            "--metrics-addr=127.0.0.1:8084",
            "--health-probe-addr=127.0.0.1:8085",
            "--enable-leader-election=false",
            f"--auto-instrumentation-python-image={AUTOINSTRUMENTATION}",
        ],
        env={
            "KUBECONFIG": str(cluster.plane.kubeconfig),
            "TMPDIR": str(scratch.parent),
            "POD_NAMESPACE": "kube-system",
            "ENABLE_WEBHOOKS": "true",
        },
    )
    _register(cluster, cluster.plane.authority.certificate)


def _register(cluster: Cluster, authority: Path) -> None:
    body = {
        "metadata": {"name": "opentelemetry-operator"},
        "webhooks": [
            {
                "name": "mpod.kb.io",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Ignore",  # the operator's own setting
                "timeoutSeconds": 5,
                "clientConfig": {
                    "url": f"https://127.0.0.1:{PORT}/mutate-v1-pod",
                    "caBundle": base64.b64encode(authority.read_bytes()).decode(),
                },
                "rules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["pods"],
                        "scope": "Namespaced",
                    }
                ],
            }
        ],
    }
    cluster.api.create("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", body)


def wait(cluster: Cluster) -> None:
    """Wait until the webhook accepts connections."""
    port = cluster.forward({"operator-webhook": ("127.0.0.1", PORT)})["operator-webhook"]

    def answers() -> bool:
        # The forwarder accepts in any case; a listener behind it keeps the connection open.
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.settimeout(0.3)
            try:
                return connection.recv(1) != b""
            except TimeoutError:
                return True
            except OSError:
                return False

    until("the operator's webhook", answers, 60, 0.2)
