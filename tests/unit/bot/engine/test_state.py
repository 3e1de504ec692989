from __future__ import annotations

from typing import Any

import pytest

from bot import model
from bot.engine import repair, state

KEY = model.EnvironmentKey("Acme.x/shop_1", 7)
CLAIM = {"repository": "Acme.x/shop_1", "pullRequest": "7", "driver": "bot"}
ROOT = {"urn": "u", "type": "pulumi:pulumi:Stack", "outputs": {}}


def component(**changes: str) -> dict[str, Any]:
    inputs = {**CLAIM, **changes}
    return {"urn": "u", "type": "understudy:index:PreviewEnvironment", "inputs": inputs}


def namespace(driver: str) -> dict[str, Any]:
    annotations = {"understudy.dev/repository": "Acme.x/shop_1", "understudy.dev/driver": driver}
    metadata = {"annotations": annotations, "labels": {"understudy.dev/pull-request": "7"}}
    return {"urn": "u", "type": "kubernetes:core/v1:Namespace", "inputs": {"metadata": metadata}}


def test_the_outputs_of_an_update_that_ended_say_whose_it_is() -> None:
    resources = [{**ROOT, "outputs": CLAIM}, component(driver="hand")]
    assert state.origin({"resources": resources}) == model.Origin(KEY, by_hand=False)


def test_a_half_made_stack_says_it_by_its_component() -> None:
    resources = [ROOT, component(driver="hand")]
    assert state.origin({"resources": resources}) == model.Origin(KEY, by_hand=True)


@pytest.mark.parametrize(("driver", "by_hand"), [("bot", False), ("hand", True)])
def test_or_by_its_namespace_even_one_whose_creation_was_interrupted(
    driver: str, by_hand: bool
) -> None:
    pending = [{"type": "creating", "resource": namespace(driver)}]
    found = state.origin({"resources": [ROOT], repair.PENDING: pending})
    assert found == model.Origin(KEY, by_hand)


def test_a_stack_that_does_not_say_who_made_it_counts_as_a_persons() -> None:
    claim = {"repository": KEY.repository, "pullRequest": "7"}
    found = state.origin({"resources": [{**ROOT, "outputs": claim}]})
    assert found == model.Origin(KEY, by_hand=True)


@pytest.mark.parametrize(
    "deployment",
    [{}, {"resources": None}, {"resources": [ROOT]}, {"resources": [component(pullRequest="x")]}],
)
def test_a_state_that_tells_nothing_has_no_origin(deployment: dict[str, Any]) -> None:
    assert state.origin(deployment) is None
