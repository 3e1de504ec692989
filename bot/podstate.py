"""What an environment's workloads are doing, read out of Kubernetes' own objects.

Pure: objects as the API server's JSON in, `model.Progress` out; `bot.kube_api` fetches them. Some
states become troubles only after a moment (a probe always fails while its container starts), so
the same objects are read again as time passes.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot import model
from infra import naming

Shape = Mapping[str, Any]

PROBE_SECONDS = 5.0
"""A container that has run for so long and whose probe fails is a trouble."""
UNSCHEDULABLE_SECONDS = 8.0
"""Karpenter collects pods for a moment before it says what it does about them; so long a pod
without a node is no trouble yet."""
REFUSED_SECONDS = 2.0
"""The same after Karpenter has said that it can't help: another pool may still."""
NODE_SECONDS = 240.0
"""How long a node may take from Karpenter's word to the pod's place on it."""
STUCK_SECONDS = 8.0
"""Kubernetes retries volumes and sandboxes by itself; after so long it is a trouble."""
MAX_DETAIL = 1500
"""Characters of Kubernetes' words that are kept."""

WAITING_FOR_NODE = "waiting for a node"

_REVISION = "deployment.kubernetes.io/revision"
_IMAGE = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"}
    | {"RegistryUnavailable", "ImageInspectError"}
)
_CONFIG = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
_SANDBOX = frozenset({"FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"})
_PROBES = ("Readiness probe", "Startup probe")


@dataclasses.dataclass(frozen=True, slots=True)
class Snapshot:
    """The objects of one namespace, as the API server's JSON."""

    deployments: tuple[Shape, ...] = ()
    replica_sets: tuple[Shape, ...] = ()
    pods: tuple[Shape, ...] = ()
    jobs: tuple[Shape, ...] = ()
    events: tuple[Shape, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Crash:
    """A container that ended badly; its last output is worth showing."""

    pod: str
    container: str
    restarts: int
    running: bool
    """It has been started again, so the output is the previous container's."""


Logs = Mapping[Crash, str]


def progress(
    snapshot: Snapshot, commit: str, now: datetime.datetime, logs: Logs | None = None
) -> model.Progress:
    """How far the environment has come with this commit; Deployments of others don't count."""
    view = _View(snapshot, now, logs or {})
    jobs = (
        view.job(job)
        for job in _of_commit(snapshot.jobs, naming.LABEL_JOB, commit)
        if not _terminating(job)
    )
    services = (
        view.service(deployment, commit)
        for deployment in _of_commit(snapshot.deployments, naming.LABEL_SERVICE, commit)
    )
    return model.Progress((*jobs, *services))


def crashes(snapshot: Snapshot) -> Iterator[Crash]:
    """The containers whose last output explains a trouble."""
    for pod in snapshot.pods:
        for status in _containers(pod):
            if _exit(status) and not status.get("ready"):
                yield _crash(pod, status)


class _View:
    """A snapshot at a moment."""

    def __init__(self, snapshot: Snapshot, now: datetime.datetime, logs: Logs) -> None:
        self._snapshot = snapshot
        self._now = now
        self._logs = logs

    def service(self, deployment: Shape, commit: str) -> model.ServiceProgress:
        name = _labels(deployment)[naming.LABEL_SERVICE]
        annotations = deployment["metadata"].get("annotations", {})
        wanted = deployment["spec"].get("replicas")
        if wanted is None:
            wanted = int(annotations.get(naming.ANNOTATION_REPLICAS, 1))
        # What the Deployment's status says is about an older template until the controller has
        # seen this one; the pods of the newest ReplicaSet would be the old commit's.
        seen = deployment.get("status", {}).get("observedGeneration", 0)
        newest = (
            self._newest_replica_set(deployment)
            if seen >= deployment["metadata"].get("generation", 0)
            else None
        )
        pods = tuple(
            self.pod(name, pod)
            for pod in self._pods_of(newest)
            if _labels(pod).get(naming.LABEL_COMMIT) == commit
        )
        refused = _condition(deployment, "ReplicaFailure")
        if refused and refused.get("status") == "True" and not _all_made(pods, wanted):
            pods = (*pods, _refused(name, newest or deployment, refused))
        return model.ServiceProgress(name, wanted, sum(pod.ready for pod in pods), pods)

    def job(self, job: Shape) -> model.ServiceProgress:
        name = f"job {_labels(job)[naming.LABEL_JOB]}"
        if job.get("status", {}).get("succeeded", 0):
            return model.ServiceProgress(name, 1, 1)
        pods = tuple(self.pod(name, pod) for pod in self._pods_of(job))
        failed = _condition(job, "Failed")
        if failed and failed.get("status") == "True" and not any(pod.trouble for pod in pods):
            detail = _bounded(f"{failed.get('reason', 'Failed')}: {failed.get('message', '')}")
            trouble = model.PodTrouble.CRASHING
            own = job["metadata"]["name"]
            pods = (*pods, model.PodProgress(name, own, False, "Failed", trouble, detail))
        return model.ServiceProgress(name, 1, 0, pods)

    def pod(self, service: str, pod: Shape) -> model.PodProgress:
        ready = _is_ready(pod)
        found = None if ready else self._trouble(pod)
        trouble, detail = found or (None, "")
        return model.PodProgress(
            service, pod["metadata"]["name"], ready, self._state(pod), trouble, _bounded(detail)
        )

    def _newest_replica_set(self, deployment: Shape) -> Shape | None:
        revision = deployment["metadata"].get("annotations", {}).get(_REVISION)
        return next(
            (
                candidate
                for candidate in self._snapshot.replica_sets
                if _owned(candidate, deployment)
                and candidate["metadata"].get("annotations", {}).get(_REVISION) == revision
            ),
            None,
        )

    def _pods_of(self, owner: Shape | None) -> Iterator[Shape]:
        for pod in self._snapshot.pods:
            # An evicted pod stays as a record while its successor serves.
            evicted = pod.get("status", {}).get("reason") == "Evicted"
            if owner is not None and _owned(pod, owner) and not _terminating(pod) and not evicted:
                yield pod

    def _state(self, pod: Shape) -> str:
        if _unscheduled(pod):
            return WAITING_FOR_NODE if self._node_is_coming(pod) else "Unschedulable"
        for status in _containers(pod):
            state = status.get("state", {})
            for kind in ("waiting", "terminated"):
                reason = state.get(kind, {}).get("reason")
                if reason and reason != "Completed":
                    return str(reason)
        return str(pod.get("status", {}).get("phase", "Pending"))

    def _trouble(self, pod: Shape) -> tuple[model.PodTrouble, str] | None:
        if condition := _unscheduled(pod):
            return self._unschedulable(pod, condition)
        for status in _containers(pod):
            if found := self._container_trouble(pod, status):
                return found
        return self._sandbox(pod)

    def _container_trouble(
        self, pod: Shape, status: Shape
    ) -> tuple[model.PodTrouble, str] | None:
        state = status.get("state", {})
        waiting = state.get("waiting", {})
        reason = waiting.get("reason", "")
        words = f"{reason}: {waiting.get('message', '')}".rstrip(": ")
        if reason in _IMAGE:
            return model.PodTrouble.IMAGE_NOT_FOUND, words
        if reason in _CONFIG:
            return model.PodTrouble.CONFIG, words
        restarts = status.get("restartCount", 0)
        once = pod["spec"].get("restartPolicy", "Always") == "Never"
        ended = "terminated" in state and bool(_exit(status)) and (restarts > 0 or once)
        # Between two crashes it runs for a moment, which is no recovery.
        again = "running" in state and restarts > 1 and not status.get("ready")
        if reason == "CrashLoopBackOff" or ended or (again and _exit(status)):
            return model.PodTrouble.CRASHING, self._crash_words(pod, status)
        if "running" in state and not status.get("ready"):
            return self._probe(pod, status)
        return None

    def _crash_words(self, pod: Shape, status: Shape) -> str:
        terminated = _terminated(status)
        reason = terminated.get("reason", "")
        named = f" ({reason})" if reason not in {"", "Error"} else ""
        words = f"exit code {terminated.get('exitCode', 'unknown')}{named}"
        if restarts := status.get("restartCount", 0):
            words += f", restarted {restarts} times" if restarts > 1 else ", restarted once"
        if message := terminated.get("message", "").strip():
            words += f": {message}"
        if output := self._logs.get(_crash(pod, status), "").strip():
            words += f"\n{output}"
        return words

    def _probe(self, pod: Shape, status: Shape) -> tuple[model.PodTrouble, str] | None:
        started = _time(status["state"]["running"].get("startedAt"))
        if started is None or self._age(started) < PROBE_SECONDS:
            return None
        for event in self._events(pod, {"Unhealthy"}):
            message = str(event.get("message", ""))
            if message.startswith(_PROBES) and _event_time(event) >= started:
                return model.PodTrouble.PROBE_FAILING, message
        return None

    def _unschedulable(
        self, pod: Shape, condition: Shape
    ) -> tuple[model.PodTrouble, str] | None:
        if self._node_is_coming(pod):
            return None
        since = _time(condition.get("lastTransitionTime")) or _created(pod)
        refusal = next(
            (event for event in self._events(pod, {"FailedScheduling"}) if _from_karpenter(event)),
            None,
        )
        if self._age(since) < (REFUSED_SECONDS if refusal else UNSCHEDULABLE_SECONDS):
            return None
        words = str(condition.get("message", ""))
        if refusal:
            words += f"\nKarpenter: {refusal.get('message', '')}"
        return model.PodTrouble.UNSCHEDULABLE, words

    def _node_is_coming(self, pod: Shape) -> bool:
        """Whether Karpenter's last word about the pod is a node, and that not too long ago."""
        words = [
            event
            for event in self._events(pod, {"Nominated", "FailedScheduling"})
            if _from_karpenter(event)
        ]
        return (
            bool(words)
            and words[0].get("reason") == "Nominated"
            and self._age(_event_time(words[0])) < NODE_SECONDS
        )

    def _sandbox(self, pod: Shape) -> tuple[model.PodTrouble, str] | None:
        scheduled = _condition(pod, "PodScheduled")
        since = _time(scheduled.get("lastTransitionTime")) if scheduled else None
        started = any(
            "waiting" not in status.get("state", {"waiting": {}}) for status in _containers(pod)
        )
        if started or since is None or self._age(since) < STUCK_SECONDS:
            return None
        for event in self._events(pod, _SANDBOX):
            return model.PodTrouble.CONFIG, f"{event['reason']}: {event.get('message', '')}"
        return None

    def _events(self, pod: Shape, reasons: Iterable[str]) -> list[Shape]:
        """The events about the pod, newest first."""
        uid = pod["metadata"].get("uid")
        mine = [
            event
            for event in self._snapshot.events
            if event.get("reason") in reasons
            and event.get("involvedObject", {}).get("uid") == uid
        ]
        return sorted(mine, key=_event_time, reverse=True)

    def _age(self, since: datetime.datetime) -> float:
        return (self._now - since).total_seconds()


def _of_commit(objects: Iterable[Shape], label: str, commit: str) -> list[Shape]:
    mine = [
        item
        for item in objects
        if label in _labels(item) and _labels(item).get(naming.LABEL_COMMIT) == commit
    ]
    return sorted(mine, key=lambda item: _labels(item)[label])


def _labels(item: Shape) -> Mapping[str, str]:
    labels: Mapping[str, str] = item["metadata"].get("labels") or {}
    return labels


def _owned(item: Shape, owner: Shape) -> bool:
    uid = owner["metadata"].get("uid")
    return any(
        reference.get("uid") == uid for reference in item["metadata"].get("ownerReferences", ())
    )


def _terminating(item: Shape) -> bool:
    return "deletionTimestamp" in item["metadata"]


def _condition(item: Shape, kind: str) -> Shape | None:
    conditions: Iterable[Shape] = item.get("status", {}).get("conditions") or ()
    return next((condition for condition in conditions if condition.get("type") == kind), None)


def _unscheduled(pod: Shape) -> Shape | None:
    condition = _condition(pod, "PodScheduled")
    if condition and condition["status"] == "False" and condition["reason"] == "Unschedulable":
        return condition
    return None


def _is_ready(pod: Shape) -> bool:
    condition = _condition(pod, "Ready")
    return condition is not None and condition["status"] == "True"


def _all_made(pods: tuple[model.PodProgress, ...], wanted: int) -> bool:
    return len(pods) >= wanted


def _refused(service: str, owner: Shape, condition: Shape) -> model.PodProgress:
    """A pod that could not even be made: quota, Pod Security, an admission webhook."""
    detail = _bounded(f"{condition.get('reason', '')}: {condition.get('message', '')}")
    name = owner["metadata"]["name"]
    trouble = model.PodTrouble.CONFIG
    return model.PodProgress(service, name, False, "Refused", trouble, detail)


def _containers(pod: Shape) -> list[Shape]:
    """The statuses of the containers in the order in which they start."""
    status = pod.get("status", {})
    return [
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    ]


def _terminated(status: Shape) -> Shape:
    current: Shape | None = status.get("state", {}).get("terminated")
    last: Shape = status.get("lastState", {}).get("terminated") or {}
    return current or last


def _exit(status: Shape) -> int:
    """The exit code of the last end, 0 where there was none."""
    return int(_terminated(status).get("exitCode", 0))


def _crash(pod: Shape, status: Shape) -> Crash:
    return Crash(
        pod["metadata"]["name"],
        status["name"],
        status.get("restartCount", 0),
        "running" in status.get("state", {}),
    )


def _from_karpenter(event: Shape) -> bool:
    component = event.get("reportingComponent") or event.get("source", {}).get("component", "")
    return str(component).startswith("karpenter")


def _time(text: str | None) -> datetime.datetime | None:
    return datetime.datetime.fromisoformat(text) if text else None


def _created(item: Shape) -> datetime.datetime:
    created = _time(item["metadata"].get("creationTimestamp"))
    return created or datetime.datetime.min.replace(tzinfo=datetime.UTC)


def _event_time(event: Shape) -> datetime.datetime:
    """When it happened last; events have three ways to say so."""
    series = event.get("series") or {}
    return (
        _time(series.get("lastObservedTime"))
        or _time(event.get("lastTimestamp"))
        or _time(event.get("eventTime"))
        or _created(event)
    )


def _bounded(text: str) -> str:
    """Keep the beginning, which names the trouble, and the end, which has the last output."""
    text = text.strip()
    if len(text) <= MAX_DETAIL:
        return text
    head = MAX_DETAIL // 3
    return f"{text[:head]} … {text[-(MAX_DETAIL - head - 3):]}"
