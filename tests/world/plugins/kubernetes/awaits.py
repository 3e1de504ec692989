"""What the official plugin waits for, in simple form: objects ready, deleted objects gone."""

import threading
import time
from collections.abc import Callable
from typing import Any, Final

from tests.world.plugins.kubernetes.client import ApiError, ApiServer, Manifest
from tests.world.plugins.kubernetes.kinds import Kind
from tests.world.plugins.serve import Cancelled, Refused

_LOOK_EVERY: Final = 0.25
_TEN_MINUTES: Final = 600.0


class Failed(Exception):  # noqa: N818
    """The object will not become ready by waiting."""


def annotation(manifest: Manifest, name: str) -> str | None:
    """The value of the annotation `pulumi.com/NAME`, or None."""
    found = ((manifest.get("metadata") or {}).get("annotations") or {}).get(f"pulumi.com/{name}")
    return found if isinstance(found, str) else None


def skipped(manifest: Manifest) -> bool:
    """Whether the program wants no waiting for this object."""
    return (annotation(manifest, "skipAwait") or "").lower() == "true"


def patience(manifest: Manifest, requested: float) -> float:
    """For how many seconds to wait: the resource option's, else the annotation's, else 10 min."""
    written = annotation(manifest, "timeoutSeconds")
    if requested > 0:
        return requested
    if written is None:
        return _TEN_MINUTES
    if not written.isdigit():
        raise Refused(
            f"Annotation pulumi.com/timeoutSeconds is {written!r}: it must be a number of seconds."
        )
    return float(written)


def _conditions(live: Manifest) -> dict[str, dict[str, Any]]:
    found = (live.get("status") or {}).get("conditions") or []
    return {condition["type"]: condition for condition in found}


def _is_true(live: Manifest, condition: str) -> bool:
    return _conditions(live).get(condition, {}).get("status") == "True"


def _observed(live: Manifest) -> bool:
    generation: int = live["metadata"].get("generation", 0)
    return bool((live.get("status") or {}).get("observedGeneration", 0) >= generation)


def _deployment(live: Manifest, server: ApiServer) -> str | None:
    status = live.get("status") or {}
    wanted = live["spec"].get("replicas", 1)
    if not _observed(live):
        return "its controller has not seen it yet"
    if status.get("updatedReplicas", 0) != wanted or status.get("replicas", 0) != wanted:
        return f"{status.get('updatedReplicas', 0)} of {wanted} pods are of the new version"
    if not _is_true(live, "Available"):
        reason = _conditions(live).get("Available", {}).get("message", "")
        return f"minimum number of Pods to consider the application live was not attained {reason}"
    return None


def _stateful_set(live: Manifest, server: ApiServer) -> str | None:
    status = live.get("status") or {}
    wanted = live["spec"].get("replicas", 1)
    if not _observed(live) or status.get("readyReplicas", 0) != wanted:
        return f"{status.get('readyReplicas', 0)} of {wanted} pods are ready"
    if status.get("currentRevision") != status.get("updateRevision"):
        return "not every pod is of the new version"
    return None


def _pod(live: Manifest, server: ApiServer) -> str | None:
    phase = (live.get("status") or {}).get("phase")
    if phase == "Failed":
        raise Failed(f"Pod {live['metadata']['name']} failed")
    if phase == "Succeeded" or _is_true(live, "Ready"):
        return None
    return f"the pod is {phase or 'not scheduled'} and not ready"


def _job(live: Manifest, server: ApiServer) -> str | None:
    failure = _conditions(live).get("Failed", {})
    if failure.get("status") == "True":
        raise Failed(f"Job {live['metadata']['name']} failed: {failure.get('message', '')}")
    return None if _is_true(live, "Complete") else "the job has not completed"


def _service(live: Manifest, server: ApiServer) -> str | None:
    spec = live["spec"]
    if spec.get("type") == "ExternalName" or not spec.get("selector"):
        return None
    name, namespace = live["metadata"]["name"], live["metadata"]["namespace"]
    slices = server.list(
        f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices",
        f"kubernetes.io/service-name={name}",
    )
    ready = any(
        (endpoint.get("conditions") or {}).get("ready", True)
        for endpoint_slice in slices
        for endpoint in endpoint_slice.get("endpoints") or []
    )
    if not ready and spec.get("clusterIP") != "None":
        return (
            "Service does not target any Pods. Selected Pods may not be ready, or field "
            "'.spec.selector' may not match labels on any Pods"
        )
    if spec.get("type") == "LoadBalancer" and not _balanced(live):
        return "no load balancer has given it an address"
    return None


def _ingress(live: Manifest, server: ApiServer) -> str | None:
    return None if _balanced(live) else "no controller has given it an address"


def _balanced(live: Manifest) -> bool:
    return bool(((live.get("status") or {}).get("loadBalancer") or {}).get("ingress"))


_READY: Final[dict[str, Callable[[Manifest, ApiServer], str | None]]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "Pod": _pod,
    "Job": _job,
    "Service": _service,
    "Ingress": _ingress,
}


def unready(kind: Kind, live: Manifest, server: ApiServer) -> str | None:
    """What an object lacks to be ready, or None.

    Raises:
        Failed: it will never be.
    """
    check = _READY.get(kind.name)
    return check(live, server) if check else None


def until_ready(
    kind: Kind, live: Manifest, server: ApiServer, seconds: float, cancelled: threading.Event
) -> tuple[Manifest, list[str]]:
    """Wait until an object is ready; return it as last seen, and what it lacks if it is not."""
    deadline = time.monotonic() + seconds
    metadata = live["metadata"]
    name, namespace = metadata["name"], metadata.get("namespace", "")
    while True:
        try:
            lacking = unready(kind, live, server)
        except Failed as failure:
            return live, [str(failure)]
        if lacking is None:
            return live, []
        if time.monotonic() >= deadline:
            return live, [f"timed out waiting for {kind.name} {name!r} to be ready: {lacking}"]
        if cancelled.wait(_LOOK_EVERY):
            return live, [f"cancelled while {kind.name} {name!r} was not ready: {lacking}"]
        try:
            live = server.get(kind, namespace, name)
        except ApiError as error:
            return live, [f"{kind.name} {name!r} can't be read any more: {error.message}"]


def until_gone(
    kind: Kind,
    namespace: str,
    name: str,
    server: ApiServer,
    seconds: float,
    cancelled: threading.Event,
) -> None:
    """Wait until no object of that name, or a later one, is there.

    Raises:
        Refused: it is there still when the time is over.
        Cancelled: the engine gave up.
    """
    deadline = time.monotonic() + seconds
    first: str | None = None
    while True:
        try:
            live = server.get(kind, namespace, name)
        except ApiError as error:
            if error.status == 404:
                return
            raise
        first = first or live["metadata"].get("uid")
        if live["metadata"].get("uid") != first:
            return
        finalizers = ", ".join(live["metadata"].get("finalizers") or []) or "none"
        if time.monotonic() >= deadline:
            raise Refused(
                f"Timed out waiting for deletion of {kind.api_version}/{kind.name} {name!r} "
                f"(finalizers left: {finalizers})."
            )
        if cancelled.wait(_LOOK_EVERY):
            raise Cancelled(f"Cancelled while {kind.name} {name!r} was being deleted.")
