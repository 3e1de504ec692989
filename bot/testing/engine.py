"""A fake engine and its stacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot import errors, model, ports
from bot.testing.faulty import Faulty
from bot.testing.world import FakeWorld
from infra import naming
from infra.contract import outputs


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
        self._outputs = engine.outputs
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
            found = {**self._outputs, outputs.URL: f"https://{self.name}.preview.test/"}
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


class FakeEngine(Faulty):
    """Makes and unmakes environments of the fake world, one resource after another."""

    def __init__(self, world: FakeWorld) -> None:
        self.world = world
        self.seconds = 4.0
        """How long an operation takes."""
        self.outputs: Mapping[str, str] = {}
        """What else updates give out."""
        self.stacks: set[str] = set()
        self.operations: list[FakeOperation] = []
        self.configs: list[Mapping[str, str]] = []
        """What updates were made with."""
        self.failures: list[str] = []
        """Messages of the next operations' failures; each is used once."""
        self.overlaps: list[str] = []
        """Environments that two operations worked on at the same time; always to be empty."""

    def up(self, name: str, config: Mapping[str, str], on_event: ports.OnEvent) -> ports.Operation:
        """See `bot.ports.Engine`. Without a failure, a service is made in each part of the time."""
        operation = self._start(name, "up")
        self.configs.append(config)
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
        self.answer()
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


class FakeStacks(Faulty):
    """The stacks of the fake engine, and others."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self.origins: dict[str, model.Origin | None] = {}
        """Stacks that the engine did not make, and whose they are."""
        self.unreadable: set[str] = set()
        """Stacks whose state is not to be had."""

    def names(self) -> Sequence[str]:
        """See `bot.ports.Stacks`."""
        self.answer()
        return sorted(self._engine.stacks | self.origins.keys())

    def origin(self, name: str) -> model.Origin | None:
        """See `bot.ports.Stacks`."""
        self.answer()
        if name in self.unreadable:
            raise errors.UnreachableError(f"the state of {name} is not to be had")
        return self.origins.get(name)
