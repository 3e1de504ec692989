from __future__ import annotations

import dataclasses

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, intent, model, ports, testing
from bot.model import Phase
from bot.reconcile import Brake, Sweep
from bot.reconcile.differences import Kind
from infra import contract, naming
from tests.unit.bot.reconcile.listing import A, B, FakeStore, holding, key, name, row
from tests.unit.bot.reconcile.stand import KEY, Stand

OTHER = "acme/other"


class World:
    """A sweep on fakes; every environment that a row tells of has its stack."""

    def __init__(self, *rows: ports.Row) -> None:
        self.store = FakeStore(*rows)
        self.hub = testing.FakeHub()
        self.clock = testing.SimulatedClock()
        fake = testing.FakeWorld(self.clock)
        self.engine = testing.FakeEngine(fake)
        self.engine.stacks = {one.name for one in rows if one.stack_exists}
        self.stacks = testing.FakeStacks(self.engine)
        self.inventory = testing.FakeInventory(fake)
        self.woken = 0
        self.policies = testing.FakePolicies()
        self.sweep = Sweep(
            store=self.store,
            pull_requests=self.hub,
            stacks=self.stacks,
            inventory=self.inventory,
            policies=self.policies,
            time=self.clock,
            wake=self._wake,
        )

    def open(self, number: int, commit: str = A, *, repository: str = "acme/shop") -> None:
        self.hub.open(key(number, repository), commit, "stage")

    def run(self, times: int = 1) -> list[Kind]:
        """Sweep, and tell what the last one found."""
        found: list[Kind] = []
        for _ in range(times):
            found = [one.kind for one in self.sweep.run()]
        return found

    def fail(self, source: str) -> None:
        fault = errors.UnreachableError(f"{source} does not answer")
        match source:
            case "github":
                self.hub.fault = fault
            case "state":
                self.stacks.fault = fault
            case "inventory":
                self.inventory.fault = fault
            case "store":
                self.store.fault = fault

    def _wake(self) -> None:
        self.woken += 1


def full(count: int, **open_ones: str) -> World:
    """So many ready environments with their open pull requests."""
    world = World(*(row(number) for number in range(1, count + 1)))
    for number in range(1, count + 1):
        world.open(number)
    return world


MAIN = model.EnvironmentKey("acme/shop", branch="main")


def test_a_branch_that_is_named_is_looked_for_like_a_pull_request() -> None:
    world = full(1)
    world.policies.settings = intent.Policy(bases=("main",))
    world.hub.branches["acme/shop", "main"] = A
    assert world.run() == [Kind.MISSED_OPEN]
    assert world.store.hints == [MAIN]
    world.policies.settings = intent.Policy()
    assert world.run() == []


def test_of_several_definitions_each_is_looked_for() -> None:
    world = World()
    world.open(1)
    folders = {path: contract.Definition(path=path) for path in ("admin", "shop")}
    world.policies.settings = intent.Policy(never=intent.SEVERAL, definitions=folders)
    world.policies.definitions = dict.fromkeys(folders, intent.Policy())
    assert world.run() == [Kind.MISSED_OPEN] * 2
    assert world.store.hints == [key(1).defined("admin"), key(1).defined("shop")]


def test_a_definition_is_known_however_its_repository_is_spelled() -> None:
    admin = key(1).defined("admin")
    there = dataclasses.replace(row(1), key=admin, name=naming.environment_name(admin))
    world = World(there)
    world.open(1, repository="Acme/Shop")
    world.policies.faults["main"] = errors.InvalidStageFileError("in main: nonsense")
    assert world.run() == [], "of what can't be read nothing is taken away"


# -- hints ----------------------------------------------------------------------------------------


def test_nothing_is_done_where_all_is_well() -> None:
    world = full(3)
    assert world.run(2) == []
    assert (world.store.hints, world.store.adopted) == ([], [])
    assert world.sweep.counters.sweeps == 2
    assert world.sweep.counters.ended_at == world.clock.now()
    assert not world.sweep.counters.failures


def test_what_deliveries_missed_is_hinted() -> None:
    world = full(3)
    world.open(4)
    world.hub.change(key(1), open=False)
    world.hub.change(key(2), head_sha=B)
    assert sorted(world.run()) == [Kind.MISSED_CLOSE, Kind.MISSED_OPEN, Kind.STALE_COMMIT]
    assert sorted(world.store.hints) == [key(1), key(2), key(4)]
    assert world.woken == 1
    assert world.run() == []  # they wait for their passes


def test_a_hint_that_changes_nothing_is_repeated_ever_more_rarely() -> None:
    world = World(row(1, Phase.STUCK))
    world.open(1)
    sweeps = []
    for sweep in range(10):
        world.run()
        if world.store.hints:
            sweeps.append(sweep)
            world.store.hints.clear()
        world.store.work()
    assert sweeps == [0, 1, 3, 7]


def test_rows_are_looked_at_in_repositories_that_nobody_named() -> None:
    world = World(row(1), row(2, Phase.ABSENT, repository=OTHER))
    assert world.run() == [Kind.MISSED_CLOSE]
    assert world.store.hints == [key(1)]


def test_what_a_delivery_changed_meanwhile_is_left_to_it() -> None:
    world = full(1)
    world.hub.change(key(1), open=False)
    listed = world.hub.open_pull_requests

    def deliver(repository: str) -> object:
        world.store.kept[key(1)] = row(1, wished=True)
        return listed(repository)

    world.hub.open_pull_requests = deliver  # type: ignore[assignment, method-assign]
    assert world.run() == [Kind.MISSED_CLOSE]
    assert world.store.hints == []
    assert world.sweep.counters.outcomes == {"changed meanwhile": 1}


# -- orphans --------------------------------------------------------------------------------------


def orphan_stack(world: World, number: int = 1, *, by_hand: bool = False) -> None:
    world.stacks.origins[name(number)] = model.Origin(key(number), by_hand)


def test_an_orphan_is_adopted_when_two_sweeps_agree() -> None:
    world = World()
    orphan_stack(world)
    world.inventory.left = [holding(2)]
    assert sorted(world.run()) == [Kind.ORPHAN_RESOURCES, Kind.ORPHAN_STACK]
    assert world.store.adopted == []
    world.run()
    assert sorted(world.store.adopted) == [key(1), key(2)]
    assert world.run() == []


def test_an_orphan_that_was_gone_meanwhile_begins_anew() -> None:
    world = World()
    for _ in range(3):
        orphan_stack(world)
        world.run()
        world.stacks.origins.clear()
        world.run()
    assert world.store.adopted == []


def test_what_people_made_is_shown_for_ever_and_never_touched() -> None:
    world = World()
    orphan_stack(world, by_hand=True)
    world.inventory.left = [holding(1, by_hand=True), holding(2, by_hand=True)]
    world.open(1)
    assert world.run(5) == [Kind.MADE_BY_HAND, Kind.MADE_BY_HAND]
    assert (world.store.hints, world.store.adopted) == ([], [])
    assert world.sweep.counters.outcomes == {"shown": 10}


def test_a_stack_that_does_not_tell_whose_it_is_is_shown() -> None:
    world = World()
    world.stacks.origins["somebody"] = None
    assert world.run(3) == [Kind.STRANGER]
    assert world.store.adopted == []


def test_a_stack_whose_state_can_not_be_read_is_left_alone() -> None:
    world = World()
    orphan_stack(world)
    world.inventory.left = [holding(1)]
    world.stacks.unreadable.add(name(1))
    assert world.run(3) == []
    assert world.sweep.counters.failures == {"state": 3}


def test_a_row_without_anything_is_hinted_when_two_sweeps_agree() -> None:
    world = full(1)
    world.engine.stacks.clear()
    assert world.run() == [Kind.ROW_WITHOUT_STACK]
    assert world.store.hints == []
    world.run()
    assert world.store.hints == [key(1)]


@pytest.mark.parametrize("opened", [True, False], ids=["ready", "under way"])
@pytest.mark.parametrize("during", ["names", "holdings", "rows", "repositories"])
def test_an_environment_that_is_made_during_a_sweep_is_no_finding(
    during: str, opened: bool
) -> None:
    """It appears in full (pull request, row, stack, resources) before each listing in turn."""
    world = full(1)
    made: list[str] = []

    def appear() -> None:
        if not made:
            made.append(during)
            if opened:
                world.open(2)
            world.store.kept[key(2)] = row(2, Phase.READY if opened else Phase.PROVISIONING)
            orphan_stack(world, 2)
            world.inventory.left = [holding(2)]

    owner: object = {
        "names": world.stacks,
        "holdings": world.inventory,
        "rows": world.store,
        "repositories": world.hub,
    }[during]
    verb = getattr(owner, during)

    def asked() -> object:
        appear()
        return verb()

    setattr(owner, during, asked)
    found = world.run()
    assert made
    # Two of these may be seen for a moment, and neither comes to anything: a row younger than the
    # list of stacks needs a second sweep, and a wish younger than the rows is answered already.
    seen = {"rows": [Kind.ROW_WITHOUT_STACK], "repositories": [Kind.MISSED_OPEN]}
    assert found == (seen.get(during, []) if opened else [])
    assert (world.store.hints, world.store.adopted) == ([], [])


# -- listings that fail or are cut short ----------------------------------------------------------


@pytest.mark.parametrize("source", ["github", "state", "inventory", "store"])
def test_a_listing_that_fails_closes_and_adopts_nothing(source: str) -> None:
    world = full(4)
    orphan_stack(world, 8)
    world.inventory.left = [holding(9)]
    world.fail(source)
    world.run(3)
    assert world.store.hints == []
    failing = {"github": [key(8), key(9)], "state": [], "inventory": [key(8)], "store": []}
    assert sorted(world.store.adopted) == failing[source]
    assert world.sweep.counters.failures[source] >= 3


def test_a_repository_that_fails_hides_no_other() -> None:
    world = World(row(1), row(2, repository=OTHER))
    world.open(1)
    world.open(2, repository=OTHER)
    for number, repository in ((1, "acme/shop"), (2, OTHER)):
        world.hub.change(key(number, repository), open=False)
    world.hub.faults[OTHER] = errors.UnreachableError("a page of it was answered by 502")
    assert world.run() == [Kind.MISSED_CLOSE]
    assert world.store.hints == [key(1)]


def test_an_unexpected_error_is_this_listings_only() -> None:
    world = full(1)
    world.hub.change(key(1), open=False)

    def broken() -> list[str]:
        raise KeyError("nobody thought of this")

    world.stacks.names = broken  # type: ignore[method-assign]
    assert world.run() == [Kind.MISSED_CLOSE]
    assert world.sweep.counters.failures == {"state": 1}


def test_a_store_that_fails_while_hints_are_given_fails_them_only() -> None:
    world = World()
    world.open(1)

    def broken(key: model.EnvironmentKey) -> None:
        raise errors.UnreachableError("the database does not answer")

    world.store.hint = broken  # type: ignore[method-assign]
    assert world.run() == [Kind.MISSED_OPEN]
    assert world.sweep.counters.outcomes == {"failed": 1}


def test_a_sweep_that_is_stopped_does_nothing() -> None:
    world = full(2)
    world.hub.change(key(1), open=False)
    for asked in range(4):
        answers = iter([False] * asked)
        assert world.sweep.run(lambda answers=answers: next(answers, True)) == []  # type: ignore[misc]
    assert world.store.hints == []
    assert world.sweep.counters.sweeps == 0


# -- the brake ------------------------------------------------------------------------------------


def test_an_empty_list_where_many_are_open_is_not_believed_at_once() -> None:
    world = full(5)
    world.hub.unlisted = {key(number) for number in range(1, 6)}
    with structlog.testing.capture_logs() as lines:
        assert world.run() == [Kind.MISSED_CLOSE] * 5
    assert world.store.hints == []
    assert world.sweep.counters.outcomes == {"braked": 5}
    assert world.sweep.brake.held == {key(number) for number in range(1, 6)}
    (loud,) = [line for line in lines if line["log_level"] == "error"]
    assert loud["environments"] == [f"acme/shop#{number}" for number in range(1, 6)]
    world.hub.unlisted.clear()
    assert world.run() == []
    assert world.store.hints == []


def test_what_really_closed_is_hinted_by_the_next_sweep() -> None:
    world = full(5)
    for number in range(1, 6):
        world.hub.change(key(number), open=False)
    world.run()
    assert world.store.hints == []
    world.run()
    assert sorted(world.store.hints) == [key(number) for number in range(1, 6)]


def test_what_deliveries_close_meanwhile_is_no_part_of_it() -> None:
    world = full(6)
    for number in range(1, 6):
        world.hub.change(key(number), open=False)
    for number in range(1, 5):
        world.store.kept[key(number)] = row(number, wished=True)
    world.run()
    assert world.store.hints == [key(5)]


def test_the_brake_holds_nothing_else_up() -> None:
    world = full(4)
    world.hub.unlisted = {key(number) for number in range(1, 5)}
    world.open(5)
    world.run()
    assert world.store.hints == [key(5)]


def test_the_brake_s_share_is_given() -> None:
    world = full(3)
    world.sweep.brake = Brake(share=1.0)
    world.hub.unlisted = {key(number) for number in range(1, 4)}
    world.run()
    assert len(world.store.hints) == 3


# -- with the loop --------------------------------------------------------------------------------


class Rows:
    """The stand's store; a sweep over what the store remembers adopts nothing."""

    def __init__(self, stand: Stand) -> None:
        self.rows = stand.store.rows
        self.lanes = stand.store.lanes
        self.hint = stand.store.hint
        self.doubt = stand.store.doubt

    def adopt(self, key: model.EnvironmentKey) -> bool:
        raise AssertionError(key)


@pytest.fixture
def stand() -> Stand:
    """Every lane has its passes here: one that waits for its turn is not swept."""
    made = Stand()
    made.lanes = tuple(model.Lane)
    return made


def swept(stand: Stand) -> Sweep:
    return Sweep(
        store=Rows(stand),
        pull_requests=stand.hub,
        stacks=testing.FakeStacks(stand.engine),
        inventory=testing.FakeInventory(stand.world),
        policies=stand.policies,
        time=stand.clock,
    )


def test_a_list_that_leaves_an_open_pull_request_out_takes_nothing_away(stand: Stand) -> None:
    stand.open()
    stand.settle()
    stand.hub.unlisted = {KEY}
    sweep = swept(stand)
    for _ in range(3):
        assert [one.kind for one in sweep.run()] == [Kind.MISSED_CLOSE]
        stand.settle()
    assert stand.verbs == ["up"]
    assert stand.row.phase is Phase.READY


def test_what_was_lost_without_a_trace_is_made_anew(stand: Stand) -> None:
    stand.open(A)
    stand.settle()
    stand.world.environments.clear()
    stand.engine.stacks.clear()
    sweep = swept(stand)
    sweep.run()
    stand.settle()
    assert stand.verbs == ["up"], "one look may be wrong"
    sweep.run()
    stand.settle()
    assert stand.verbs == ["up", "up"]
    assert stand.world.commits(stand.row.name) == {A}


def test_a_close_that_no_delivery_told_of_is_found(stand: Stand) -> None:
    stand.open()
    stand.settle()
    stand.hub.change(KEY, open=False)
    swept(stand).run()
    stand.settle()
    assert stand.verbs == ["up", "destroy"]
    assert stand.row.phase is Phase.ABSENT
    assert swept(stand).run() == []


def test_a_push_and_an_opening_that_no_delivery_told_of_are_found(stand: Stand) -> None:
    stand.hub.open(KEY, A, "stage")
    sweep = swept(stand)
    sweep.run()
    stand.settle()
    assert stand.world.commits(stand.row.name) == {A}
    stand.hub.change(KEY, head_sha=B)
    sweep.run()
    stand.settle()
    assert stand.world.commits(stand.row.name) == {B}
    assert sweep.run() == []


# -- any mix --------------------------------------------------------------------------------------

FAILING = st.sets(st.sampled_from(["github", "state", "inventory", "store"]))


@given(
    st.lists(FAILING, max_size=4),
    st.sets(st.integers(1, 5)),
    st.sets(st.integers(1, 5)),
)
def test_without_github_nothing_is_closed_and_without_the_rest_nothing_is_adopted(
    sweeps: list[set[str]], existing: set[int], closed: set[int]
) -> None:
    world = World(*(row(number) for number in existing))
    for number in existing - closed:
        world.open(number)
    orphan_stack(world, 8)
    world.inventory.left = [holding(9)]
    before: set[str] = {"state", "inventory", "store"}
    for failing in sweeps:
        for fake in (world.hub, world.stacks, world.inventory, world.store):
            fake.fault = None
        for source in failing:
            world.fail(source)
        world.store.hints.clear()
        world.store.adopted.clear()
        world.run()
        if failing & {"github", "store"}:
            assert world.store.hints == []
        # What was adopted is a row like others from then on, and its pull request is not open.
        assert set(world.store.hints) <= {key(number) for number in (existing & closed) | {8, 9}}
        for one, needed in ((8, {"state"}), (9, {"state", "inventory"})):
            if (failing | before) & (needed | {"store"}):
                assert key(one) not in world.store.adopted
        world.store.kept = {
            at: dataclasses.replace(found, seen=found.wanted)
            for at, found in world.store.kept.items()
        }
        before = failing
