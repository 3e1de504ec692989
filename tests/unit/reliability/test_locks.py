"""What peers leave locked, or running after its owner (docs/reliability.md, 19 to 24)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping

import pytest

from bot import errors
from bot.engine import group
from bot.engine.stack import CLEARED
from bot.model import Phase
from bot.reconcile import deadlines
from infra.contract import inputs
from tests.unit.bot.engine.stand import NAME
from tests.unit.bot.engine.stand import Stand as EngineStand
from tests.unit.bot.reconcile.stand import KEY, A, B, Stand
from tests.unit.reliability.world import nothing_is_left, serves

# -- leases ---------------------------------------------------------------------------------------


def test_a_lease_whose_owner_died_expires_by_itself(up: Stand) -> None:
    up.push(B)
    taken = up.store.take("dies", deadlines.LEASE_SECONDS, up.lanes)
    other = up.store.take("dies", deadlines.LEASE_SECONDS, up.lanes)
    assert taken is not None
    assert other is not None
    assert not up.once(), "while it may live, nobody else works"
    up.clock.advance(deadlines.LEASE_SECONDS)
    up.rest()
    serves(up, B)
    with pytest.raises(errors.LeaseLostError):
        up.store.save(taken[1], reason="back from the dead")


def test_a_closed_pull_request_keeps_no_lock(up: Stand) -> None:
    up.shut()
    up.rest()
    assert not any(row.leased for row in up.rows)
    assert all(row.due_at is None for row in up.rows)
    up.change(open=True)
    up.rest()
    serves(up, A)


def test_a_pull_request_closed_while_its_owner_is_dead_is_unlocked(up: Stand) -> None:
    up.push(B)
    while up.store.take("dies", deadlines.LEASE_SECONDS, up.lanes):
        pass
    up.shut()
    up.clock.advance(deadlines.LEASE_SECONDS)
    up.rest()
    assert {row.phase for row in up.rows} == {Phase.ABSENT}
    nothing_is_left(up)


# -- the real engine ------------------------------------------------------------------------------


def _lock(engine: EngineStand, stack: str) -> None:
    """A lock as Pulumi's self-managed backend writes it, by a process that is no more."""
    folder = engine.folder / f"state/.pulumi/locks/organization/understudy-preview/{stack}"
    folder.mkdir(parents=True, exist_ok=True)
    content = {"pid": 1, "username": "ci", "hostname": "gone", "timestamp": "2022-01-01T00:00:00Z"}
    (folder / f"{uuid.uuid4()}.json").write_text(json.dumps(content))


def test_a_stack_that_is_locked_though_nothing_runs_is_unlocked(engine: EngineStand) -> None:
    engine.engine.up(NAME, engine.config(), engine.said.append).result(120)
    _lock(engine, NAME)
    engine.engine.destroy(NAME, engine.said.append).result(120)
    assert CLEARED in engine.said
    assert engine.cluster.objects == {}


@pytest.mark.slow
def test_an_interrupt_neither_hangs_nor_leaves_orphan_provider_processes(
    engine: EngineStand,
) -> None:
    engine.cluster.hold("deployments/web", handled_first=False)
    operation = engine.engine.up(NAME, engine.config(), engine.said.append)
    assert engine.cluster.waiting.wait(60)
    record = engine.record()
    assert len(group.members(record)) > 2, "the engine and its plugins"
    operation.cancel()
    assert operation.done()
    assert group.members(record) == []
    engine.cluster.release()
    engine.engine.destroy(NAME, engine.said.append).result(120)
    assert engine.cluster.objects == {}


def _config(engine: EngineStand, number: int) -> Mapping[str, str]:
    return {**engine.config(), inputs.PULL_REQUEST: str(number)}


@pytest.mark.slow
def test_ten_stacks_at_once_all_succeed(engine: EngineStand) -> None:
    numbers = range(10, 20)
    operations = [
        engine.engine.up(f"pr-{number}", _config(engine, number), engine.said.append)
        for number in numbers
    ]
    for operation in operations:
        assert operation.result(600).changes == {"create": 17}
    assert engine.engine.names() == [f"pr-{number}" for number in numbers]
    assert KEY.repository in str(engine.engine.origin("pr-10"))
