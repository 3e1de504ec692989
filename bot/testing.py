"""Recording fakes of the ports, around one small world and one clock.

Time passes only while somebody waits (`SimulatedClock.sleep` and the watch's ticks), so a pass over
minutes of provisioning takes no time; what is to happen meanwhile is scheduled with `at`. Each fake
has a `fault` that every call raises while it is set. They are shipped, so that an extension's own
tests can stand on them.
"""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

from bot import clock, errors, model, ports
from infra import naming
from infra.contract import outputs

TICK_SECONDS = 0.25
"""How often the fake watch asks whether to stop."""


class SimulatedClock(clock.ManualClock):
    """A clock on which things happen while others sleep."""

    def __init__(self, start: datetime.datetime | None = None) -> None:
        super().__init__(start)
        self._lock = threading.RLock()
        self._order = itertools.count()
        self._plans: list[tuple[datetime.datetime, int, Callable[[], object]]] = []

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Do something so many seconds from now."""
        when = self.now() + datetime.timedelta(seconds=seconds)
        with self._lock:
            self._plans.append((when, next(self._order), action))

    def advance(self, seconds: float) -> None:
        """Let time pass, and do on the way what is planned for it."""
        with self._lock:
            end = self.now() + datetime.timedelta(seconds=seconds)
            while due := min((plan for plan in self._plans if plan[0] <= end), default=None):
                self._plans.remove(due)
                self._set(due[0])
                due[2]()
            self._set(end)

    def sleep(self, seconds: float) -> None:
        """Wait, in no time."""
        self.advance(seconds)

    def _set(self, when: datetime.datetime) -> None:
        # An action may have let time pass by itself; it never goes back.
        super().advance(max((when - self.now()).total_seconds(), 0.0))


class _Faulty:
    """Something that may be out of order."""

    fault: errors.UnderstudyError | None = None

    def _answer(self) -> None:
        if self.fault is not None:
            raise self.fault


# -- GitHub ---------------------------------------------------------------------------------------


@dataclasses.dataclass(slots=True)
class FakeDeployment:
    """A deployment with the statuses that it was given."""

    repository: str
    commit: str
    environment: str
    statuses: list[tuple[str, str | None, str]] = dataclasses.field(default_factory=list)
    """State, URL and description, oldest first."""


class FakeHub(_Faulty):
    """GitHub with pull requests, files, comments and deployments; also `bot.ports.PullRequests`."""

    def __init__(self) -> None:
        self.pull_requests: dict[model.EnvironmentKey, model.PullRequest] = {}
        self.moved: dict[str, str] = {}
        """New names of repositories by old ones."""
        self.unlisted: set[model.EnvironmentKey] = set()
        """Open pull requests that lists leave out, as if a page of them was lost."""
        self.faults: dict[str, errors.UnderstudyError] = {}
        """What listing a repository's pull requests raises, by its name."""
        self.files: dict[tuple[str, str, str], str] = {}
        self.comments: dict[int, tuple[model.EnvironmentKey, str]] = {}
        self.deployments: dict[int, FakeDeployment] = {}
        self.writes: list[str] = []
        """The verb of each write that succeeded."""
        self._ids = itertools.count(1)

    def open(
        self, key: model.EnvironmentKey, commit: str, *labels: str, fork: str | None = None
    ) -> model.PullRequest:
        """Open a pull request, from a fork where one is named."""
        self.pull_requests[key] = model.PullRequest(
            key=key,
            open=True,
            merged=False,
            draft=False,
            title="Change the shop window",
            author="ada",
            labels=frozenset(labels),
            head_sha=commit,
            head_ref="window",
            base_sha="0" * 40,
            base_ref="main",
            head_repository=fork or key.repository,
        )
        return self.pull_requests[key]

    def change(self, key: model.EnvironmentKey, **changes: object) -> None:
        """Change a pull request: push (`head_sha`), close (`open=False`), label (`labels`), …"""
        self.pull_requests[key] = dataclasses.replace(
            self.pull_requests[key],
            **changes,  # type: ignore[arg-type]
        )

    def rename(self, repository: str, name: str) -> None:
        """Give a repository another name; what is asked by the old one is found by the new one."""
        self.moved[repository] = name
        for key, found in list(self.pull_requests.items()):
            if key.repository == repository:
                del self.pull_requests[key]
                moved = model.EnvironmentKey(name, key.number)
                self.pull_requests[moved] = dataclasses.replace(
                    found, key=moved, head_repository=name
                )

    def forget(self, key: model.EnvironmentKey) -> None:
        """Let the pull request be gone."""
        self.pull_requests.pop(key, None)

    def pull_request(self, key: model.EnvironmentKey) -> model.PullRequest:
        """See `bot.ports.Hub`."""
        self._answer()
        key = model.EnvironmentKey(self._name(key.repository), key.number)
        if key not in self.pull_requests:
            raise errors.NotFoundError(f"there is no pull request {key}")
        return self.pull_requests[key]

    def repositories(self) -> Sequence[str]:
        """See `bot.ports.PullRequests`; those that ever had a pull request."""
        self._answer()
        return sorted({key.repository for key in self.pull_requests})

    def open_pull_requests(self, repository: str) -> Sequence[model.PullRequest]:
        """See `bot.ports.PullRequests`."""
        self._answer()
        if repository in self.faults:
            raise self.faults[repository]
        return [
            found
            for key, found in self.pull_requests.items()
            if key.repository == self._name(repository) and found.open and key not in self.unlisted
        ]

    def _name(self, repository: str) -> str:
        return self.moved.get(repository, repository)

    def file(self, repository: str, path: str, ref: str) -> str | None:
        """See `bot.ports.Hub`."""
        self._answer()
        return self.files.get((repository, path, ref))

    def write_comment(self, key: model.EnvironmentKey, body: str, comment_id: int | None) -> int:
        """See `bot.ports.Hub`."""
        self._answer()
        marker = body.partition("\n")[0]
        found = comment_id if comment_id in self.comments else None
        if found is None:
            mine = (i for i, (of, text) in self.comments.items() if of == key and marker in text)
            found = next(mine, None)
        self.writes.append("create comment" if found is None else "edit comment")
        if found is None:
            found = next(self._ids)
        self.comments[found] = (key, body)
        return found

    def comments_on(self, key: model.EnvironmentKey) -> list[str]:
        """The bodies of a pull request's comments."""
        return [body for of, body in self.comments.values() if of == key]

    def create_deployment(self, repository: str, commit: str, environment: str) -> int:
        """See `bot.ports.Hub`."""
        self._answer()
        wanted = (repository, commit, environment)
        for identifier, found in self.deployments.items():
            if (found.repository, found.commit, found.environment) == wanted:
                return identifier
        identifier = next(self._ids)
        self.deployments[identifier] = FakeDeployment(*wanted)
        self.writes.append("create deployment")
        return identifier

    def set_deployment_status(
        self, repository: str, deployment_id: int, state: str, url: str | None, description: str
    ) -> None:
        """See `bot.ports.Hub`."""
        self._answer()
        assert self.deployments[deployment_id].repository == repository
        self.deployments[deployment_id].statuses.append((state, url, description))
        self.writes.append(f"deployment {state}")


# -- what environments are made in ----------------------------------------------------------------


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


def edge_of(stack: str) -> str:
    """The environment whose edge lane this stack is; empty for another lane's."""
    name = stack.removesuffix(f"-{naming.EDGE}")
    return "" if name == stack else name


class FakeOperation:
    """An engine operation that takes its time on the simulated clock."""

    def __init__(self, engine: FakeEngine, name: str, verb: str, failure: str | None) -> None:
        self.name = name
        self.verb = verb
        self.cancelled = False
        self.beats = 0
        """How often the child was told that its lease lives."""
        self._failure = failure
        self._ended = False
        self._seconds = engine.seconds
        engine.world.clock.at(engine.seconds, self._end)

    def result(self, timeout: float | None = None) -> ports.EngineResult:  # noqa: ARG002
        """See `bot.ports.Operation`; nothing is gained by waiting, as time stands still."""
        if not self.done():
            raise TimeoutError(f"{self.verb} of {self.name} is still running")
        if self.cancelled or self._failure is not None:
            raise errors.EngineError(self._failure or "interrupted")
        if self.verb == "destroy":
            return ports.EngineResult({}, {"delete": 3}, self._seconds)
        if name := edge_of(self.name):
            found = {
                outputs.EDGE_HEADER: f"aws-cf-cd-{name}",
                outputs.EDGE_HOST: "shop.test",
                outputs.STAGING_DISTRIBUTION_ID: f"E-{name}",
            }
        else:
            found = {outputs.URL: f"https://{self.name}.preview.test/"}
        return ports.EngineResult(found, {"create": 3, "same": 1}, self._seconds)

    def done(self) -> bool:
        """See `bot.ports.Operation`."""
        return self._ended or self.cancelled

    def beat(self) -> None:
        """See `bot.ports.Operation`."""
        self.beats += 1

    def cancel(self) -> None:
        """See `bot.ports.Operation`."""
        self.cancelled = self.cancelled or not self._ended

    def _end(self) -> None:
        self._ended = True


class FakeEngine(_Faulty):
    """Makes and unmakes environments of the fake world, one resource after another."""

    def __init__(self, world: FakeWorld) -> None:
        self.world = world
        self.seconds = 4.0
        """How long an operation takes."""
        self.stacks: set[str] = set()
        self.operations: list[FakeOperation] = []
        self.failures: list[str] = []
        """Messages of the next operations' failures; each is used once."""
        self.overlaps: list[str] = []
        """Environments that two operations worked on at the same time; always to be empty."""

    def up(self, name: str, config: Mapping[str, str], on_event: ports.OnEvent) -> ports.Operation:
        """See `bot.ports.Engine`. Without a failure, a service is made in each part of the time."""
        operation = self._start(name, "up")
        self.stacks.add(name)
        if environment := edge_of(name):

            def make_edge() -> None:
                if not operation.done():
                    self.world.edges[environment] = None

            self.world.clock.at(self.seconds / 2, make_edge)
            return operation
        part = self.seconds / (len(self.world.services) + 1)
        for index, service in enumerate(self.world.services):
            if operation._failure is not None and index:
                break  # what fails has begun

            def make(service: str = service) -> None:
                if not operation.done():
                    self.world.apply(name, service, config["commit"])
                    on_event(f"created Deployment {service}")

            self.world.clock.at(part * (index + 1), make)
        return operation

    def destroy(self, name: str, on_event: ports.OnEvent) -> ports.Operation:
        """See `bot.ports.Engine`."""
        operation = self._start(name, "destroy")

        def unmake() -> None:
            if not operation.cancelled and operation._failure is None:
                if environment := edge_of(name):
                    self.world.edges.pop(environment, None)
                else:
                    self.world.remove(name)
                self.stacks.discard(name)
                on_event("deleted Namespace")

        # Before the operation's own end: planned later, though for the same moment.
        self.world.clock.at(self.seconds * 0.99, unmake)
        return operation

    def exists(self, name: str) -> bool:
        """See `bot.ports.Engine`."""
        self._answer()
        return name in self.stacks

    def running(self) -> list[FakeOperation]:
        """The operations that have not ended."""
        return [operation for operation in self.operations if not operation.done()]

    def _start(self, name: str, verb: str) -> FakeOperation:
        if any(running.name == name for running in self.running()):
            self.overlaps.append(name)
        failure = self.failures.pop(0) if self.failures else None
        if self.fault is not None:
            failure = self.fault.message
        operation = FakeOperation(self, name, verb, failure)
        self.operations.append(operation)
        return operation


class FakeWatch(_Faulty):
    """Follows the fake world; time passes between its looks."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world
        self.open = 0
        """Watches that were begun and not ended."""

    def follow(
        self, namespace: str, commit: str, stop: Callable[[], bool]
    ) -> Iterator[model.Progress]:
        """See `bot.ports.Watch`."""
        self.open += 1
        last: model.Progress | None = None
        try:
            while not stop():
                self._answer()
                progress = self._world.progress(namespace, commit)
                if progress != last:
                    yield progress
                    last = progress
                if progress.ready:
                    return
                self._world.clock.sleep(TICK_SECONDS)
        finally:
            self.open -= 1


class FakeSleeper(_Faulty):
    """Scales the fake world."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world

    def sleep(self, name: str) -> None:
        """See `bot.ports.Sleeper`."""
        self._answer()
        self._world.scale(name, asleep=True)

    def wake(self, name: str) -> None:
        """See `bot.ports.Sleeper`."""
        self._answer()
        self._world.scale(name, asleep=False)


class FakeProver(_Faulty):
    """Lists the fake world."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world
        self.looks = 0

    def look(self, name: str, lane: model.Lane | None = None) -> model.Absence:
        """See `bot.ports.Prover`."""
        self.looks += 1
        self._answer()
        found = []
        checked: tuple[str, ...] = ()
        if lane is not model.Lane.EDGE:
            checked += ("namespaces", "nodes")
            if name in self._world.environments:
                found.append(model.Remnant("Namespace", name))
            until = self._world.lingering.get(name)
            if until is not None and self._world.clock.now() < until:
                found.append(model.Remnant("Node", f"{name}-node"))
        if lane is not model.Lane.CLUSTER:
            checked += ("distributions",)
            if name in self._world.edges:
                found.append(model.Remnant("Distribution", f"E-{name}"))
        return model.Absence(checked, tuple(found), self._world.clock.now())


class FakeStacks(_Faulty):
    """The stacks of the fake engine, and others."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self.origins: dict[str, model.Origin | None] = {}
        """Stacks that the engine did not make, and whose they are."""
        self.unreadable: set[str] = set()
        """Stacks whose state is not to be had."""

    def names(self) -> Sequence[str]:
        """See `bot.ports.Stacks`."""
        self._answer()
        return sorted(self._engine.stacks | self.origins.keys())

    def origin(self, name: str) -> model.Origin | None:
        """See `bot.ports.Stacks`."""
        self._answer()
        if name in self.unreadable:
            raise errors.UnreachableError(f"the state of {name} is not to be had")
        return self.origins.get(name)


class FakeInventory(_Faulty):
    """Lists the fake world, and what else was left in cluster and cloud."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world
        self.left: list[model.Holding] = []
        """What no engine of the fake world made."""

    def holdings(self) -> Sequence[model.Holding]:
        """See `bot.ports.Inventory`; what the world holds is found without its pull request."""
        self._answer()
        return [
            *(
                model.Holding(name, None, (model.Remnant("Namespace", name),))
                for name in sorted(self._world.environments)
            ),
            *self.left,
        ]


class FakeEdge(_Faulty):
    """CloudFront; what is pending has not reached every edge yet."""

    def __init__(self) -> None:
        self.pending: set[str] = set()
        self.asked: list[str] = []

    def deployed(self, distribution_id: str) -> bool:
        """See `bot.ports.Edge`."""
        self.asked.append(distribution_id)
        self._answer()
        return distribution_id not in self.pending


class FakeDrain(_Faulty):
    """Takes an edge out of use, which takes CloudFront its time."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world

    def drained(self, name: str) -> bool:
        """See `bot.ports.Drain`."""
        self._answer()
        if name not in self._world.edges:
            return True
        since = self._world.edges[name]
        if since is None:
            since = self._world.edges[name] = self._world.clock.now()
        return (self._world.clock.now() - since).total_seconds() >= self._world.drain_seconds


class FakeClearer(_Faulty):
    """Removes what is left over at once, or tells of obstacles."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world
        self.obstacles: list[model.Obstacle] = []
        """What it tells, and cannot help."""
        self.asked: list[tuple[str, float]] = []

    def clear(self, name: str, seconds: float) -> Sequence[model.Obstacle]:
        """See `bot.ports.Clearer`."""
        self.asked.append((name, seconds))
        self._answer()
        if not self.obstacles:
            self._world.remove(name)
            self._world.edges.pop(name, None)
        return list(self.obstacles)


# -- the rest -------------------------------------------------------------------------------------


class FakeConfigurer(_Faulty):
    """Every commit has a good stage file, but for those named in `invalid`."""

    def __init__(self) -> None:
        self.invalid: dict[str, str] = {}
        """What is wrong with the stage file, by commit."""
        self.with_edge = True
        """Whether environments get a way through CloudFront."""

    def config(
        self,
        row: ports.Row,
        pull_request: model.PullRequest,
    ) -> Mapping[str, str] | None:
        """See `bot.ports.Configurer`."""
        self._answer()
        if row.lane is model.Lane.EDGE and not self.with_edge:
            return None
        if wrong := self.invalid.get(pull_request.head_sha):
            raise errors.InvalidStageFileError(wrong)
        return {"commit": pull_request.head_sha}

    def routes(self, rows: Mapping[model.Lane, ports.Row]) -> model.Routes | None:
        """See `bot.ports.Configurer`."""
        url = rows[model.Lane.CLUSTER].outputs.get(outputs.URL)
        if not isinstance(url, str):
            return None
        row = rows.get(model.Lane.EDGE)
        if row is None or outputs.EDGE_HOST not in row.outputs:
            return model.Routes(url)
        host, header = row.outputs[outputs.EDGE_HOST], row.outputs[outputs.EDGE_HEADER]
        deployed = row.phase is model.Phase.READY
        return model.Routes(url, model.EdgeRoute(str(host), str(header), row.edge_value, deployed))


class FakeReporter:
    """Keeps every report."""

    def __init__(self) -> None:
        self.reports: list[model.Report] = []

    def report(self, report: model.Report) -> None:
        """See `bot.ports.Reporter`."""
        self.reports.append(report)

    def phases(self) -> list[model.Phase]:
        """The phases that were told, each once where it was told several times in a row."""
        return [phase for phase, _ in itertools.groupby(report.phase for report in self.reports)]
