from __future__ import annotations

import datetime

import pytest

from bot import clock, errors, model, ports, testing
from infra import contract

KEY = model.EnvironmentKey("acme/shop", 7)
A, B = "a" * 40, "b" * 40


@pytest.fixture
def time() -> testing.SimulatedClock:
    return testing.SimulatedClock()


@pytest.fixture
def world(time: testing.SimulatedClock) -> testing.FakeWorld:
    return testing.FakeWorld(time)


def test_each_fake_is_its_port(world: testing.FakeWorld) -> None:
    """mypy checks these lines."""
    _clock: clock.Clock = world.clock
    _hub: ports.Hub = testing.FakeHub()
    _engine: ports.Engine = testing.FakeEngine(world)
    _watch: ports.Watch = testing.FakeWatch(world)
    _prover: ports.Prover = testing.FakeProver(world)
    _edge: ports.Edge = testing.FakeEdge()
    _pull_requests: ports.PullRequests = testing.FakeHub()
    _stacks: ports.Stacks = testing.FakeStacks(testing.FakeEngine(world))
    _inventory: ports.Inventory = testing.FakeInventory(world)
    _configurer: ports.Configurer = testing.FakeConfigurer()
    _reporter: ports.Reporter = testing.FakeReporter()


def test_planned_things_happen_in_order_while_somebody_sleeps(time: testing.SimulatedClock) -> None:
    seen: list[tuple[str, float]] = []
    start = time.now()

    def note(what: str) -> None:
        seen.append((what, (time.now() - start).total_seconds()))

    def first() -> None:
        note("first")
        time.at(0.5, lambda: note("between"))

    time.at(2, lambda: note("second"))
    time.at(1, first)
    time.at(9, lambda: note("late"))
    time.sleep(5)
    assert seen == [("first", 1.0), ("between", 1.5), ("second", 2.0)]
    assert time.now() - start == datetime.timedelta(seconds=5)


def test_a_fault_is_raised_by_every_call() -> None:
    hub = testing.FakeHub()
    hub.open(KEY, A)
    hub.fault = errors.UnreachableError("GitHub did not answer")
    with pytest.raises(errors.UnreachableError):
        hub.pull_request(KEY)
    with pytest.raises(errors.UnreachableError):
        hub.write_comment(KEY, "<!-- marker -->", None)
    assert not hub.writes


def test_hub_keeps_what_is_changed() -> None:
    hub = testing.FakeHub()
    hub.open(KEY, A, "stage", fork="stranger/shop")
    assert hub.pull_request(KEY).from_fork
    hub.change(KEY, head_sha=B, open=False)
    assert (hub.pull_request(KEY).head_sha, hub.pull_request(KEY).open) == (B, False)
    hub.forget(KEY)
    with pytest.raises(errors.NotFoundError):
        hub.pull_request(KEY)


def test_hub_finds_its_comment_by_the_marker() -> None:
    hub = testing.FakeHub()
    made = hub.write_comment(KEY, "<!-- marker -->\none", None)
    assert hub.write_comment(KEY, "<!-- marker -->\ntwo", None) == made
    assert hub.write_comment(KEY, "<!-- marker -->\nthree", 99) == made
    assert hub.comments_on(KEY) == ["<!-- marker -->\nthree"]


def test_hub_makes_one_deployment_for_a_commit() -> None:
    hub = testing.FakeHub()
    made = hub.create_deployment("acme/shop", A, "pr-7")
    assert hub.create_deployment("acme/shop", A, "pr-7") == made
    assert hub.create_deployment("acme/shop", B, "pr-7") != made


def test_engine_makes_one_service_after_the_other(world: testing.FakeWorld) -> None:
    engine = testing.FakeEngine(world)
    said: list[str] = []
    operation = engine.up("pr-7", {"commit": A}, said.append)
    with pytest.raises(TimeoutError):
        operation.result(0)
    world.clock.sleep(engine.seconds / 2)
    assert list(world.environments["pr-7"]) == ["api"]
    world.clock.sleep(engine.seconds / 2)
    assert operation.done()
    assert said == ["created Deployment api", "created Deployment web"]
    assert operation.result().outputs[contract.outputs.URL] == "https://pr-7.preview.test/"
    assert engine.exists("pr-7")


@pytest.mark.parametrize("how", ["cancelled", "failed"])
def test_engine_leaves_what_it_had_begun(world: testing.FakeWorld, how: str) -> None:
    engine = testing.FakeEngine(world)
    engine.failures = ["no such subnet"] if how == "failed" else []
    operation = engine.up("pr-7", {"commit": A}, lambda _: None)
    world.clock.sleep(engine.seconds / 2)
    if how == "cancelled":
        operation.cancel()
    world.clock.sleep(engine.seconds)
    with pytest.raises(errors.EngineError):
        operation.result()
    assert list(world.environments["pr-7"]) == ["api"]
    assert engine.exists("pr-7")


def test_engine_notices_two_operations_at_once(world: testing.FakeWorld) -> None:
    engine = testing.FakeEngine(world)
    engine.up("pr-7", {"commit": A}, lambda _: None)
    engine.up("pr-8", {"commit": A}, lambda _: None)
    assert not engine.overlaps
    engine.destroy("pr-7", lambda _: None)
    assert engine.overlaps == ["pr-7"]


def test_destroyed_things_linger_and_then_are_gone(world: testing.FakeWorld) -> None:
    engine, prover = testing.FakeEngine(world), testing.FakeProver(world)
    world.apply("pr-7", "web", A)
    assert prover.look("pr-7").remnants == (model.Remnant("Namespace", "pr-7"),)
    operation = engine.destroy("pr-7", lambda _: None)
    world.clock.sleep(engine.seconds)
    assert operation.result().changes == {"delete": 3}
    assert prover.look("pr-7").remnants == (model.Remnant("Node", "pr-7-node"),)
    world.clock.sleep(world.linger_seconds)
    assert prover.look("pr-7").proved


def test_watch_counts_only_the_commit_and_ends_when_it_is_ready(world: testing.FakeWorld) -> None:
    watch = testing.FakeWatch(world)
    world.apply("pr-7", "api", A)
    world.clock.at(1, lambda: world.apply("pr-7", "api", B))
    told = list(watch.follow("pr-7", B, lambda: False))
    assert [len(progress.services) for progress in told] == [0, 1, 1]
    assert told[-1].ready
    assert watch.open == 0


def test_watch_tells_of_troubles_and_stops_when_told(world: testing.FakeWorld) -> None:
    watch = testing.FakeWatch(world)
    world.apply("pr-7", "api", A)
    world.troubles["api"] = (model.PodTrouble.CRASHING, "exit code 1")
    end = world.clock.now() + datetime.timedelta(seconds=3)
    (told,) = watch.follow("pr-7", A, lambda: world.clock.now() > end)
    assert [pod.trouble for pod in told.troubles] == [model.PodTrouble.CRASHING]


def test_hub_lists_what_is_open_but_for_what_is_to_be_left_out() -> None:
    hub = testing.FakeHub()
    other = model.EnvironmentKey("acme/other", 1)
    for number in (7, 8, 9):
        hub.open(model.EnvironmentKey("acme/shop", number), A)
    hub.open(other, A)
    hub.change(KEY, open=False)
    hub.unlisted.add(model.EnvironmentKey("acme/shop", 8))
    assert hub.repositories() == ["acme/other", "acme/shop"]
    assert [found.key.number for found in hub.open_pull_requests("acme/shop")] == [9]
    hub.faults["acme/shop"] = errors.UnreachableError()
    with pytest.raises(errors.UnreachableError):
        hub.open_pull_requests("acme/shop")
    assert [found.key for found in hub.open_pull_requests("acme/other")] == [other]


def test_stacks_are_the_engines_and_others(world: testing.FakeWorld) -> None:
    engine = testing.FakeEngine(world)
    stacks = testing.FakeStacks(engine)
    engine.up("pr-7", {"commit": A}, lambda _: None)
    stacks.origins["mine"] = model.Origin(KEY, by_hand=True)
    assert stacks.names() == ["mine", "pr-7"]
    assert stacks.origin("mine") == model.Origin(KEY, by_hand=True)
    assert stacks.origin("pr-7") is None
    stacks.unreadable.add("mine")
    with pytest.raises(errors.UnreachableError):
        stacks.origin("mine")


def test_inventory_lists_the_world_and_what_was_left(world: testing.FakeWorld) -> None:
    inventory = testing.FakeInventory(world)
    assert inventory.holdings() == []
    world.apply("pr-7", "web", A)
    left = model.Holding("pr-8", KEY, (model.Remnant("Node", "n"),))
    inventory.left.append(left)
    found = model.Holding("pr-7", None, (model.Remnant("Namespace", "pr-7"),))
    assert inventory.holdings() == [found, left]


def test_edge_is_pending_while_it_is_said_to_be() -> None:
    edge = testing.FakeEdge()
    edge.pending.add("E1")
    assert (edge.deployed("E1"), edge.deployed("E2")) == (False, True)
    assert edge.asked == ["E1", "E2"]


def test_reporter_keeps_everything() -> None:
    reporter = testing.FakeReporter()
    for phase in (model.Phase.READY, model.Phase.READY, model.Phase.ABSENT):
        reporter.report(model.Report(KEY, "pr-7", phase, A))
    assert len(reporter.reports) == 3
    assert reporter.phases() == [model.Phase.READY, model.Phase.ABSENT]
