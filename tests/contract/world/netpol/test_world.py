"""The same in the world itself: real pods, services by name, CoreDNS, kube-proxy and a kubelet."""

import json
import secrets
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from infra import naming
from tests.contract.world.netpol.environments import environment_policies
from tests.world import images, production, tools
from tests.world.cluster import NODE, netns
from tests.world.cluster.api import CORE, NETWORKING, condition
from tests.world.cluster.waiting import until
from tests.world.world import World

pytestmark = pytest.mark.world

PROGRAM = """
import json, socket, sys
found = {}
for target in sys.argv[1:]:
    host, _, port = target.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
        found[target] = True
    except TimeoutError:
        found[target] = False
print(json.dumps(found))
"""
OTLP = f"{netns.ADDRESS}:4318"
KUBELET = f"{netns.ADDRESS}:10250"
PRODUCTION = f"api.{production.NAMESPACE}:8080"


@pytest.fixture
def closed(world: World) -> Iterator[str]:
    """A namespace with an environment's policies and two services, on the world's own node."""
    name = f"netpol-{secrets.token_hex(3)}"
    api = world.cluster.api
    inside = f"{CORE}/namespaces/{name}"
    api.create(f"{CORE}/namespaces", {"metadata": {"name": name}})
    try:
        for policy in environment_policies(name, world.platform()):
            api.create(f"{NETWORKING}/namespaces/{name}/networkpolicies", policy)
        for service in images.SERVICES:
            api.create(f"{inside}/pods", pod(service))
            api.create(f"{inside}/services", service_of(service))
        until("the pods' readiness", lambda: ready(api.items(f"{inside}/pods")), 60, 0.1)
        yield name
    finally:
        api.delete(inside)


def pod(service: str) -> dict[str, Any]:
    container = {
        "name": service,
        "image": images.commit_name(service, production.COMMIT),
        # The kubelet is on the node: that it becomes ready is a test of its own.
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1},
    }
    spec = {"nodeName": NODE, "containers": [container], "terminationGracePeriodSeconds": 0}
    return {"metadata": {"name": service, "labels": {naming.LABEL_SERVICE: service}}, "spec": spec}


def service_of(service: str) -> dict[str, Any]:
    spec = {"selector": {naming.LABEL_SERVICE: service}, "ports": [{"port": 8080}]}
    return {"metadata": {"name": service}, "spec": spec}


def ready(pods: list[dict[str, Any]]) -> bool:
    return all(condition(item, "Ready") for item in pods)


def reached(world: World, namespace: str, name: str, *targets: str) -> dict[str, bool]:
    """Which targets a pod gets a connection to."""
    words = ["--kubeconfig", str(world.cluster.kubeconfig), "exec", "--namespace", namespace, name]
    ran = subprocess.run(
        [tools.kubectl(), *words, "--", "python3", "-c", PROGRAM, *targets],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, bool] = json.loads(ran.stdout)
    return found


def test_what_an_environment_needs_passes_and_all_else_is_denied(world: World, closed: str) -> None:
    assert reached(world, closed, "web", "api:8080", "web:8080", OTLP, PRODUCTION, KUBELET) == {
        "api:8080": True,  # its name is looked up as well
        "web:8080": True,  # itself, by its service
        OTLP: True,
        PRODUCTION: False,
        KUBELET: False,
    }


def test_others_are_open_and_do_not_get_in(world: World, closed: str) -> None:
    assert reached(world, production.NAMESPACE, "deployment/web", PRODUCTION, KUBELET) == {
        PRODUCTION: True,
        KUBELET: True,
    }
    for service in images.SERVICES:
        target = f"{service}.{closed}:8080"
        assert reached(world, production.NAMESPACE, "deployment/web", target) == {target: False}
