from __future__ import annotations

import dataclasses

import pytest

from bot import cost, model, ports
from bot.model import Phase
from infra.contract import StageFile, outputs
from tests.unit.bot.reconcile.stand import Stand

STAGE = StageFile.parse("""\
services:
  web:
    image: "registry.test/web:{sha}"
    port: 80
    replicas: 3
    resources: {cpu: 250m, memory: 512Mi}
  api: {image: "registry.test/api:{sha}", port: 80, resources: {cpu: 1, memory: 1G}}
""")
PRICES = cost.Prices(core_hour=0.04, gib_hour=0.005, currency="€")


@pytest.fixture
def row() -> ports.Row:
    stand = Stand()
    stand.open()
    given = {outputs.CPU: f"{STAGE.cores:g}", outputs.MEMORY: f"{STAGE.gib:g}"}
    return dataclasses.replace(stand.row, phase=Phase.READY, outputs=given)


def of(row: ports.Row) -> model.Cost:
    return PRICES.of({model.Lane.CLUSTER: row})


def test_what_its_services_request_is_counted_with_their_replicas() -> None:
    assert STAGE.cores == pytest.approx(1.75)
    assert STAGE.gib == pytest.approx(1.5 + 1e9 / 2**30)


def test_what_was_used_is_kept_and_what_runs_is_told_a_day(row: ports.Row) -> None:
    used = cost.used(row, 7200)
    assert used.core_hours == pytest.approx(3.5)
    assert used.gib_hours == pytest.approx(2 * STAGE.gib, rel=1e-4)
    told = of(dataclasses.replace(row, usage=used))
    assert told.so_far == pytest.approx(3.5 * 0.04 + 2 * STAGE.gib * 0.005, rel=1e-4)
    assert told.a_day == pytest.approx(24 * (1.75 * 0.04 + STAGE.gib * 0.005), rel=1e-4)
    assert told.shown(told.a_day).startswith("€1.")


@pytest.mark.parametrize("phase", [Phase.ABSENT, Phase.WAITING, Phase.SLEEPING])
def test_what_does_not_run_costs_nothing_more(row: ports.Row, phase: Phase) -> None:
    row = dataclasses.replace(row, phase=phase, usage=model.Usage(1, 1))
    assert cost.used(row, 86_400) == model.Usage(1, 1)
    assert of(row).a_day == 0


@pytest.mark.parametrize("given", [{}, {outputs.CPU: "many"}, {outputs.CPU: -1}, {outputs.CPU: {}}])
def test_what_an_older_bot_made_is_not_counted(row: ports.Row, given: dict[str, object]) -> None:
    assert of(dataclasses.replace(row, outputs=given)).a_day == 0


def test_each_phase_is_counted_when_it_ends() -> None:
    stand = Stand()
    stand.engine.outputs = {outputs.CPU: "2", outputs.MEMORY: "4"}
    stand.open()
    stand.settle()
    before = stand.row.usage
    stand.clock.advance(3600)
    stand.shut()
    stand.settle()
    after = stand.row.usage
    assert after.core_hours - before.core_hours == pytest.approx(2.0, rel=0.01)
    assert after.gib_hours - before.gib_hours == pytest.approx(4.0, rel=0.01)
