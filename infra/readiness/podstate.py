"""What an environment's workloads are doing, read out of Kubernetes' own objects.

Pure: objects as the API server's JSON in, `Progress` out; `watch` fetches them, `trouble` says why
a pod can't start. Some states become troubles only after a moment (a probe always fails while its
container starts), so the same objects are read again as time passes.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Iterator

from infra import naming
from infra.readiness import objects, trouble
from infra.readiness.objects import Shape
from infra.readiness.progress import PodProgress, PodTrouble, Progress, ServiceProgress

REJECTED_PODS = 3
"""A node may reject a pod that the scheduler gave it, and another one is made at once; after so
many it is a trouble."""

WAITING_FOR_NODE = "waiting for a node"

_REVISION = "deployment.kubernetes.io/revision"
_OVER = frozenset({"Failed", "Succeeded"})


@dataclasses.dataclass(frozen=True, slots=True)
class Snapshot:
    """The objects of one namespace, as the API server's JSON."""

    deployments: tuple[Shape, ...] = ()
    replica_sets: tuple[Shape, ...] = ()
    pods: tuple[Shape, ...] = ()
    jobs: tuple[Shape, ...] = ()
    events: tuple[Shape, ...] = ()


def progress(
    snapshot: Snapshot, commit: str, now: datetime.datetime, logs: trouble.Logs | None = None
) -> Progress:
    """How far the environment has come with this commit; Deployments of others don't count."""
    view = _View(snapshot, trouble.Doctor(snapshot.events, now, logs or {}))
    jobs = (
        view.job(job)
        for job in _of_commit(snapshot.jobs, naming.LABEL_JOB, commit)
        if not objects.terminating(job)
    )
    services = (
        view.service(deployment, commit)
        for deployment in _of_commit(snapshot.deployments, naming.LABEL_SERVICE, commit)
        if not objects.terminating(deployment)
    )
    return Progress((*jobs, *services))


def crashes(snapshot: Snapshot, commit: str) -> Iterator[trouble.Crash]:
    """The containers of the commit whose last output explains a trouble."""
    for pod in snapshot.pods:
        if objects.labels(pod).get(naming.LABEL_COMMIT) != commit or objects.terminating(pod):
            continue
        for status in objects.containers(pod):
            if trouble.crashed(pod, status):
                yield trouble.crash(pod, status)


class _View:
    """A snapshot, with somebody who can tell what a pod suffers from."""

    def __init__(self, snapshot: Snapshot, doctor: trouble.Doctor) -> None:
        self._snapshot = snapshot
        self._doctor = doctor

    def service(self, deployment: Shape, commit: str) -> ServiceProgress:
        name = objects.labels(deployment)[naming.LABEL_SERVICE]
        wanted = deployment["spec"].get("replicas")
        if wanted is None:
            wanted = int(objects.annotation(deployment, naming.ANNOTATION_REPLICAS) or 1)
        newest = self._newest_replica_set(deployment)
        mine = [
            pod
            for pod in self._pods_of(newest)
            if objects.labels(pod).get(naming.LABEL_COMMIT) == commit
        ]
        pods = tuple(self._pod(name, pod) for pod in mine if objects.phase(pod) not in _OVER)
        if not any(pod.ready for pod in pods):
            pods += tuple(_rejected(name, mine))
        refused = objects.holds(deployment, "ReplicaFailure")
        if refused and len(pods) < wanted:
            words = f"{refused.get('reason', '')}: {refused.get('message', '')}"
            pods += (_refused(name, newest or deployment, words),)
        ready = sum(pod.ready for pod in pods)
        return ServiceProgress(name, wanted, ready, pods, self._old(deployment, newest))

    def job(self, job: Shape) -> ServiceProgress:
        name = f"job {objects.labels(job)[naming.LABEL_JOB]}"
        if (job.get("status") or {}).get("succeeded", 0):
            return ServiceProgress(name, 1, 1, job=True)
        pods = tuple(self._pod(name, pod) for pod in self._pods_of(job))
        if failed := objects.holds(job, "Failed"):
            if not any(pod.trouble for pod in pods):
                words = f"{failed.get('reason', 'Failed')}: {failed.get('message', '')}"
                pods += (
                    PodProgress(
                        name,
                        objects.name(job),
                        False,
                        "Failed",
                        PodTrouble.CRASHING,
                        trouble.bounded(words),
                    ),
                )
        elif not pods and (events := self._doctor.events(job, {"FailedCreate"})):
            # A Job has no condition for this, unlike a Deployment.
            words = f"FailedCreate: {events[0].get('message', '')}"
            pods = (_refused(name, job, words),)
        return ServiceProgress(name, 1, 0, pods, job=True)

    def _pod(self, service: str, pod: Shape) -> PodProgress:
        ready = objects.holds(pod, "Ready") is not None
        found = None if ready else self._doctor.diagnosis(pod)
        kind, detail = found or (None, "")
        return PodProgress(
            service, objects.name(pod), ready, self._state(pod), kind, trouble.bounded(detail)
        )

    def _newest_replica_set(self, deployment: Shape) -> Shape | None:
        # What the Deployment's status says is about an older template until the controller has
        # seen this one; the pods of the newest ReplicaSet would be the old commit's.
        seen = (deployment.get("status") or {}).get("observedGeneration", 0)
        if seen < deployment["metadata"].get("generation", 0):
            return None
        revision = objects.annotation(deployment, _REVISION)
        return next(
            (
                candidate
                for candidate in self._snapshot.replica_sets
                if objects.owned(candidate, deployment)
                and objects.annotation(candidate, _REVISION) == revision
            ),
            None,
        )

    def _old(self, deployment: Shape, newest: Shape | None) -> int:
        """Pods that other ReplicaSets of the Deployment still have."""
        others = (
            candidate
            for candidate in self._snapshot.replica_sets
            if objects.owned(candidate, deployment) and candidate is not newest
        )
        return sum(
            objects.phase(pod) not in _OVER for other in others for pod in self._pods_of(other)
        )

    def _pods_of(self, owner: Shape | None) -> Iterator[Shape]:
        for pod in self._snapshot.pods:
            if owner is not None and objects.owned(pod, owner) and not objects.terminating(pod):
                yield pod

    def _state(self, pod: Shape) -> str:
        if objects.unscheduled(pod):
            return WAITING_FOR_NODE if self._doctor.node_is_coming(pod) else "Unschedulable"
        for status in objects.containers(pod):
            state = status.get("state") or {}
            for kind in ("waiting", "terminated"):
                reason = (state.get(kind) or {}).get("reason")
                if reason and reason != "Completed":
                    return str(reason)
        return objects.phase(pod)


def _of_commit(items: Iterable[Shape], label: str, commit: str) -> list[Shape]:
    mine = [
        item
        for item in items
        if label in objects.labels(item) and objects.labels(item).get(naming.LABEL_COMMIT) == commit
    ]
    return sorted(mine, key=lambda item: objects.labels(item)[label])


def _rejected(service: str, pods: Iterable[Shape]) -> Iterator[PodProgress]:
    """The last one of the pods that nodes rejected, if there are too many of them.

    A few are no trouble: an evicted pod stays as a record while its successor serves.
    """
    failed = sorted((pod for pod in pods if objects.phase(pod) == "Failed"), key=objects.created)
    if len(failed) >= REJECTED_PODS:
        status = failed[-1].get("status", {})
        reason = str(status.get("reason") or "Failed")
        words = trouble.bounded(f"{reason}: {status.get('message', '')}")
        own = objects.name(failed[-1])
        yield PodProgress(service, own, False, reason, PodTrouble.CONFIG, words)


def _refused(service: str, owner: Shape, words: str) -> PodProgress:
    """A pod that could not even be made: quota, Pod Security, an admission webhook."""
    own = objects.name(owner)
    return PodProgress(service, own, False, "Refused", PodTrouble.CONFIG, trouble.bounded(words))
