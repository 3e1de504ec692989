"""What every store does, whatever it keeps its rows in: SQLite or PostgreSQL."""

import concurrent.futures
import dataclasses
import datetime
import threading
from collections.abc import Callable

import pytest

from bot import clock, errors, model, ports
from bot.ports import MAX_TIMELINE
from infra import naming

KEY = model.EnvironmentKey("acme/shop", 7)
OTHER = model.EnvironmentKey("acme/shop", 8)
THIRD = model.EnvironmentKey("other/shop", 7)
LEASE = 60.0
CLUSTER = (model.Lane.CLUSTER,)

Open = Callable[[], ports.Store]


@pytest.fixture
def store(open_any: Open) -> ports.Store:
    return open_any()


def taken(store: ports.Store, owner: str = "worker") -> tuple[ports.Row, ports.Lease]:
    found = store.take(owner, LEASE, CLUSTER)
    assert found is not None
    return found


# -- deliveries and hints -------------------------------------------------------------------------


def test_a_delivery_makes_the_environment_and_a_wish(store: ports.Store) -> None:
    assert store.record_delivery(ports.Delivered("guid", "pull_request", "opened"), [KEY]) is True
    row = store.row(KEY)
    assert row is not None
    assert (row.wanted, row.seen) == (1, 0)
    assert (row.phase, row.stack_exists, row.commit) == (model.Phase.ABSENT, False, None)
    assert row.name == naming.environment_name(model.EnvironmentKey("acme/shop", 7))
    assert row.outputs == {}


def test_a_redelivery_is_told_apart_and_wishes_again(store: ports.Store) -> None:
    store.record_delivery(ports.Delivered("guid", "pull_request", "opened"), [KEY])
    row, lease = taken(store)
    store.release(lease, row.wanted, None)
    assert store.take("worker", LEASE, CLUSTER) is None
    assert store.record_delivery(ports.Delivered("guid", "pull_request", "opened"), [KEY]) is False
    assert taken(store)[0].wanted == 2


def test_a_delivery_about_no_environment_makes_none(store: ports.Store) -> None:
    assert store.record_delivery(ports.Delivered("guid", "ping", ""), []) is True
    assert store.record_delivery(ports.Delivered("guid", "ping", ""), []) is False
    assert store.rows() == []


def test_the_edge_value_is_128_random_bits_and_stays(store: ports.Store) -> None:
    values = set()
    for key in (KEY, OTHER, THIRD):
        store.hint(key)
        row = store.row(key)
        assert row is not None
        assert len(bytes.fromhex(row.edge_value)) == 16
        values.add(row.edge_value)
        store.hint(key)
        again = store.row(key)
        assert again is not None
        assert again.edge_value == row.edge_value
    assert len(values) == 3


def test_a_repository_in_another_spelling_is_the_same_environment(store: ports.Store) -> None:
    # Two rows of one name would be two workers on one stack.
    store.hint(KEY)
    store.hint(model.EnvironmentKey("Acme/Shop", 7))
    row, _ = store.rows()
    assert row.wanted == 2
    store.note(model.EnvironmentKey("ACME/shop", 7), "seen")
    assert [entry.text for entry in store.timeline(KEY)] == ["seen"]


def test_rows_come_newest_first(store: ports.Store) -> None:
    for key in (KEY, OTHER, THIRD):
        store.hint(key)
    assert [row.key for row in store.rows()] == [THIRD, THIRD, OTHER, OTHER, KEY, KEY]
    assert store.row(model.EnvironmentKey("acme/none", 1)) is None


# -- taking ---------------------------------------------------------------------------------------


def test_nothing_is_taken_where_nothing_waits(store: ports.Store) -> None:
    assert store.take("worker", LEASE, CLUSTER) is None
    store.hint(KEY)
    row, lease = taken(store)
    assert store.take("another", LEASE, CLUSTER) is None, "one environment is never worked on twice"
    store.release(lease, row.wanted, None)
    assert store.take("worker", LEASE, CLUSTER) is None


def test_who_has_waited_longest_is_taken_first(store: ports.Store, time: clock.ManualClock) -> None:
    for key in (KEY, OTHER, THIRD):
        store.hint(key)
        time.advance(1)
    store.hint(KEY)  # asking again costs nobody his place
    assert [taken(store)[0].key for _ in range(3)] == [KEY, OTHER, THIRD]


def test_who_had_a_turn_waits_behind_the_others(
    store: ports.Store, time: clock.ManualClock
) -> None:
    store.hint(KEY)
    row, lease = taken(store)
    time.advance(1)
    store.hint(KEY)
    time.advance(1)
    store.hint(OTHER)
    time.advance(1)
    store.release(lease, row.wanted, None)
    assert [taken(store)[0].key for _ in range(2)] == [OTHER, KEY]


def test_a_wish_during_the_pass_is_work_after_it(store: ports.Store) -> None:
    store.hint(KEY)
    row, lease = taken(store)
    store.hint(KEY)
    store.release(lease, row.wanted, None)
    again, _ = taken(store)
    assert (again.wanted, again.seen) == (2, 1)


def test_what_is_due_is_taken_when_its_time_has_come(
    store: ports.Store, time: clock.ManualClock
) -> None:
    store.hint(KEY)
    row, lease = taken(store)
    due = lease.until
    store.release(lease, row.wanted, due)
    assert store.take("worker", LEASE, CLUSTER) is None
    time.advance(LEASE - 1)
    assert store.take("worker", LEASE, CLUSTER) is None
    time.advance(1)
    again, _ = taken(store)
    assert (again.key, again.due_at) == (KEY, due)


def test_what_is_overdue_goes_before_a_younger_wish(
    store: ports.Store, time: clock.ManualClock
) -> None:
    store.hint(KEY)
    row, lease = taken(store)
    store.release(lease, row.wanted, time.now())
    time.advance(5)
    store.hint(OTHER)
    store.hint(KEY)  # its wish is no older than the other's, its due time is
    assert [taken(store)[0].key for _ in range(2)] == [KEY, OTHER]


# -- leases ---------------------------------------------------------------------------------------


def test_a_lease_that_ran_out_is_taken_over_with_a_larger_token(
    store: ports.Store, time: clock.ManualClock
) -> None:
    store.hint(KEY)
    _, old = taken(store, "dead")
    time.advance(LEASE)
    row, new = taken(store, "alive")
    assert row.key == KEY
    assert new.token > old.token


def stale_writes(store: ports.Store, lease: ports.Lease) -> dict[str, Callable[[], object]]:
    return {
        "renew": lambda: store.renew(lease, LEASE),
        "save": lambda: store.save(lease, reason="stale", phase=model.Phase.STUCK),
        "release": lambda: store.release(lease, 99, None),
    }


@pytest.mark.parametrize("verb", ["renew", "save", "release"])
@pytest.mark.parametrize("fate", ["taken over", "ran out", "given back"])
def test_nothing_is_written_under_a_lost_lease(
    store: ports.Store, time: clock.ManualClock, verb: str, fate: str
) -> None:
    store.hint(KEY)
    row, lease = taken(store)
    match fate:
        case "taken over":
            time.advance(LEASE)
            taken(store, "another")
        case "ran out":
            time.advance(LEASE)
        case "given back":
            store.release(lease, row.wanted, None)
    before = store.row(KEY)
    with pytest.raises(errors.LeaseLostError, match="acme/shop#7"):
        stale_writes(store, lease)[verb]()
    assert store.row(KEY) == before


def test_a_heartbeat_keeps_the_lease(store: ports.Store, time: clock.ManualClock) -> None:
    store.hint(KEY)
    _, lease = taken(store)
    for _ in range(3):
        time.advance(LEASE - 1)
        renewed = store.renew(lease, LEASE)
        assert renewed.token == lease.token
        assert renewed.until > lease.until
        lease = renewed
        assert store.take("another", LEASE, CLUSTER) is None


def test_saving_changes_what_is_named_and_nothing_else(store: ports.Store) -> None:
    store.hint(KEY)
    before, lease = taken(store)
    outputs = {"url": "http://x/", "nested": {"a": [1, None]}}
    row = store.save(
        lease,
        phase=model.Phase.READY,
        stack_exists=True,
        commit="a" * 40,
        outputs=outputs,
        failures=3,
        reason="why",
    )
    assert row == store.row(KEY)
    assert (row.phase, row.stack_exists, row.commit) == (model.Phase.READY, True, "a" * 40)
    assert (row.outputs, row.failures, row.reason) == (outputs, 3, "why")
    assert (row.edge_value, row.wanted) == (before.edge_value, before.wanted)


@pytest.mark.parametrize("changes", [{"seen": 5}, {"lease_token": 9}, {"phase": "asleep"}])
def test_saving_refuses_what_has_a_verb_of_its_own_or_no_meaning(
    store: ports.Store, changes: dict[str, object]
) -> None:
    store.hint(KEY)
    _, lease = taken(store)
    before = store.row(KEY)
    with pytest.raises(ValueError, match=r"verb|asleep"):
        store.save(lease, **changes)
    assert store.row(KEY) == before


def test_what_was_seen_never_goes_back(store: ports.Store) -> None:
    for seen in (5, 2):
        store.hint(KEY)
        for _ in range(6):
            store.hint(KEY)
        _, lease = taken(store)
        store.release(lease, seen, None)
    row = store.row(KEY)
    assert row is not None
    assert row.seen == 5


def test_what_github_was_told_is_remembered_without_a_lease(store: ports.Store) -> None:
    store.remember(KEY, comment_id=1)  # nobody there: nothing happens
    assert store.row(KEY) is None
    store.hint(KEY)
    store.remember(KEY, comment_id=2**40, comment_digest="d", deployment_id=2**41)
    store.remember(KEY, deployment_commit="b" * 40)
    row = store.row(KEY)
    assert row is not None
    assert (row.comment_id, row.comment_digest) == (2**40, "d")
    assert (row.deployment_id, row.deployment_commit) == (2**41, "b" * 40)
    store.remember(KEY, deployment_state="success", check_id=2**42)
    store.remember(KEY, check_commit="c" * 40, check_state="failure")
    row = store.row(KEY)
    assert row is not None
    assert (row.deployment_state, row.check_id) == ("success", 2**42)
    assert (row.check_commit, row.check_state) == ("c" * 40, "failure")
    with pytest.raises(ValueError, match="phase"):
        store.remember(KEY, phase="ready")


# -- timelines ------------------------------------------------------------------------------------


def test_a_timeline_is_told_in_order(store: ports.Store, time: clock.ManualClock) -> None:
    store.note(KEY, "nobody there")
    store.hint(KEY)
    store.hint(OTHER)
    store.note(KEY, "first")
    time.advance(1)
    store.note(KEY, "second: ü, 'quotes' and \n lines")
    assert [entry.text for entry in store.timeline(KEY)] == [
        "first",
        "second: ü, 'quotes' and \n lines",
    ]
    first, second = store.timeline(KEY)
    assert (second.at - first.at).total_seconds() == 1
    assert second.at == time.now()
    assert store.timeline(OTHER) == []


def test_a_timeline_keeps_its_newest_lines(store: ports.Store) -> None:
    store.hint(KEY)
    store.hint(OTHER)
    store.note(OTHER, "stays")
    for index in range(MAX_TIMELINE + 5):
        store.note(KEY, str(index))
    lines = [entry.text for entry in store.timeline(KEY)]
    assert len(lines) == MAX_TIMELINE
    assert (lines[0], lines[-1]) == ("5", str(MAX_TIMELINE + 4))
    assert len(store.timeline(OTHER)) == 1


# -- side by side ---------------------------------------------------------------------------------


def side_by_side(count: int, work: Callable[[int], None]) -> None:
    """Run `work` in threads that begin at one moment; their errors are the test's."""
    begin = threading.Barrier(count)
    failures: list[BaseException] = []

    def run(index: int) -> None:
        try:
            begin.wait(10)
            work(index)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    if failures:
        raise failures[0]


def test_workers_side_by_side_never_hold_one_environment_twice(open_any: Open) -> None:
    # Two stores, as two processes or replicas have, and several threads in each.
    stores = [open_any(), open_any()]
    keys = [model.EnvironmentKey("acme/shop", number) for number in range(1, 21)]
    for key in keys:
        stores[0].hint(key)
    found: list[model.EnvironmentKey] = []

    def work(index: int) -> None:
        while (got := stores[index % 2].take(f"worker-{index}", LEASE, CLUSTER)) is not None:
            found.append(got[0].key)

    side_by_side(6, work)
    assert sorted(found) == sorted(keys)


def test_hints_side_by_side_are_all_counted(open_any: Open) -> None:
    stores = [open_any(), open_any()]

    def work(index: int) -> None:
        for number in range(5):
            stores[index % 2].record_delivery(
                ports.Delivered(f"{number}", "pull_request", "labeled"), [KEY]
            )

    side_by_side(6, work)
    row, _ = stores[0].rows()
    assert row.wanted == 30


def test_a_hint_is_not_lost_to_the_pass_that_ends_at_the_same_time(store: ports.Store) -> None:
    rounds = 15
    store.hint(KEY)
    for _ in range(rounds):
        row, lease = taken(store)

        def work(index: int, row: ports.Row = row, lease: ports.Lease = lease) -> None:
            if index:
                store.hint(KEY)
            else:
                store.release(lease, row.wanted, None)

        side_by_side(2, work)
    last = store.row(KEY)
    assert last is not None
    assert last.wanted == rounds + 1


def test_everything_is_there_after_a_crash(open_any: Open, time: clock.ManualClock) -> None:
    first = open_any()
    first.record_delivery(ports.Delivered("guid", "pull_request", "opened"), [KEY])
    _, lease = taken(first, "crashed")
    saved = first.save(lease, phase=model.Phase.PROVISIONING, stack_exists=True)
    first.note(KEY, "begun")

    second = open_any()  # the first was never closed
    assert second.row(KEY) == saved
    assert [entry.text for entry in second.timeline(KEY)] == ["begun"]
    assert second.record_delivery(ports.Delivered("guid", "pull_request", "opened"), [KEY]) is False
    assert second.take("next", LEASE, CLUSTER) is None, "the crashed one may still be working"
    time.advance(LEASE)
    row, new = taken(second, "next")
    assert row.stack_exists
    assert new.token > lease.token
    with pytest.raises(errors.LeaseLostError):
        first.save(lease, reason="the crashed one wakes up")


def test_an_open_store_is_healthy(store: ports.Store) -> None:
    assert store.healthy()


# -- lanes ----------------------------------------------------------------------------------------


def test_each_lane_answers_a_wish_by_itself(store: ports.Store) -> None:
    store.hint(KEY)
    edge = store.take("worker", LEASE, (model.Lane.EDGE,))
    assert edge is not None
    assert edge[0].lane is model.Lane.EDGE
    row, lease = taken(store)
    store.release(lease, row.wanted, None)
    assert store.take("worker", LEASE) is None, "the edge is held, the cluster is done"
    store.release(edge[1], 0, None)
    again = store.take("worker", LEASE)
    assert again is not None
    assert again[0].lane is model.Lane.EDGE


def test_a_lease_is_of_its_lane_alone(store: ports.Store) -> None:
    store.hint(KEY)
    _, lease = taken(store)
    store.save(lease, phase="ready", commit="a" * 40)
    lanes = store.lanes(KEY)
    assert lanes[model.Lane.CLUSTER].phase is model.Phase.READY
    assert lanes[model.Lane.CLUSTER].leased
    assert lanes[model.Lane.EDGE].phase is model.Phase.ABSENT
    assert not lanes[model.Lane.EDGE].leased
    assert store.lanes(OTHER) == {}


def test_a_phase_knows_since_when(store: ports.Store, time: clock.ManualClock) -> None:
    store.hint(KEY)
    _, lease = taken(store)
    time.advance(5)
    row = store.save(lease, phase="provisioning")
    since = row.phase_since
    assert since == time.now()
    time.advance(5)
    assert store.save(lease, phase="provisioning", reason="on the way").phase_since == since


def test_progress_and_absence_come_back_as_they_were(store: ports.Store) -> None:
    store.hint(KEY)
    _, lease = taken(store)
    pod = model.PodProgress("web", "web-1", False, "Waiting", model.PodTrouble.CRASHING, "exit 1")
    progress = model.Progress((model.ServiceProgress("web", 2, 1, (pod,)),))
    absence = model.Absence(("nodes",), (model.Remnant("Node", "n"),), clock.ManualClock().now())
    store.save(lease, progress=progress, absence=absence)
    row = store.row(KEY)
    assert row is not None
    assert (row.progress, row.absence) == (progress, absence)
    assert store.save(lease, progress=None).progress is None


@pytest.mark.parametrize(
    "images",
    [
        model.Images(),
        model.Images(awaited="a" * 40, since=clock.ManualClock().now()),
        model.Images("a" * 40, {"registry.test/web:1": "sha256:1"}),
    ],
)
def test_what_is_known_of_images_comes_back_as_it_was(
    store: ports.Store, images: model.Images
) -> None:
    store.hint(KEY)
    row, lease = taken(store)
    assert row.images is None
    assert store.save(lease, images=images).images == images
    row = store.row(KEY)  # type: ignore[assignment]
    assert row.images == images
    assert store.save(lease, images=None).images is None


# -- adoption and rights --------------------------------------------------------------------------


def test_what_exists_is_admitted_once(store: ports.Store) -> None:
    assert store.adopt(KEY) is True
    row, _ = taken(store)
    assert (row.stack_exists, row.wanted) == (True, 1)
    assert store.adopt(KEY) is False


def test_adopting_what_a_lane_denies(store: ports.Store) -> None:
    store.hint(KEY)
    _, lease = taken(store)
    store.save(lease, stack_exists=True)
    assert store.adopt(KEY) is True, "the other lane denied it"
    assert all(row.stack_exists for row in store.lanes(KEY).values())


def test_a_row_that_is_doubted_believes_in_no_commit(store: ports.Store) -> None:
    store.hint(KEY)
    row, lease = taken(store)
    store.save(lease, phase="ready", commit="a" * 40, stack_exists=True)
    store.release(lease, row.wanted, None)
    store.doubt(KEY)
    again, _ = taken(store)
    assert (again.commit, again.stack_exists, again.wanted) == (None, True, 2)


def test_a_right_is_one_owners_until_it_runs_out(open_any: Open, time: clock.ManualClock) -> None:
    first, second = open_any(), open_any()
    assert first.may("sweep", "first", 60)
    assert not second.may("sweep", "second", 60)
    time.advance(30)
    assert first.may("sweep", "first", 60), "kept"
    time.advance(45)
    assert not second.may("sweep", "second", 60)
    assert second.may("other", "second", 60)
    time.advance(60)
    assert second.may("sweep", "second", 60)
    assert not first.may("sweep", "first", 60)


# -- commands and life ----------------------------------------------------------------------------

NINE = datetime.datetime(2026, 1, 1, 9, tzinfo=datetime.UTC)


def command(text: str = "pin", comment: int = 1, line: int = 1, seconds: int = 0) -> model.Command:
    at = NINE + datetime.timedelta(seconds=seconds)
    return model.Command(KEY, comment, line, text, "ada", at)


def ended(found: model.Command, answer: str = "so be it") -> model.Command:
    return dataclasses.replace(found, state=model.CommandState.DONE, answer=answer)


def test_a_command_is_kept_once_and_is_a_wish(store: ports.Store) -> None:
    given = command("extend 60", comment=2**40)
    assert store.record_command(given) is True
    assert store.commands(KEY) == [given]
    row, lease = taken(store)
    store.release(lease, row.wanted, None)
    again = dataclasses.replace(given, key=model.EnvironmentKey("Acme/Shop", 7), text="pin")
    assert store.record_command(again) is False, "an edited comment asks for nothing new"
    assert store.commands(KEY) == [given]
    assert store.take("worker", LEASE, CLUSTER) is None
    assert store.commands(OTHER) == []


def test_lines_of_a_comment_and_comments_are_commands_of_their_own(store: ports.Store) -> None:
    for comment, line in ((2, 1), (1, 2), (1, 1)):
        assert store.record_command(command(comment=comment, line=line)) is True
    assert store.record_command(dataclasses.replace(command(), key=OTHER)) is True
    assert [(one.comment_id, one.line) for one in store.commands(KEY)] == [(1, 1), (1, 2), (2, 1)]
    assert [one.key for one in store.commands(OTHER)] == [OTHER]


def test_commands_run_one_after_another_in_the_order_of_their_comments(store: ports.Store) -> None:
    store.record_command(command("wake", comment=3, seconds=20))
    store.record_command(command("sleep", comment=9, seconds=10))
    _, lease = taken(store)
    ran = []
    while (found := store.begin_command(lease)) is not None:
        assert found.state is model.CommandState.RUNNING
        ran.append(found.text)
        store.finish_command(lease, ended(found))
    assert ran == ["sleep", "wake"]
    assert {one.state for one in store.commands(KEY)} == {model.CommandState.DONE}
    assert {one.answer for one in store.commands(KEY)} == {"so be it"}
    assert store.record_command(command("wake", comment=3, seconds=20)) is False
    assert store.begin_command(lease) is None, "never a second time"


def test_a_command_that_was_interrupted_comes_first_again(
    store: ports.Store, time: clock.ManualClock
) -> None:
    store.record_command(command("pin", comment=5, seconds=5))
    _, old = taken(store)
    begun = store.begin_command(old)
    store.record_command(command("sleep", comment=4, seconds=0))
    time.advance(LEASE)
    _, new = taken(store)
    for stale in (
        lambda: store.begin_command(old),
        lambda: store.finish_command(old, ended(command("pin", comment=5, seconds=5))),
    ):
        with pytest.raises(errors.LeaseLostError):
            stale()
    assert store.begin_command(new) == begun
    assert begun is not None
    store.finish_command(new, ended(begun))
    following = store.begin_command(new)
    assert following is not None
    assert following.text == "sleep"


def test_a_commands_end_and_its_effect_are_kept_together(store: ports.Store) -> None:
    store.record_command(command("pin"))
    _, lease = taken(store)
    found = store.begin_command(lease)
    assert found is not None
    life = model.Life(pinned=True, pin_order=found.order, commanded_at=NINE)
    row = store.finish_command(lease, ended(found), life)
    assert row.life == life
    assert row.wanted == 2, "the other lanes look at it"
    assert {lane.life for lane in store.lanes(KEY).values()} == {life}
    with pytest.raises(ValueError, match="running"):
        store.finish_command(lease, found, model.Life())
    assert store.row(KEY) == row


def test_a_life_is_the_whole_environments(store: ports.Store) -> None:
    store.hint(KEY)
    store.hint(OTHER)
    before, lease = taken(store)
    assert before.life == model.Life()
    life = model.Life(
        began_at=NINE,
        head="a" * 40,
        pushed_at=NINE,
        commanded_at=NINE,
        traffic_at=NINE,
        expires_at=NINE,
        ends_at=NINE,
        pinned=True,
        pin_order="1",
        asleep=True,
        sleep_order="2",
        wished=False,
        wish_order="3",
        chosen="b" * 40,
        chosen_over="d" * 40,
        labelled=True,
        approved="c" * 40,
        overrides=(model.Override("LEVEL", "debug", "4"), model.Override("OLD", None, "5")),
    )
    assert store.save(lease, life=life, reason="why").life == life
    assert {lane.life for lane in store.lanes(KEY).values()} == {life}
    assert {lane.life for lane in store.lanes(OTHER).values()} == {model.Life()}
    assert store.save(lease, life=model.Life()).life == model.Life()


def test_commands_recorded_side_by_side_are_kept_once(open_any: Open) -> None:
    stores = [open_any(), open_any()]
    new = []

    def work(index: int) -> None:
        for number in range(5):
            new.append(stores[index % 2].record_command(command(comment=number)))

    side_by_side(6, work)
    assert sum(new) == 5
    assert len(stores[0].commands(KEY)) == 5


def test_hints_and_ends_of_commands_do_not_block_one_another(open_any: Open) -> None:
    hinting, working = open_any(), open_any()
    for number in range(20):
        working.record_command(command(comment=number))
    _, lease = taken(working)

    def work(index: int) -> None:
        if index:
            for _ in range(20):
                hinting.hint(KEY)
        else:
            while (found := working.begin_command(lease)) is not None:
                working.finish_command(lease, ended(found), model.Life(pinned=True))
                working.save(lease, life=model.Life(asleep=True))

    side_by_side(2, work)
    row = working.row(KEY)
    assert row is not None
    # Each end changed the life, which is another hint.
    assert (row.wanted, row.life) == (60, model.Life(asleep=True))


def test_an_output_is_told_once(store: ports.Store) -> None:
    store.record_command(command("logs", comment=1))
    store.record_command(command("pin", comment=2))
    _, lease = taken(store)
    logs, pin = (store.begin_command(lease) for _ in range(2))
    assert logs is not None
    assert store.untold() == []
    shown = dataclasses.replace(ended(logs), output="```text\nup\n```")
    store.finish_command(lease, shown)
    second = store.begin_command(lease)
    assert second is not None
    store.finish_command(lease, ended(second))
    assert store.untold() == [shown], "and none of what shows nothing"
    store.answered(shown)
    store.answered(dataclasses.replace(shown, key=OTHER))
    assert store.untold() == []
    assert store.commands(KEY)[0] == dataclasses.replace(shown, answered=True)
    assert pin == logs, "what was begun comes first again"


def test_a_command_of_a_review_stays_one(store: ports.Store) -> None:
    given = dataclasses.replace(command(), source=model.CommandSource.REVIEW)
    store.record_command(given)
    assert store.commands(KEY) == [given]


def test_a_delivery_is_kept_together_with_its_commands(store: ports.Store) -> None:
    delivered = ports.Delivered("guid", "issue_comment", "created", "ada")
    both = [command("pin", line=1), command("sleep", line=2)]
    assert store.record_delivery(delivered, [KEY], both) is True
    assert store.commands(KEY) == both
    row = store.row(KEY)
    assert row is not None
    assert store.record_delivery(delivered, [KEY], both) is False
    assert store.commands(KEY) == both
    again = store.row(KEY)
    assert again is not None
    assert again.wanted == row.wanted + 1, "a look, and no command"


def test_a_delivery_is_a_hint_for_each_of_its_environments(store: ports.Store) -> None:
    store.record_delivery(ports.Delivered("guid", "check_suite", "rerequested"), [OTHER, KEY])
    assert [store.row(key) is not None for key in (KEY, OTHER)] == [True, True]


def test_a_commit_is_a_hint_for_those_that_ask_for_it(store: ports.Store) -> None:
    store.hint(KEY)
    row, lease = taken(store)
    store.save(lease, target="a" * 40)
    store.release(lease, row.wanted, None)
    assert store.hint_commit("acme/shop", "b" * 40) == []
    assert store.hint_commit("other/shop", "a" * 40) == []
    assert store.take("worker", LEASE, CLUSTER) is None
    assert store.hint_commit("Acme/Shop", "a" * 40) == [KEY]
    assert store.take("worker", LEASE, CLUSTER) is not None


MAIN = model.EnvironmentKey("acme/shop", branch="main")


def test_branches_and_definitions_are_environments_of_their_own(store: ports.Store) -> None:
    keys = [KEY, KEY.defined("admin"), MAIN, MAIN.defined("admin")]
    for key in keys:
        store.hint(key)
        row = store.row(key)
        assert row is not None
        assert (row.key, row.name) == (key, naming.environment_name(key))
        given = dataclasses.replace(command("up"), key=key)
        assert store.record_command(given)
        assert store.commands(key) == [given]
    assert {row.key for row in store.rows()} == set(keys)
    key = KEY.defined("admin")
    taken_row, lease = _leased(store, key)
    assert (taken_row.key, lease.key) == (key, key)


def _leased(store: ports.Store, key: model.EnvironmentKey) -> tuple[ports.Row, ports.Lease]:
    for _ in range(8):
        found = store.take("worker", LEASE, CLUSTER)
        assert found is not None
        if found[0].key == key:
            return found
    raise AssertionError(key)


def test_a_push_hints_every_environment_of_its_branch(store: ports.Store) -> None:
    other = model.EnvironmentKey("acme/shop", branch="Main")
    for key in (KEY, MAIN, MAIN.defined("admin"), other):
        store.hint(key)
    assert store.hint_branch("Acme/Shop", "main") == [MAIN, MAIN.defined("admin")]
    assert store.hint_branch("acme/shop", "none") == []
    assert _wanted(store, MAIN, MAIN.defined("admin"), other, KEY) == [2, 2, 1, 1]


def test_a_hint_reaches_every_definition_that_there_is(store: ports.Store) -> None:
    for key in (KEY, KEY.defined("admin"), OTHER.defined("admin"), MAIN.defined("admin")):
        store.hint(key)
    store.hint_definitions(KEY)
    keys = (KEY, KEY.defined("admin"), OTHER.defined("admin"), MAIN.defined("admin"))
    assert _wanted(store, *keys) == [1, 2, 1, 1]


def _wanted(store: ports.Store, *keys: model.EnvironmentKey) -> list[int]:
    found = {row.key: row.wanted for row in store.rows()}
    return [found[key] for key in keys]


def _room(most: int) -> ports.Wait:
    return lambda made: 0.0 if len(made) < most else 7.0


def test_writes_are_counted_until_an_hour_has_passed(
    store: ports.Store, time: clock.ManualClock
) -> None:
    seconds, number = store.spend("acme", 3, _room(3))
    assert seconds == 0.0
    assert store.written("acme") == [time.now()] * 3
    assert store.spend("acme", 1, _room(3)) == (7.0, 0)
    assert store.spend("other", 1, _room(3))[0] == 0.0
    time.advance(60)
    assert store.written("acme") == [time.now()] * 3, "they are still on their way"
    store.spent(number, 1)
    made = time.now()
    time.advance(60)
    assert store.written("acme") == [made]
    _, second = store.spend("acme", 2, _room(3))
    store.spent(second, 2)
    assert store.written("acme") == [made, time.now(), time.now()]
    time.advance(3600)
    assert store.written("acme") == []
    assert store.spend("acme", 3, _room(1))[0] == 0.0


def test_nobody_counts_beside_another(store: ports.Store) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: store.spend("acme", 1, _room(5))[0], range(24)))
    assert found.count(0.0) == 5
    assert len(store.written("acme")) == 5


def test_a_mark_is_kept_by_name(store: ports.Store) -> None:
    assert store.mark("comments acme/shop") is None
    store.set_mark("comments acme/shop", NINE)
    store.set_mark("comments acme/other", NINE + datetime.timedelta(hours=1))
    assert store.mark("comments acme/shop") == NINE
    store.set_mark("comments acme/shop", NINE + datetime.timedelta(hours=2))
    assert store.mark("comments acme/shop") == NINE + datetime.timedelta(hours=2)


def test_who_made_what_happen_is_kept(store: ports.Store, time: clock.ManualClock) -> None:
    start = time.now()
    store.record_delivery(ports.Delivered("1", "pull_request", "opened", "bob"), [KEY])
    time.advance(60)
    store.record_delivery(
        ports.Delivered("2", "issue_comment", "created", "ada"), (), [command("pin", seconds=-30)]
    )
    store.record_delivery(ports.Delivered("3", "pull_request", "labeled", "eve"), [OTHER])
    _, lease = taken(store)
    found = store.begin_command(lease)
    assert found is not None
    store.finish_command(lease, ended(found, "it is pinned"))
    asked = model.Deed(found.asked_at, "ada", "pin (done: it is pinned)")
    assert store.deeds(KEY) == sorted([model.Deed(start, "bob", "pull_request opened"), asked])
