"""How rows of the tables are found, changed, and shown to the other stages."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import orm

from bot import model, ports
from bot.store import documents
from bot.store.tables import Delivery, Environment, Lane

LIFE = tuple(field.name for field in dataclasses.fields(model.Life))
"""Columns of the environment; they have the same names."""


def row(found: Lane, now: datetime.datetime) -> ports.Row:
    """A lane as the other stages see it."""
    owner = found.environment
    return ports.Row(
        key=key_of(owner),
        lane=model.Lane(found.lane),
        name=owner.name,
        wanted=owner.wanted,
        seen=found.seen,
        due_at=found.due_at,
        phase=model.Phase(found.phase),
        phase_since=found.phase_since,
        stack_exists=bool(found.stack_exists),
        removing=bool(found.removing),
        destroyed_at=found.destroyed_at,
        commit=found.commit,
        target=found.target,
        reason=found.reason or "",
        edge_value=owner.edge_value,
        outputs=dict(found.outputs or {}),
        progress=documents.progress(found.progress),
        absence=documents.absence(found.absence),
        comment_id=owner.comment_id,
        comment_digest=owner.comment_digest,
        deployment_id=owner.deployment_id,
        deployment_commit=owner.deployment_commit,
        failures=found.failures or 0,
        leased=found.lease_until is not None and found.lease_until > now,
        life=_life(owner),
        deployment_state=owner.deployment_state,
        check_id=owner.check_id,
        check_commit=owner.check_commit,
        check_state=owner.check_state,
        images=documents.images(found.images),
        usage=documents.usage(found.usage),
    )


def key_of(owner: Environment) -> model.EnvironmentKey:
    """Which environment it is."""
    return model.EnvironmentKey(owner.repository, owner.number, owner.branch, owner.definition)


def _life(owner: Environment) -> model.Life:
    kept = {name: getattr(owner, name) for name in LIFE}
    return model.Life(**(kept | {"overrides": documents.overrides(owner.overrides)}))


def deed(found: Delivery) -> model.Deed:
    """What a delivery tells of."""
    told = ports.Delivered(found.id, found.event, found.action, found.sender)
    return told.deed(found.received_at)


def find(
    session: orm.Session, key: model.EnvironmentKey, *, lock: bool = False
) -> Environment | None:
    """The environment of a pull request; None where there is none.

    `lock` keeps it to this transaction.
    """
    query = sa.select(Environment).where(Environment.identity == key.identity)
    return session.scalars(query.with_for_update() if lock else query).first()


def only(changes: Mapping[str, object], columns: frozenset[str]) -> None:
    """Raise ValueError where a column is not to be changed by this verb."""
    unknown = set(changes) - columns
    if unknown:
        raise ValueError(f"not to be changed by this verb: {', '.join(sorted(unknown))}")


def change(found: Environment | Lane, changes: Mapping[str, object]) -> None:
    """Set columns."""
    for name, value in changes.items():
        setattr(found, name, documents.stored(value))


def live(found: Environment, life: model.Life) -> None:
    """Set the columns of its life."""
    for name in LIFE:
        setattr(found, name, documents.stored(getattr(life, name)))


def lanes(key: model.EnvironmentKey) -> sa.Select[Lane]:
    """The query for the lanes of an environment."""
    return (
        sa.select(Lane)
        .join(Environment, Environment.id == Lane.environment_id)
        .where(Environment.identity == key.identity)
    )


def lane(environment: Environment, lane: model.Lane, now: datetime.datetime) -> Lane:
    """A lane of an environment that was just made."""
    return Lane(
        environment_id=environment.id,
        lane=lane.value,
        waiting_since=now,
        phase=model.Phase.ABSENT.value,
        phase_since=now,
    )


def lease(found: Lane) -> ports.Lease:
    """The lease that a lane is under."""
    assert found.lease_until is not None
    return ports.Lease(
        key_of(found.environment), model.Lane(found.lane), found.lease_token, found.lease_until
    )
