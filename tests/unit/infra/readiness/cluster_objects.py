"""Kubernetes objects as the API server sends them, cut to what is read."""

import datetime
from typing import Any

from infra import naming

SHA = "0123456789abcdef0123456789abcdef01234567"
OLD = "f" * 40
NOW = datetime.datetime(2026, 11, 25, 12, 0, 0, tzinfo=datetime.UTC)

Item = dict[str, Any]


def ago(seconds: float) -> str:
    return (NOW - datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def deployment(
    name: str = "web",
    *,
    commit: str = SHA,
    replicas: int | None = 1,
    observed: int = 1,
    revision: int = 1,
    conditions: tuple[Item, ...] = (),
) -> Item:
    spec = {} if replicas is None else {"replicas": replicas}
    return {
        "metadata": {
            "name": name,
            "uid": f"deployment-{name}",
            "generation": 1,
            "resourceVersion": "1",
            "labels": {naming.LABEL_SERVICE: name, naming.LABEL_COMMIT: commit},
            "annotations": {
                "deployment.kubernetes.io/revision": str(revision),
                naming.ANNOTATION_REPLICAS: "3",
            },
        },
        "spec": spec,
        "status": {"observedGeneration": observed, "conditions": list(conditions)},
    }


def replica_set(name: str = "web", *, revision: int = 1) -> Item:
    return {
        "metadata": {
            "name": f"{name}-{revision}",
            "uid": f"replicas-{name}-{revision}",
            "resourceVersion": "1",
            "ownerReferences": [{"uid": f"deployment-{name}"}],
            "annotations": {"deployment.kubernetes.io/revision": str(revision)},
        }
    }


def pod(
    name: str = "web-1-a",
    *,
    owner: str = "replicas-web-1",
    commit: str = SHA,
    phase: str = "Pending",
    conditions: tuple[Item, ...] = (),
    containers: tuple[Item, ...] = (),
    init: tuple[Item, ...] = (),
    restart: str = "Always",
    **status: Any,
) -> Item:
    return {
        "metadata": {
            "name": name,
            "uid": f"pod-{name}",
            "resourceVersion": "1",
            "creationTimestamp": ago(60),
            "labels": {naming.LABEL_COMMIT: commit},
            "ownerReferences": [{"uid": owner}],
        },
        "spec": {"restartPolicy": restart},
        "status": {
            "phase": phase,
            "conditions": list(conditions),
            "containerStatuses": list(containers),
            "initContainerStatuses": list(init),
            **status,
        },
    }


def ready_pod(name: str = "web-1-a", **changes: Any) -> Item:
    fields: Item = {
        "phase": "Running",
        "conditions": ({"type": "Ready", "status": "True"},),
        "containers": (running(60, ready=True),),
        **changes,
    }
    return pod(name, **fields)


def unscheduled(seconds: float, message: str = "0/3 nodes are available") -> Item:
    return {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": message,
        "lastTransitionTime": ago(seconds),
    }


def scheduled(seconds: float) -> Item:
    return {"type": "PodScheduled", "status": "True", "lastTransitionTime": ago(seconds)}


def waiting(reason: str, message: str = "", *, restarts: int = 0, code: int | None = None) -> Item:
    last = {} if code is None else {"terminated": {"exitCode": code, "reason": "Error"}}
    return {
        "name": "web",
        "ready": False,
        "restartCount": restarts,
        "state": {"waiting": {"reason": reason, "message": message}},
        "lastState": last,
    }


def running(
    seconds: float, *, ready: bool = False, restarts: int = 0, code: int | None = None
) -> Item:
    last = {} if code is None else {"terminated": {"exitCode": code, "reason": "Error"}}
    return {
        "name": "web",
        "ready": ready,
        "restartCount": restarts,
        "state": {"running": {"startedAt": ago(seconds)}},
        "lastState": last,
    }


def ended(code: int, *, restarts: int = 0, reason: str = "Error", message: str = "") -> Item:
    terminated = {"exitCode": code, "reason": reason, "message": message}
    return {
        "name": "web",
        "ready": False,
        "restartCount": restarts,
        "state": {"terminated": terminated},
        "lastState": {},
    }


def event(
    reason: str,
    message: str,
    *,
    about: str = "pod-web-1-a",
    seconds: float = 0,
    by: str = "kubelet",
    version: int = 1,
) -> Item:
    return {
        "metadata": {
            "name": f"{about}.{reason}.{version}",
            "uid": f"event-{about}-{reason}-{version}",
            "resourceVersion": str(version),
        },
        "involvedObject": {"uid": about},
        "reason": reason,
        "message": message,
        "lastTimestamp": ago(seconds),
        "reportingComponent": by,
    }


def job(name: str = "migrate", *, commit: str = SHA, **status: Any) -> Item:
    return {
        "metadata": {
            "name": f"{name}-{commit[:8]}",
            "uid": f"job-{name}",
            "resourceVersion": "1",
            "labels": {naming.LABEL_JOB: name, naming.LABEL_COMMIT: commit},
        },
        "spec": {},
        "status": status,
    }
