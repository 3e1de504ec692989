"""Production: the shop as it runs today, behind the primary distribution's origin."""

from __future__ import annotations

from typing import Any

import kubernetes

from tests.world import images
from tests.world.cluster import NODE, Cluster
from tests.world.cluster.services import INGRESS_CLASS
from tests.world.cluster.waiting import until

NAMESPACE = "production"
HOST = "production.shop.test"
COMMIT = "9" * 40
"""The commit that production runs."""


def start(cluster: Cluster) -> None:
    """Deploy the shop on the world's own node."""
    for service in ("web", "api"):
        cluster.import_image(images.commit_image(service, COMMIT))
    api = cluster.client()
    kubernetes.client.CoreV1Api(api).create_namespace({"metadata": {"name": NAMESPACE}})
    for service in ("web", "api"):
        kubernetes.client.AppsV1Api(api).create_namespaced_deployment(
            NAMESPACE, _deployment(service)
        )
        kubernetes.client.CoreV1Api(api).create_namespaced_service(
            NAMESPACE,
            {
                "metadata": {"name": service},
                "spec": {"selector": {"app": service}, "ports": [{"name": "http", "port": 8080}]},
            },
        )
    kubernetes.client.NetworkingV1Api(api).create_namespaced_ingress(NAMESPACE, _ingress())


def wait(cluster: Cluster) -> None:
    """Wait until every service of production serves."""
    api = kubernetes.client.AppsV1Api(cluster.client())

    def ready() -> bool:
        found = api.list_namespaced_deployment(NAMESPACE).items
        return all((each.status.ready_replicas or 0) >= 1 for each in found)

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
