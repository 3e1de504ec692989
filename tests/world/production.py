"""Production: the shop as it runs today, behind the primary distribution's origin."""

from __future__ import annotations

from typing import Any

from tests.world import images
from tests.world.cluster.api import APPS, CORE, NETWORKING, ApiError
from tests.world.cluster.ground import WORLD_LABEL, Ground
from tests.world.cluster.waiting import until
from tests.world.tools import ToolError

NAMESPACE = "world-production"
HOST = "production.shop.test"
COMMIT = "9" * 40
"""The commit that production runs."""
_DEPLOYMENTS = f"{APPS}/namespaces/{NAMESPACE}/deployments"


def start(cluster: Ground) -> None:
    """Deploy the shop. Raises ToolError where its namespace is somebody's already."""
    _claim(cluster)
    cluster.publish(COMMIT)
    for service in images.SERVICES:
        cluster.api.create(_DEPLOYMENTS, _deployment(service, cluster.node))
        cluster.api.create(
            f"{CORE}/namespaces/{NAMESPACE}/services",
            {
                "metadata": {"name": service},
                "spec": {"selector": {"app": service}, "ports": [{"name": "http", "port": 8080}]},
            },
        )
    cluster.api.create(f"{NETWORKING}/namespaces/{NAMESPACE}/ingresses", _ingress(cluster))


def wait(cluster: Ground) -> None:
    """Wait until every service of production serves."""

    def ready() -> bool:
        found = cluster.api.items(_DEPLOYMENTS)
        return all(item["status"].get("readyReplicas", 0) >= 1 for item in found)

    until("production's readiness", ready, 60, 0.1)


def _claim(cluster: Ground) -> None:
    labels = {WORLD_LABEL: cluster.name}
    try:
        cluster.api.create(
            f"{CORE}/namespaces", {"metadata": {"name": NAMESPACE, "labels": labels}}
        )
    except ApiError as error:
        if error.status != 409:
            raise
        raise ToolError(
            f"the cluster has a namespace {NAMESPACE} already, which another world uses or a "
            f"killed one left: in that case, kubectl delete namespace {NAMESPACE}"
        ) from error


def _deployment(service: str, node: str | None) -> dict[str, Any]:
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
                    **({"nodeName": node} if node else {}),
                    "terminationGracePeriodSeconds": 1,
                    "enableServiceLinks": False,
                    "containers": [container],
                },
            },
        },
    }


def _ingress(cluster: Ground) -> dict[str, Any]:
    backend = {"service": {"name": "web", "port": {"name": "http"}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {
        "metadata": {"name": "shop"},
        "spec": {
            "ingressClassName": cluster.ingress.class_name,
            "rules": [{"host": HOST, "http": {"paths": [path]}}],
        },
    }
