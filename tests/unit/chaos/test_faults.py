"""Points as words, and the plan of faults."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies as st

from tests.chaos import faults
from tests.chaos.faults import Plan, Point, Rule, Weather

CALLS = st.sampled_from(["PATCH apps/deployments", "CreateDistribution", "POST repos/deployments"])
POINTS = st.builds(
    Point,
    st.sampled_from(faults.STEPS),
    st.sampled_from(faults.SIDES),
    CALLS,
    st.sampled_from(faults.VICTIMS),
)


@hypothesis.given(POINTS)
def test_a_point_is_read_back(point: Point) -> None:
    assert Point.parse(str(point)) == point


@pytest.mark.parametrize(
    "text", ["", "open before engine", "now before X bot", "open at X bot", "open before X cat"]
)
def test_what_is_no_point_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no point"):
        Point.parse(text)


def test_a_rule_is_handed_out_once_and_on_its_side_only() -> None:
    plan = Plan()
    rule = Rule("X", "after", "kill", "bot")
    plan.arm(rule)
    assert plan.take("X", "before", "bot") is None
    assert plan.take("Y", "after", "bot") is None
    assert plan.take("X", "after", "bot") == rule
    assert plan.take("X", "after", "bot") is None


def test_a_rule_may_wait_for_who_makes_the_call() -> None:
    plan = Plan()
    rule = Rule("X", "after", "kill", "engine", by="engine")
    plan.arm(rule)
    assert plan.take("X", "after", "bot") is None
    assert plan.take("X", "after", "engine") == rule


def test_weather_falls_on_its_upstream_until_it_is_told_otherwise() -> None:
    plan = Plan()
    plan.settle("aws", Weather("down"))
    assert plan.weather("github") is None
    assert plan.weather("aws") == plan.weather("aws") == Weather("down")
    plan.settle("aws", None)
    assert plan.weather("aws") is None


def test_a_share_of_the_calls_is_met_and_always_the_same_ones() -> None:
    def met(plan: Plan) -> list[bool]:
        plan.settle("aws", Weather("error", 503, 0.05))
        return [plan.weather("aws") is not None for _ in range(2000)]

    first = met(Plan(7))
    assert first == met(Plan(7)) != met(Plan(8))
    assert 60 <= sum(first) <= 140


def test_nothing_is_left_of_a_plan_that_is_cleared() -> None:
    plan = Plan()
    plan.arm(Rule("X", "before", "drop"))
    plan.settle("aws", Weather("down"))
    plan.clear()
    assert plan.take("X", "before", "bot") is None
    assert plan.weather("aws") is None
