"""Events of one pull request that meet (docs/reliability.md, 25 to 28)."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, model, ports
from bot.model import Phase
from bot.reconcile import deadlines
from bot.webhook import payloads
from tests.unit.bot.reconcile.stand import KEY, A, B, C, Stand
from tests.unit.reliability.world import nothing_is_left, ready_commits, serves

D = "d" * 40
STAGE = frozenset({"stage"})

# -- a newer commit -------------------------------------------------------------------------------


def test_the_newest_of_several_pushes_wins_and_those_between_are_skipped(both: Stand) -> None:
    both.open(A)
    for moment, commit in ((1.0, B), (1.5, C), (2.0, D)):
        both.clock.at(moment, lambda commit=commit: both.push(commit))  # type: ignore[misc]
    both.rest()
    serves(both, D)
    made = [one for one in both.engine.operations if one.name == both.row.stack]
    assert len(made) == 2, "one for the first commit, one for the newest"
    assert ready_commits(both) == [D]


@pytest.mark.parametrize("moment", [at / 20 for at in range(60, 120)])
def test_no_stale_commit_is_ever_told_ready(both: Stand, moment: float) -> None:
    """Each news of readiness is compared with the pull request as it is at that moment."""
    both.engine.seconds = 4.3  # ends between two looks for a newer wish
    both.open(A)
    both.clock.at(moment, lambda: both.push(B))
    report = both.reporter.report
    stale: list[str | None] = []
    before: list[str | None] = [None]

    def listen(told: model.Report) -> None:
        report(told)
        news = told.commit if told.phase is Phase.READY else None
        # What was told before, and still serves, may be told again until the update begins.
        if news not in (None, before[-1], both.hub.pull_requests[KEY].head_sha):
            stale.append(news)
        before.append(news)

    both.reporter.report = listen  # type: ignore[method-assign,assignment]
    both.rest()
    both.clock.advance(10)
    both.rest()
    serves(both, B)
    assert stale == []


def test_a_commit_is_not_told_ready_before_its_update_begins(up: Stand) -> None:
    """GitHub has told the push, and then it does not answer when asked for the stage file."""
    up.configurer.fault = errors.UnreachableError("GitHub did not answer")
    up.push(B)
    up.settle()
    assert (up.told.phase, up.told.reason) == (Phase.READY, "GitHub did not answer")
    assert up.told.commit == A, "that is what serves"
    up.configurer.fault = None
    up.rest()
    serves(up, B)


def test_no_environment_of_mixed_commits_is_told_ready(up: Stand) -> None:
    up.engine.failures = ["quota exceeded"]
    up.push(B)
    assert up.once()
    assert up.world.commits(up.row.name) == {A, B}
    assert up.told.phase is not Phase.READY
    up.rest()
    serves(up, B)
    assert up.world.commits(up.row.name) == {B}


@pytest.mark.parametrize("moment", [0.5, 2.0, 4.5, 30.0])
def test_a_force_push_back_to_an_old_commit_leaves_nothing_stale(up: Stand, moment: float) -> None:
    up.push(B)
    up.clock.at(moment, lambda: up.push(A))
    up.rest()
    up.clock.advance(60)
    up.rest()
    serves(up, A)


# -- a close --------------------------------------------------------------------------------------


def test_closing_while_coming_up_destroys_without_finishing_the_update(both: Stand) -> None:
    both.engine.seconds = 500.0
    both.open(A)
    began = both.clock.now()
    both.clock.at(10.0, both.shut)
    assert both.once()
    first = both.engine.operations[0]
    assert (first.verb, first.cancelled) == ("up", True)
    assert (both.clock.now() - began).total_seconds() < 12.0
    both.engine.seconds = 4.0
    both.rest()
    assert ready_commits(both) == []
    nothing_is_left(both)


def test_taking_the_label_away_cancels_the_update(both: Stand) -> None:
    both.engine.seconds = 500.0
    both.open(A)
    both.clock.at(10.0, lambda: both.change(labels=frozenset({"bug"})))
    assert both.once()
    assert both.engine.operations[0].cancelled
    both.engine.seconds = 4.0
    both.rest()
    nothing_is_left(both)


@pytest.mark.parametrize("moment", [1.0, 5.0, 25.0])
def test_reopened_while_it_goes_it_comes_back_whole(up: Stand, moment: float) -> None:
    up.shut()
    up.clock.at(moment, lambda: up.change(open=True))
    up.rest()
    up.clock.advance(60)
    up.rest()
    serves(up, A)
    assert up.world.edges, "with its edge"


# -- what changes nothing -------------------------------------------------------------------------

UNRELATED: dict[str, dict[str, object]] = {
    "label": {"labels": STAGE | {"bug"}},
    "title": {"title": "Change the shop window's colour"},
    "draft": {"draft": True},
    "base branch": {"base_ref": "release", "base_sha": "9" * 40},
    "head branch": {"head_ref": "door"},
}


@pytest.mark.parametrize("what", UNRELATED)
@pytest.mark.parametrize("moment", [0.5, 2.0, 4.5, 30.0])
def test_an_unrelated_label_or_edit_cancels_nothing(both: Stand, what: str, moment: float) -> None:
    both.open(A)
    both.clock.at(moment, lambda: both.change(**UNRELATED[what]))
    both.rest()
    both.clock.advance(60)
    both.rest()
    serves(both, A)
    assert not any(operation.cancelled for operation in both.engine.operations)
    assert both.verbs == ["up", "up"], "one for each lane, and nothing anew"
    assert ready_commits(both) == [A]


def test_a_comment_or_a_review_is_no_hint() -> None:
    for event in ("issue_comment", "pull_request_review", "pull_request_review_comment", "status"):
        assert payloads.parse(event, b'{"action": "created"}').key is None


def test_a_draft_and_back_changes_nothing(up: Stand) -> None:
    for draft in (True, False):
        up.change(draft=draft)
        up.rest()
    assert up.verbs == ["up", "up"]
    serves(up, A)


# -- two at once ----------------------------------------------------------------------------------


def test_two_different_events_of_one_pull_request_never_run_at_once(both: Stand) -> None:
    both.open(A)
    taken: list[model.Lane] = []

    def second() -> None:
        """Another replica looks for work in the middle of the first one's pass."""
        both.change(labels=STAGE | {"bug"}, head_sha=B)
        running = {one.name for one in both.engine.running()}
        found = both.store.take("another", deadlines.LEASE_SECONDS, both.lanes)
        while found is not None:
            assert found[0].stack not in running
            taken.append(found[0].lane)
            both.store.release(found[1], found[0].seen, None)
            if taken.count(found[0].lane) > 1:
                break
            found = both.store.take("another", deadlines.LEASE_SECONDS, both.lanes)

    both.clock.at(1.0, second)
    assert both.once()
    assert model.Lane.EDGE in taken, "a lane that nobody works on is free"
    assert model.Lane.CLUSTER not in taken
    both.rest()
    assert not both.engine.overlaps
    serves(both, B)


def _events(stand: Stand) -> dict[str, Callable[[], None]]:
    return {
        "push": lambda: stand.hub.change(KEY, head_sha=B),
        "label": lambda: stand.hub.change(KEY, labels=STAGE | {"bug"}),
        "close": lambda: stand.hub.change(KEY, open=False),
        "reopen": lambda: stand.hub.change(KEY, open=True),
    }


@pytest.mark.parametrize("order", list(itertools.permutations(["opened", "push", "closed"])))
def test_deliveries_that_come_out_of_order_strand_nothing(
    both: Stand, order: tuple[str, ...]
) -> None:
    """Everything has happened before the first delivery comes; none says what is true now."""
    both.hub.open(KEY, A, "stage")
    both.hub.change(KEY, head_sha=B)
    both.hub.change(KEY, open=False)
    for at, event in enumerate(order):
        both.store.record_delivery(ports.Delivered(f"guid-{at}", "pull_request", event), [KEY])
        both.rest()
    nothing_is_left(both)
    both.hub.change(KEY, open=True)
    both.store.record_delivery(ports.Delivered("guid-9", "pull_request", "reopened"), [KEY])
    both.rest()
    serves(both, B)


MOMENTS = st.lists(
    st.tuples(
        st.floats(0.0, 20.0),
        st.sampled_from(["push", "label", "close", "reopen"]),
        st.integers(0, 2),
    ),
    max_size=6,
)


@given(MOMENTS)
def test_deliveries_dropped_doubled_and_delayed_end_in_the_same_world(
    events: list[tuple[float, str, int]],
) -> None:
    stand = Stand(with_edge=True)
    stand.open(A)
    for moment, event, copies in events:
        stand.clock.at(moment, _events(stand)[event])
        for copy in range(copies):
            stand.clock.at(moment + 3.0 * copy, lambda: stand.store.hint(KEY))
    stand.rest()
    stand.clock.advance(30)
    stand.store.hint(KEY)
    stand.rest()
    found = stand.hub.pull_requests[KEY]
    if found.open:
        serves(stand, found.head_sha)
    else:
        nothing_is_left(stand)
    assert not stand.engine.overlaps
