"""How far an environment has come: the words in which the watch speaks.

Plain immutable data; `bot.model` has the same words.
"""

from __future__ import annotations

import dataclasses
import enum


@enum.unique
class PodTrouble(enum.StrEnum):
    """Why a pod can't start, in the words that people know."""

    IMAGE_NOT_FOUND = "image not found"
    CRASHING = "crashing"
    PROBE_FAILING = "readiness probe failing"
    UNSCHEDULABLE = "unschedulable"
    CONFIG = "container can't be created"


@dataclasses.dataclass(frozen=True, slots=True)
class PodProgress:
    """One pod, as the watch sees it."""

    service: str
    pod: str
    ready: bool
    state: str
    """For people: `Pending`, `ContainerCreating`, `Running`, …"""
    trouble: PodTrouble | None = None
    detail: str = ""
    """Kubernetes' own words about the trouble; may be long."""


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceProgress:
    """How far one service (or job) of an environment has come."""

    name: str
    wanted: int
    """Replicas asked for."""
    ready: int
    """Replicas of the wanted commit that are ready."""
    pods: tuple[PodProgress, ...] = ()
    old: int = 0
    """Pods of earlier commits that still serve."""
    job: bool = False
    """It runs once, before services; it alone makes no environment."""

    @property
    def done(self) -> bool:
        """All replicas of the wanted commit serve, and no other one does."""
        return self.ready >= self.wanted and not self.old

    @property
    def trouble(self) -> PodProgress | None:
        """The first pod that can't start."""
        return next((pod for pod in self.pods if pod.trouble and not pod.ready), None)


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """A whole environment, as the watch sees it."""

    services: tuple[ServiceProgress, ...]

    @property
    def ready(self) -> bool:
        """Every service is done (an environment without services is not ready)."""
        return any(not service.job for service in self.services) and all(
            service.done for service in self.services
        )

    @property
    def troubles(self) -> tuple[PodProgress, ...]:
        """One pod that can't start for each service that has one."""
        return tuple(pod for service in self.services if (pod := service.trouble))
