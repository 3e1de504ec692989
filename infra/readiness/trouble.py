"""Why a pod can't start: read out of its status and of the events about it. Pure."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Collection, Iterable, Mapping

from infra.readiness import objects
from infra.readiness.objects import Shape
from infra.readiness.progress import PodTrouble

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

_IMAGE = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"}
    | {"RegistryUnavailable", "ImageInspectError"}
)
_CONFIG = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
_SANDBOX = frozenset({"FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"})
_NOMINATED, _REFUSED = "Nominated", "FailedScheduling"
_PROBES = ("Readiness probe", "Startup probe")

Diagnosis = tuple[PodTrouble, str]
"""The trouble, and Kubernetes' words about it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Crash:
    """A container that ended and should not have; its last output is worth showing."""

    pod: str
    container: str
    restarts: int
    running: bool
    """It has been started again, so the output is the previous container's."""


Logs = Mapping[Crash, str]


def crash(pod: Shape, status: Shape) -> Crash:
    """The crash of a container, as a key for its output."""
    return Crash(
        objects.name(pod),
        str(status["name"]),
        int(status.get("restartCount", 0)),
        "running" in (status.get("state") or {}),
    )


def crashed(pod: Shape, status: Shape) -> bool:
    """Whether the container keeps ending, or ended for good and badly."""
    state = status.get("state") or {}
    restarts = status.get("restartCount", 0)
    bad = bool(objects.exit_code(status))
    if (state.get("waiting") or {}).get("reason") == "CrashLoopBackOff":
        return True
    if "terminated" in state:
        # The first end of a container that is started again at once may be an accident.
        once = pod.get("spec", {}).get("restartPolicy", "Always") == "Never"
        return bad and (restarts > 0 or once)
    # Between two crashes it runs for a moment, which is no recovery.
    return "running" in state and bad and restarts > 1 and not status.get("ready")


class Doctor:
    """Tells what pods suffer from, at one moment."""

    def __init__(self, events: Iterable[Shape], now: datetime.datetime, logs: Logs) -> None:
        self._events: dict[str, list[Shape]] = {}
        for event in sorted(events, key=objects.event_order, reverse=True):
            uid = (event.get("involvedObject") or {}).get("uid", "")
            self._events.setdefault(uid, []).append(event)
        self._nominations = [
            event
            for events in self._events.values()
            for event in events
            if event.get("reason") == _NOMINATED and objects.from_karpenter(event)
        ]
        self._nominations.sort(key=objects.event_order, reverse=True)
        self._now = now
        self._logs = logs

    def events(self, item: Shape, reasons: Collection[str]) -> list[Shape]:
        """The events about an object that have one of these reasons, newest first."""
        about = self._events.get(item["metadata"].get("uid"), ())
        return [event for event in about if event.get("reason") in reasons]

    def diagnosis(self, pod: Shape) -> Diagnosis | None:
        """Why the pod can't start; None while nothing speaks against it."""
        if condition := objects.unscheduled(pod):
            return self._unschedulable(pod, condition)
        for status in objects.containers(pod):
            if found := self._container(pod, status):
                return found
        return self._sandbox(pod)

    def node_is_coming(self, pod: Shape) -> bool:
        """Whether Karpenter's last word about the pod is a node, and that not too long ago.

        Karpenter says so for a few pods a second only, and of the same pod not twice in two
        minutes; so where it has said nothing about this one, what it said about another pod of
        the environment counts: they share their nodes. Refusals are told for each pod.
        """
        words = [
            event
            for event in self.events(pod, {_NOMINATED, _REFUSED})
            if objects.from_karpenter(event)
        ] or self._nominations
        return (
            bool(words)
            and words[0].get("reason") == _NOMINATED
            and self._age(objects.event_time(words[0])) < NODE_SECONDS
        )

    def _container(self, pod: Shape, status: Shape) -> Diagnosis | None:
        state = status.get("state") or {}
        waiting = state.get("waiting") or {}
        reason = waiting.get("reason", "")
        words = f"{reason}: {waiting.get('message', '')}".rstrip(": ")
        if reason in _IMAGE:
            return PodTrouble.IMAGE_NOT_FOUND, words
        if reason in _CONFIG:
            return PodTrouble.CONFIG, words
        if crashed(pod, status):
            return PodTrouble.CRASHING, self._crash_words(pod, status)
        if "running" in state and not status.get("ready"):
            return self._probe(pod, status)
        return None

    def _crash_words(self, pod: Shape, status: Shape) -> str:
        terminated = objects.terminated(status)
        reason = terminated.get("reason", "")
        named = f" ({reason})" if reason not in {"", "Error"} else ""
        words = f"exit code {terminated.get('exitCode', 'unknown')}{named}"
        if restarts := status.get("restartCount", 0):
            words += f", restarted {restarts} times" if restarts > 1 else ", restarted once"
        if message := terminated.get("message", "").strip():
            words += f": {message}"
        if output := self._logs.get(crash(pod, status), "").strip():
            words += f"\n{output}"
        return words

    def _probe(self, pod: Shape, status: Shape) -> Diagnosis | None:
        started = objects.time(status["state"]["running"].get("startedAt"))
        if started is None or self._age(started) < PROBE_SECONDS:
            return None
        for event in self.events(pod, {"Unhealthy"}):
            message = str(event.get("message", ""))
            if message.startswith(_PROBES) and objects.event_time(event) >= started:
                return PodTrouble.PROBE_FAILING, message
        return None

    def _unschedulable(self, pod: Shape, condition: Shape) -> Diagnosis | None:
        if self.node_is_coming(pod):
            return None
        since = objects.time(condition.get("lastTransitionTime")) or objects.created(pod)
        refusal = next(
            (event for event in self.events(pod, {_REFUSED}) if objects.from_karpenter(event)),
            None,
        )
        if self._age(since) < (REFUSED_SECONDS if refusal else UNSCHEDULABLE_SECONDS):
            return None
        words = str(condition.get("message", ""))
        if refusal:
            words += f"\nKarpenter: {refusal.get('message', '')}"
        return PodTrouble.UNSCHEDULABLE, words

    def _sandbox(self, pod: Shape) -> Diagnosis | None:
        scheduled = objects.condition(pod, "PodScheduled")
        since = objects.time(scheduled.get("lastTransitionTime")) if scheduled else None
        started = any(
            "waiting" not in (status.get("state") or {"waiting": {}})
            for status in objects.containers(pod)
        )
        if started or since is None or self._age(since) < STUCK_SECONDS:
            return None
        for event in self.events(pod, _SANDBOX):
            return PodTrouble.CONFIG, f"{event['reason']}: {event.get('message', '')}"
        return None

    def _age(self, since: datetime.datetime) -> float:
        return (self._now - since).total_seconds()


def bounded(text: str) -> str:
    """Keep the beginning, which names the trouble, and the end, which has the last output."""
    text = text.strip()
    if len(text) <= MAX_DETAIL:
        return text
    head = MAX_DETAIL // 3
    return f"{text[:head]} … {text[-(MAX_DETAIL - head - 3) :]}"
