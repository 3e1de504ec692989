"""What peers leave behind, or call gone while it is there (docs/reliability.md, 1 to 18)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot import errors, model, ports
from bot.model import Lane, Phase
from bot.reconcile import deadlines
from tests.unit.bot.reconcile.stand import KEY, A, B, C, Stand
from tests.unit.reliability.world import OTHER, Sweeps, calm, name_of, nothing_is_left


def told_gone(stand: Stand) -> list[model.Report]:
    return [report for report in stand.reporter.reports if report.phase is Phase.ABSENT]


def held(stand: Stand, kind: str, why: str) -> None:
    """Something stays after each destroy, for this reason."""
    stand.world.linger_seconds = 1e9
    stand.clearer.obstacles = [model.Obstacle(model.Remnant(kind, stand.row.name), why)]


@pytest.mark.parametrize("updates", [0, 1, 3])
def test_a_close_destroys_whatever_number_of_updates_succeeded_before(
    up: Stand, updates: int
) -> None:
    for commit in (B, C, A)[:updates]:
        up.push(commit)
        up.rest()
    up.shut()
    up.rest()
    assert up.verbs.count("destroy") == 2, "one for each lane"
    nothing_is_left(up)


def test_a_failed_destroy_is_never_told_as_destroyed(up: Stand) -> None:
    up.engine.failures = ["the API server answered 500"] * 3 * deadlines.MAX_FAILURES
    up.shut()
    up.rest()
    assert up.verbs.count("destroy") >= deadlines.MAX_FAILURES
    assert not told_gone(up)
    assert (up.told.phase, up.told.reason) == (Phase.STUCK, "the API server answered 500")
    assert {row.stack for row in up.rows} == up.engine.stacks, "no stack is forgotten"
    assert all(row.stack_exists for row in up.rows)
    up.engine.failures = []
    up.store.hint(KEY)
    up.rest()
    nothing_is_left(up)
    assert told_gone(up)


def test_a_deletion_that_stalls_is_not_waited_for_and_never_forgotten(up: Stand) -> None:
    held(up, "Node", "its finalizer karpenter.sh/termination waits for a pod to end")
    up.shut()
    began = up.clock.now()
    assert up.once()
    assert (up.clock.now() - began).total_seconds() < 30, "no pass stalls with it"
    up.rest()
    assert not told_gone(up)
    assert up.row.phase is Phase.STUCK
    assert up.row.due_at is not None, "it is looked at on"
    up.world.lingering.clear()
    up.pass_due()
    up.rest()
    nothing_is_left(up)


def test_a_namespace_stuck_terminating_is_explained_and_not_told_as_gone(up: Stand) -> None:
    why = "it is Terminating: finalizer acme/hold of ConfigMap shop"
    held(up, "Namespace", why)
    up.shut()
    up.settle()
    assert (up.told.phase, up.told.reason) == (Phase.DESTROYING, why)
    assert not told_gone(up)


def test_what_never_became_ready_is_destroyed_all_the_same(both: Stand) -> None:
    both.world.start_seconds = 1e9
    both.open(A)
    both.settle()
    assert both.row.reason == "not every service became ready in time"
    both.shut()
    both.rest()
    nothing_is_left(both)


@pytest.mark.parametrize("moment", [at / 4 for at in range(30)])
def test_a_close_at_any_moment_of_an_update_never_sticks(both: Stand, moment: float) -> None:
    both.open(A)
    both.clock.at(moment, both.shut)
    both.rest()
    both.clock.advance(10)
    both.rest()
    assert {row.phase for row in both.rows} == {Phase.ABSENT}
    nothing_is_left(both)


def test_an_environment_whose_updates_always_fail_can_be_deleted(both: Stand) -> None:
    both.engine.failures = ["no such subnet"] * 40
    both.open(A)
    both.rest()
    assert both.row.phase is Phase.STUCK
    both.engine.failures = []
    both.shut()
    both.rest()
    nothing_is_left(both)


@pytest.mark.parametrize("source", ["github", "stacks", "inventory"])
@pytest.mark.parametrize(
    "message", ["GitHub answered 502", "the rate limit is used up", "no answer in 10 seconds"]
)
def test_a_transient_listing_error_deletes_nothing(up: Stand, source: str, message: str) -> None:
    up.hub.open(OTHER, B, "stage")
    up.store.hint(OTHER)
    calm(up)
    sweeps = Sweeps(up)
    part = {"github": up.hub, "stacks": sweeps.stacks, "inventory": sweeps.inventory}[source]
    part.fault = errors.UnreachableError(message)
    sweeps.run(5)
    part.fault = None
    sweeps.run(2)
    assert "destroy" not in up.verbs
    assert set(up.world.environments) == {name_of(KEY), name_of(OTHER)}


def test_an_empty_list_of_pull_requests_deletes_nothing_that_is_open(up: Stand) -> None:
    keys = [model.EnvironmentKey("acme/shop", number) for number in range(20, 25)]
    for key in keys:
        up.hub.open(key, A, "stage")
        up.store.hint(key)
    calm(up)
    up.hub.unlisted = {KEY, *keys}
    Sweeps(up, keys).run(4)
    assert "destroy" not in up.verbs, "the pass reads each pull request by itself"


def test_a_destroy_that_reports_success_while_something_stays_is_no_proof(up: Stand) -> None:
    removed: list[str] = []
    up.world.remove = removed.append  # type: ignore[method-assign,assignment]
    up.shut()
    up.settle()
    assert removed, "the engine said that it had deleted everything"
    assert up.row.stack not in up.engine.stacks
    assert not told_gone(up)
    assert up.told.absence is not None
    assert model.Remnant("Namespace", up.row.name) in up.told.absence.remnants


def test_a_stop_that_fails_is_tried_again_until_it_succeeds(up: Stand) -> None:
    up.engine.failures = ["the API server answered 500"] * 3
    up.shut()
    up.rest()
    assert up.verbs.count("destroy") == 5, "three failed, and then one for each lane"
    nothing_is_left(up)
    assert told_gone(up)


def test_a_merge_takes_every_commits_environment_away(up: Stand) -> None:
    up.engine.failures = ["quota exceeded"]
    up.push(B)
    assert up.once()
    assert up.world.commits(up.row.name) == {A, B}, "half of each"
    up.change(open=False, merged=True)
    up.rest()
    nothing_is_left(up)


def test_a_close_that_never_arrived_is_found_and_leaves_nothing(up: Stand) -> None:
    up.hub.change(KEY, open=False)
    up.rest()
    assert up.world.environments, "nobody knows of it yet"
    assert Sweeps(up).run(1) == ["missed-close"]
    nothing_is_left(up)


def test_a_lane_that_is_gone_lets_the_other_skip_no_destroy(up: Stand) -> None:
    up.world.drain_seconds = 300.0
    up.change(labels=frozenset())
    up.settle()
    assert up.row.phase is Phase.ABSENT
    assert up.edge_row.stack_exists
    assert not told_gone(up), "gone is said of all of it"
    up.rest()
    destroyed = {one.name for one in up.engine.operations if one.verb == "destroy"}
    assert destroyed == {row.stack for row in up.rows}
    nothing_is_left(up)


def test_a_close_rebuilds_nothing_before_it_deletes(up: Stand) -> None:
    up.engine.operations.clear()
    up.hub.change(KEY, head_sha=B)
    up.shut()
    up.rest()
    assert set(up.verbs) == {"destroy"}


def test_what_was_deleted_by_hand_breaks_nothing(up: Stand) -> None:
    up.world.environments.clear()
    up.engine.stacks.clear()
    Sweeps(up).run(2)
    assert up.world.commits(up.row.name) == {A}, "it is wanted, so it is made anew"
    up.world.environments.clear()
    up.engine.stacks.clear()
    up.world.edges.clear()
    up.shut()
    up.rest()
    assert told_gone(up)
    nothing_is_left(up)


def test_a_stack_that_can_not_be_read_does_not_end_the_sweep(up: Stand) -> None:
    sweeps = Sweeps(up)
    up.engine.stacks.add("pr-1-broken-abcdef")
    sweeps.stacks.unreadable.add("pr-1-broken-abcdef")
    up.hub.change(KEY, open=False)
    assert sweeps.run(1) == ["missed-close"]
    assert up.engine.stacks == {"pr-1-broken-abcdef"}, "and what can't be read is left alone"


def test_a_destroy_that_was_killed_is_made_again(up: Stand) -> None:
    up.shut()
    end = up.clock.now().timestamp() + 1
    assert up.once(stopping=lambda: up.clock.now().timestamp() > end)
    assert up.engine.operations[-1].cancelled
    assert not told_gone(up)
    up.rest()
    nothing_is_left(up)


def test_a_stack_stays_recorded_after_a_destroy_that_failed(up: Stand) -> None:
    up.engine.failures = ["signal: killed"]
    up.shut()
    assert up.once()
    assert up.row.stack in up.engine.stacks
    assert (up.row.stack_exists, up.row.removing) == (True, True)


def test_a_staging_distribution_in_use_is_drained_before_it_is_deleted(up: Stand) -> None:
    drained: list[bool] = []
    destroy = up.engine.destroy

    def watched(name: str, on_event: ports.OnEvent) -> ports.Operation:
        if name == up.edge_row.stack:
            drained.append(up.drain.drained(up.row.name))
        return destroy(name, on_event)

    up.engine.destroy = watched  # type: ignore[method-assign]
    up.world.drain_seconds = 300.0
    up.shut()
    up.rest()
    assert drained == [True], "no PreconditionFailed, no DistributionNotDisabled"
    nothing_is_left(up)


def test_a_node_claim_that_is_stranded_is_helped_and_told_until_it_is_gone(up: Stand) -> None:
    up.world.linger_seconds = 60.0
    claim = model.Remnant("NodeClaim", f"{up.row.name}-x2k9d")
    up.clearer.obstacles = [model.Obstacle(claim, "nobody deletes it", "it was deleted")]
    up.shut()
    up.rest()
    assert f"NodeClaim {claim.name}: it was deleted" in up.timeline
    assert "nobody deletes it" in {report.reason for report in up.reporter.reports}
    nothing_is_left(up)


def test_resources_whose_state_was_lost_are_found_and_taken_away(both: Stand) -> None:
    """A `file://` backend went with its machine, and the pull request was closed meanwhile."""
    both.world.apply(name_of(OTHER), "web", A)
    both.hub.open(OTHER, A)
    both.hub.change(OTHER, open=False)
    Sweeps(both).run(2)
    nothing_is_left(both)
    lanes: Mapping[Lane, ports.Row] = both.store.lanes(OTHER)
    assert {row.phase for row in lanes.values()} == {Phase.ABSENT}
