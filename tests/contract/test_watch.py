"""The watch on real pods: whatever keeps one from starting is told in words that people know."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from bot import kube_api, model
from infra import naming
from infra.readiness.connection import Connection
from tests.world.cluster import Cluster
from tests.world.cluster.api import APPS, CORE
from tests.world.images import BUSYBOX

pytestmark = [pytest.mark.world, pytest.mark.timeout(240)]

SHA = "0123456789abcdef0123456789abcdef01234567"
NEXT = "f" * 40
PATIENCE = 90.0
NAMESPACES = f"{CORE}/namespaces"
SERVE = "mkdir -p /tmp/w; echo hello >/tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as started:
        yield started


@pytest.fixture(scope="module")
def connection(cluster: Cluster) -> Iterator[Connection]:
    connection = kube_api.connect(str(cluster.kubeconfig), None)
    yield connection
    connection.close()


def deployments(namespace: str) -> str:
    return f"{APPS}/namespaces/{namespace}/deployments"


def deployment(name: str, commit: str = SHA, **container: Any) -> dict[str, Any]:
    """A Deployment as the program makes it, with this container."""
    labels = {naming.LABEL_SERVICE: name, naming.LABEL_COMMIT: commit}
    fields = {
        "name": name,
        "image": BUSYBOX,
        "command": ["sh", "-c", SERVE],
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1},
        **container,
    }
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "selector": {"matchLabels": {naming.LABEL_SERVICE: name}},
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [fields], "terminationGracePeriodSeconds": 1},
            },
        },
    }


def follow(connection: Connection, namespace: str, commit: str = SHA) -> Iterator[model.Progress]:
    deadline = time.monotonic() + PATIENCE
    return kube_api.ClusterWatch(connection).follow(
        namespace, commit, lambda: time.monotonic() > deadline
    )


BROKEN: dict[str, dict[str, Any]] = {
    "absent": {"image": "registry.test/absent:1"},
    "crashing": {"command": ["sh", "-c", "echo boom $((6 * 7)); exit 3"]},
    "misspelt": {"command": ["no-such-program"]},
    "unready": {"readinessProbe": {"httpGet": {"path": "/no", "port": 8080}, "periodSeconds": 1}},
    "deaf": {"readinessProbe": {"httpGet": {"path": "/", "port": 9999}, "periodSeconds": 1}},
    "huge": {"resources": {"requests": {"cpu": "1000"}}},
    "secretive": {"env": [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]},
    "forbidden": {"securityContext": {"privileged": True}},
}
EXPECTED = {
    "absent": (model.PodTrouble.IMAGE_NOT_FOUND, "registry.test/absent:1"),
    "crashing": (model.PodTrouble.CRASHING, "boom 42"),
    "misspelt": (model.PodTrouble.CRASHING, "no-such-program"),
    "unready": (model.PodTrouble.PROBE_FAILING, "statuscode: 404"),
    "deaf": (model.PodTrouble.PROBE_FAILING, "connection refused"),
    "huge": (model.PodTrouble.UNSCHEDULABLE, "Insufficient cpu"),
    "secretive": (model.PodTrouble.CONFIG, 'secret "s" not found'),
    "forbidden": (model.PodTrouble.CONFIG, "PodSecurity"),
}


def test_every_trouble_is_told_with_its_reason(cluster: Cluster, connection: Connection) -> None:
    progresses = follow(connection, "troubles")
    assert next(progresses) == model.Progress(()), "the namespace does not exist yet"
    security = {"pod-security.kubernetes.io/enforce": "baseline"}
    cluster.api.create(NAMESPACES, {"metadata": {"name": "troubles", "labels": security}})
    cluster.api.create(deployments("troubles"), deployment("good"))
    for name, container in BROKEN.items():
        cluster.api.create(deployments("troubles"), deployment(name, **container))
    missing = set(BROKEN)
    last = model.Progress(())
    for last in progresses:
        for pod in last.troubles:
            kind, words = EXPECTED[pod.service]
            if pod.trouble is kind and words in pod.detail:
                missing.discard(pod.service)
        if not missing and any(service.done for service in last.services):
            break
    assert not missing, last
    assert [service.name for service in last.services if service.done] == ["good"]
    cluster.api.delete(f"{NAMESPACES}/troubles")


def test_another_commit_is_ready_when_it_alone_serves(
    cluster: Cluster, connection: Connection
) -> None:
    cluster.api.create(NAMESPACES, {"metadata": {"name": "commits"}})
    cluster.api.create(deployments("commits"), deployment("web"))
    *_, first = follow(connection, "commits")
    assert first.ready
    cluster.api.patch(f"{deployments('commits')}/web", deployment("web", NEXT))
    seen = list(follow(connection, "commits", NEXT))
    assert not seen[0].ready
    assert seen[-1].ready
    serving = [
        pod["metadata"]["name"]
        for pod in cluster.api.items(f"{NAMESPACES}/commits/pods")
        if "deletionTimestamp" not in pod["metadata"]
    ]
    assert serving == [pod.pod for pod in seen[-1].services[0].pods]
    assert serving != [pod.pod for pod in first.services[0].pods]
    cluster.api.delete(f"{NAMESPACES}/commits")
