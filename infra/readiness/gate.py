"""The end of a program that is run by hand: it waits until everything serves, or says why not.

The bot has the same watch and leaves the gate out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from infra.readiness import watch
from infra.readiness.connection import ClusterError, Connection
from infra.readiness.progress import PodProgress, PodTrouble, Progress, ServiceProgress

READY_SECONDS = 600.0
"""A new node may take minutes, and a large image as well."""
TROUBLE_SECONDS = 30.0
"""A trouble that lasts so long doesn't go by itself: waiting for READY_SECONDS would only cost."""

_TO_MEND = {
    PodTrouble.IMAGE_NOT_FOUND: "push this commit's image, or mend its name in .stage.yaml",
    PodTrouble.CRASHING: "its last output above says why",
    PodTrouble.PROBE_FAILING: "mend the service, or its probe in .stage.yaml",
    PodTrouble.UNSCHEDULABLE: "ask for less in .stage.yaml, or raise its capacity",
    PodTrouble.CONFIG: "mend what is named, then run `pulumi up` again",
}


class NotReadyError(Exception):
    """The environment does not serve; the message has one sentence for each thing in its way."""


Follow = Callable[[Callable[[], bool]], Iterator[Progress]]
"""Yields at each change until everything is ready or its argument says so (`watch.follow`)."""


def hold(
    kubeconfig: str | None,
    context: str | None,
    namespace: str,
    commit: str,
    say: Callable[[str], None],
) -> None:
    """Wait until the namespace's workloads of the commit serve. Raises NotReadyError."""
    try:
        connection = Connection.open(kubeconfig, context)
        try:
            Gate(say).wait(lambda stop: watch.follow(connection, namespace, commit, stop))
        finally:
            connection.close()
    except ClusterError as error:
        raise NotReadyError(f"Whether the environment serves is not known: {error}") from error


class Gate:
    """Waits, and says what each service does whenever that changes."""

    def __init__(
        self, say: Callable[[str], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._now = now
        self._said: dict[str, str] = {}
        self._progress = Progress(())
        self._troubled_since: float | None = None

    def wait(self, follow: Follow) -> None:
        """Return when everything is ready. Raises NotReadyError."""
        deadline = self._now() + READY_SECONDS

        def stop() -> bool:
            since = self._troubled_since
            lasting = since is not None and self._now() - since >= TROUBLE_SECONDS
            return lasting or self._now() >= deadline

        for progress in follow(stop):
            self._look(progress)
            if progress.ready:
                return
        raise NotReadyError(explain(self._progress))

    def _look(self, progress: Progress) -> None:
        self._progress = progress
        if not progress.troubles:
            self._troubled_since = None
        elif self._troubled_since is None:
            self._troubled_since = self._now()
        for service in progress.services:
            line = state(service)
            if self._said.get(service.name) != line:
                self._said[service.name] = line
                self._say(line)


def state(service: ServiceProgress) -> str:
    """What a service does, in one line."""
    counted = f"{service.name}: {service.ready} of {service.wanted} ready"
    if service.done:
        return counted
    if pod := service.trouble:
        return f"{counted}, {pod.pod} {pod.trouble}: {pod.detail}"
    states = sorted({pod.state for pod in service.pods if not pod.ready})
    if service.ready >= service.wanted:
        states.append(f"{service.old} of an earlier commit still there")
    return f"{counted}, {', '.join(states)}" if states else counted


def explain(progress: Progress) -> str:
    """Why it is not ready: one sentence for each pod that can't start, or each service."""
    if progress.troubles:
        return "\n".join(_sentence(pod) for pod in progress.troubles)
    if not progress.services:
        return (
            f"No workload of this commit appeared within {READY_SECONDS:.0f} s: "
            "look at the namespace with kubectl."
        )
    return "\n".join(
        f"Not ready within {READY_SECONDS:.0f} s: {state(service)}."
        for service in progress.services
        if not service.done
    )


def _sentence(pod: PodProgress) -> str:
    trouble = pod.trouble or PodTrouble.CONFIG
    detail = f" ({pod.detail})" if pod.detail else ""
    return (
        f"Service {pod.service!r} can't start: {trouble} in pod {pod.pod}{detail}; "
        f"{_TO_MEND[trouble]}."
    )
