"""The table of who writes which field, held against what the program makes."""

from collections.abc import Mapping
from typing import Any

import pytest

from infra import ownership
from tests.unit.infra.test_preview import Recorder, run


def sets(item: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    """Whether an object says anything about a field."""
    found: Any = item
    for key in path:
        if not isinstance(found, Mapping) or key not in found:
            return False
        found = found[key]
    return True


@pytest.fixture(scope="module")
def made() -> Recorder:
    return run(Recorder())


@pytest.mark.parametrize("shared", ownership.TABLE, ids=lambda one: f"{one.kind} {one.path[-1]}")
def test_the_program_sets_no_field_of_somebody_elses(
    made: Recorder, shared: ownership.Shared
) -> None:
    items = [item for item in made.kind(f":{shared.kind}") if item.get("kind") == shared.kind]
    assert items, f"the program makes no {shared.kind}: is the table's row still needed?"
    assert {sets(item, shared.path) for item in items} == {shared.first_by_program}


def test_each_field_has_one_owner_and_each_owner_its_own_manager() -> None:
    fields = [(one.kind, one.path) for one in ownership.TABLE]
    assert len(set(fields)) == len(fields)
    managers = [manager for one in ownership.TABLE for manager in one.managers]
    assert len(set(managers)) == len(managers)
    assert not any(manager.startswith(ownership.PROGRAM) for manager in managers)


@pytest.mark.parametrize(
    ("item", "there"),
    [
        ({"spec": {"weight": 1}}, True),
        ({"spec": {"weight": None}}, True),
        ({"spec": {}}, False),
        ({"spec": "weight"}, False),
        ({}, False),
    ],
)
def test_a_field_is_found_where_it_is_set(item: dict[str, Any], there: bool) -> None:
    assert sets(item, ("spec", "weight")) is there
