import dataclasses

import hypothesis
import hypothesis.strategies as st
import pytest

from bot.clearing import edge
from bot.clearing.edge import Policy, Route, Staging

MINE = Staging("E2", "d2.test", enabled=True, deployed=True, ours=True)
POLICY = Policy("P1", frozenset({"d2.test"}), ours=True)


def steps(route: Route) -> list[object]:
    return [finding.step for finding in edge.findings(route) if finding.step is not None]


def route(attached: str, policy: Policy | None, *staging: Staging) -> Route:
    return Route("E1", attached, (policy,) if policy else (), staging)


@pytest.mark.parametrize(
    ("state", "step"),
    [
        pytest.param(route("P1", POLICY, MINE), edge.Detach("E1", "P1"), id="attached"),
        pytest.param(route("", POLICY, MINE), edge.DeletePolicy("P1"), id="detached"),
        pytest.param(route("P9", POLICY, MINE), edge.DeletePolicy("P1"), id="another is attached"),
        pytest.param(route("P9", None, MINE), edge.Disable("E2"), id="no policy"),
        pytest.param(
            route("", None, dataclasses.replace(MINE, enabled=False)),
            edge.DeleteDistribution("E2"),
            id="disabled everywhere",
        ),
    ],
)
def test_the_next_step_is_the_only_one(state: Route, step: object) -> None:
    assert steps(state) == [step]


def test_what_waits_says_for_what() -> None:
    sentences = [finding.why for finding in edge.findings(route("P1", POLICY, MINE))]
    assert sentences == [
        "primary distribution E1 still leads to policy P1",
        "policy P1 can't go before it is detached from its primary",
        "distribution E2 can't be disabled before policy P1 goes",
    ]


def test_a_change_on_its_way_to_the_edges_is_waited_for() -> None:
    going = dataclasses.replace(MINE, enabled=False, deployed=False)
    (finding,) = edge.findings(route("", None, going))
    assert finding.why == "CloudFront is still bringing the end of distribution E2 to its edges"
    assert finding.step is None


@pytest.mark.parametrize("attached", ["P1", ""])
def test_what_somebody_else_made_is_told_and_left_alone(attached: str) -> None:
    theirs = dataclasses.replace(MINE, ours=False)
    state = route(attached, dataclasses.replace(POLICY, ours=False), theirs)
    assert steps(state) == []
    assert all("by hand" in finding.why for finding in edge.findings(state))


def test_somebody_elses_policy_on_our_distribution_is_told() -> None:
    state = route("", dataclasses.replace(POLICY, ours=False), MINE)
    assert steps(state) == []
    assert any("header that isn't the environment's" in one.why for one in edge.findings(state))


STAGINGS = st.builds(
    Staging,
    identifier=st.sampled_from(["E2", "E3"]),
    host=st.sampled_from(["d2.test", "d3.test"]),
    enabled=st.booleans(),
    deployed=st.booleans(),
    ours=st.booleans(),
)
POLICIES = st.builds(
    Policy,
    identifier=st.sampled_from(["P1", "P2"]),
    hosts=st.sampled_from(["d2.test", "d3.test", "d9.test"]).map(lambda host: frozenset({host})),
    ours=st.booleans(),
)
ROUTES = st.builds(
    Route,
    primary_id=st.just("E1"),
    attached=st.sampled_from(["", "P1", "P2", "P9"]),
    policies=st.lists(POLICIES, max_size=2, unique_by=lambda one: one.identifier).map(tuple),
    staging=st.lists(STAGINGS, max_size=2, unique_by=lambda one: one.identifier).map(tuple),
)


@hypothesis.given(ROUTES)
def test_only_ours_is_touched_and_only_when_cloudfront_allows_it(state: Route) -> None:
    policies = {one.identifier: one for one in state.policies}
    staging = {one.identifier: one for one in state.staging}
    for step in steps(state):
        match step:
            case edge.Detach(primary, policy):
                assert (primary, policy) == ("E1", state.attached)
                assert policies[policy].ours
            case edge.DeletePolicy(policy):
                assert policies[policy].ours
                assert policy != state.attached
            case edge.Disable(identifier) | edge.DeleteDistribution(identifier):
                one = staging[identifier]
                assert one.ours
                assert not any(one.host in policy.hosts for policy in state.policies)
                if isinstance(step, edge.DeleteDistribution):
                    assert one.deployed
                    assert not one.enabled


@hypothesis.given(ROUTES)
def test_what_is_drained_has_nothing_to_do_but_to_delete(state: Route) -> None:
    if state.drained:
        assert all(isinstance(step, edge.DeleteDistribution) for step in steps(state))
    else:
        waiting = [one for one in edge.findings(state) if "still bringing" in one.why]
        assert steps(state) or waiting
