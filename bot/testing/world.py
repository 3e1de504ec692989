"""The small world that the fakes make, change, list and unmake."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence

from bot import model
from bot.testing.clock import SimulatedClock


@dataclasses.dataclass(slots=True)
class FakeService:
    """A workload: the commit of its Deployment, and since when."""

    commit: str
    since: datetime.datetime
    asleep: bool = False


class FakeWorld:
    """The cluster and the cloud, as far as the fakes need them."""

    def __init__(self, time: SimulatedClock, services: Sequence[str] = ("api", "web")) -> None:
        self.clock = time
        self.services = tuple(services)
        self.environments: dict[str, dict[str, FakeService]] = {}
        """What the engine made, by environment and service."""
        self.lingering: dict[str, datetime.datetime] = {}
        """Nodes that end by themselves, and when."""
        self.edges: dict[str, datetime.datetime | None] = {}
        """Environments with a way through CloudFront, and when it was taken out of use."""
        self.drain_seconds = 20.0
        """How long CloudFront takes to take one out of use."""
        self.linger_seconds = 2.0
        self.start_seconds = 1.0
        """How long a pod takes to become ready."""
        self.troubles: dict[str, tuple[model.PodTrouble, str]] = {}
        """Services whose pods can't start, and why."""

    def commits(self, name: str) -> set[str]:
        """The commits that an environment's workloads are of."""
        return {service.commit for service in self.environments.get(name, {}).values()}

    def apply(self, name: str, service: str, commit: str) -> None:
        """Make or update one workload; it starts anew where something changed."""
        found = self.environments.setdefault(name, {})
        if service not in found or found[service].commit != commit:
            asleep = service in found and found[service].asleep
            found[service] = FakeService(commit, self.clock.now(), asleep)

    def scale(self, name: str, *, asleep: bool) -> None:
        """Put an environment's workloads to sleep or wake them; who wakes, starts anew."""
        for service in self.environments.get(name, {}).values():
            if service.asleep is not asleep:
                service.asleep, service.since = asleep, self.clock.now()

    def asleep(self, name: str) -> set[str]:
        """The services that are scaled to zero."""
        found = self.environments.get(name, {})
        return {service for service, state in found.items() if state.asleep}

    def remove(self, name: str) -> None:
        """Delete an environment; its node takes a moment longer."""
        if self.environments.pop(name, None) is not None:
            after = datetime.timedelta(seconds=self.linger_seconds)
            self.lingering[name] = self.clock.now() + after

    def progress(self, name: str, commit: str) -> model.Progress:
        """How far the workloads of this commit are."""
        found = self.environments.get(name, {})
        return model.Progress(
            tuple(
                self._service(service, state)
                for service, state in sorted(found.items())
                if state.commit == commit
            )
        )

    def _service(self, name: str, state: FakeService) -> model.ServiceProgress:
        if state.asleep:
            return model.ServiceProgress(name, 0, 0)
        trouble, detail = self.troubles.get(name, (None, ""))
        age = (self.clock.now() - state.since).total_seconds()
        ready = trouble is None and age >= self.start_seconds
        words = "Running" if ready else "ContainerCreating"
        pod = model.PodProgress(name, f"{name}-1", ready, words, trouble, detail)
        return model.ServiceProgress(name, 1, int(ready), (pod,))
