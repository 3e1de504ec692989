"""Production: the shop as it runs today, behind the primary distribution's origin."""

from __future__ import annotations

from typing import Any

from tests.world import images
from tests.world.cluster import NODE, Cluster
from tests.world.cluster.api import APPS, CORE, NETWORKING
from tests.world.cluster.services import INGRESS_CLASS
from tests.world.cluster.waiting import until

NAMESPACE = "production"
HOST = "production.shop.test"
COMMIT = "9" * 40
"""The commit that production runs."""
_DEPLOYMENTS = f"{APPS}/namespaces/{NAMESPACE}/deployments"


def start(cluster: Cluster) -> None:
    """Deploy the shop on the world's own node."""
    for service in ("web", "api"):
        cluster.import_image(images.commit_image(service, COMMIT))
    cluster.api.create(f"{CORE}/namespaces", {"metadata": {"name": NAMESPACE}})
    for service in ("web", "api"):
        cluster.api.create(_DEPLOYMENTS, _deployment(service))
        cluster.api.create(
            f"{CORE}/namespaces/{NAMESPACE}/services",
            {
                "metadata": {"name": service},
                "spec": {"selector": {"app": service}, "ports": [{"name": "http", "port": 8080}]},
            },
        )
    cluster.api.create(f"{NETWORKING}/namespaces/{NAMESPACE}/ingresses", _ingress())


def wait(cluster: Cluster) -> None:
    """Wait until every service of production serves."""

    def ready() -> bool:
        found = cluster.api.items(_DEPLOYMENTS)
        return all(item["status"].get("readyReplicas", 0) >= 1 for item in found)

    until("production's readiness", ready, 60, 0.1)


def _deployment(service: str) -> dict[str, Any]:
    container = {
        "name": service,
        "image": images.commit_name(service, COMMIT),
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1},
    }
    return {
        "metadata": {"name": service},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": service}},
            "template": {
                "metadata": {"labels": {"app": service}},
                "spec": {
                    "nodeName": NODE,
                    "terminationGracePeriodSeconds": 1,
                    "enableServiceLinks": False,
                    "containers": [container],
                },
            },
        },
    }


def _ingress() -> dict[str, Any]:
    backend = {"service": {"name": "web", "port": {"name": "http"}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {
        "metadata": {"name": "shop"},
        "spec": {
            "ingressClassName": INGRESS_CLASS,
            "rules": [{"host": HOST, "http": {"paths": [path]}}],
        },
    }
