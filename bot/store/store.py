"""The verbs of the store; each is one transaction.

A lease's writes carry its fencing token: a worker that lost its lease finds that out at its next
write, and what it wanted to write is never stored.
"""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import orm

from bot import clock as clocks
from bot import errors, model, ports
from bot.store.database import Database
from bot.store.tables import Delivery, Environment, TimelineLine
from infra import naming

EDGE_VALUE_BYTES = 16
"""128 random bits keep strangers out of an environment's edge route."""
MAX_TIMELINE = 500
"""Lines that an environment's timeline keeps: the newest."""
DELIVERY_DAYS = 30
"""How long a delivery is remembered; GitHub offers redelivery for 3 days."""
_COLUMNS = frozenset({"phase", "stack_exists", "commit", "reason", "outputs", "failures"})
"""What `save` may change; leases and generations have verbs of their own."""
_FEEDBACK = frozenset({"comment_id", "comment_digest", "deployment_id", "deployment_commit"})
"""What `remember` may change."""

_T = TypeVar("_T")


class SqlStore:
    """Implements `bot.ports.Store` on SQLite or PostgreSQL."""

    def __init__(self, url: str, clock: clocks.Clock) -> None:
        self._database = Database(url)
        self._clock = clock

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    # -- hints ------------------------------------------------------------------------------------

    def record_delivery(
        self, delivery_id: str, event: str, action: str, key: model.EnvironmentKey | None
    ) -> bool:
        """Keep a delivery and raise `wanted`. See `bot.ports.Store`."""

        def record(session: orm.Session) -> bool:
            known = session.get(Delivery, delivery_id)
            if known is not None:
                known.times += 1
            else:
                session.add(self._delivery(delivery_id, event, action, key))
                self._forget_deliveries(session)
            if key is not None:
                self._raise_wanted(session, key)
            return known is None

        return self._making(record)

    def hint(self, key: model.EnvironmentKey) -> None:
        """Raise `wanted`. See `bot.ports.Store`."""
        self._making(lambda session: self._raise_wanted(session, key))

    def _making(self, work: Callable[[orm.Session], _T]) -> _T:
        """Do what may make a row; where another replica made it first, do it again with that."""
        try:
            with self._database.writing() as session:
                return work(session)
        except sa.exc.IntegrityError:
            with self._database.writing() as session:
                return work(session)

    def _raise_wanted(self, session: orm.Session, key: model.EnvironmentKey) -> None:
        found = _find(session, key, lock=True)
        now = self._clock.now()
        if found is None:
            found = Environment(
                identity=_identity(key),
                repository=key.repository,
                number=key.number,
                name=naming.environment_name(key.repository, key.number),
                wanted=0,
                seen=0,
                waiting_since=now,
                phase=model.Phase.ABSENT.value,
                edge_value=secrets.token_hex(EDGE_VALUE_BYTES),
            )
            session.add(found)
        if found.wanted == found.seen:
            found.waiting_since = now
        found.wanted += 1

    def _delivery(
        self, delivery_id: str, event: str, action: str, key: model.EnvironmentKey | None
    ) -> Delivery:
        return Delivery(
            id=delivery_id,
            event=event,
            action=action,
            repository=key.repository if key else None,
            number=key.number if key else None,
            received_at=self._clock.now(),
        )

    def _forget_deliveries(self, session: orm.Session) -> None:
        before = self._clock.now() - datetime.timedelta(days=DELIVERY_DAYS)
        session.execute(sa.delete(Delivery).where(Delivery.received_at < before))

    # -- leases -----------------------------------------------------------------------------------

    def take(self, owner: str, seconds: float) -> tuple[ports.Row, ports.Lease] | None:
        """Lease what has waited longest. See `bot.ports.Store`."""
        now = self._clock.now()
        free = sa.or_(Environment.lease_until.is_(None), Environment.lease_until <= now)
        wished = Environment.wanted > Environment.seen
        due = sa.and_(Environment.due_at.is_not(None), Environment.due_at <= now)
        # Of a wish and a due time, the one that has waited longer counts.
        overdue = sa.and_(due, Environment.due_at < Environment.waiting_since)
        since = sa.case(
            (sa.and_(wished, sa.not_(overdue)), Environment.waiting_since),
            else_=Environment.due_at,
        )
        query = (
            sa.select(Environment)
            .where(free, sa.or_(wished, due))
            .order_by(since, Environment.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        with self._database.writing() as session:
            found = session.scalars(query).first()
            if found is None:
                return None
            found.lease_owner = owner
            found.lease_token += 1
            found.lease_until = now + datetime.timedelta(seconds=seconds)
            return _row(found), _lease(found)

    def renew(self, lease: ports.Lease, seconds: float) -> ports.Lease:
        """Heartbeat. See `bot.ports.Store`."""
        with self._database.writing() as session:
            found = self._held(session, lease)
            found.lease_until = self._clock.now() + datetime.timedelta(seconds=seconds)
            return _lease(found)

    def save(self, lease: ports.Lease, **changes: object) -> ports.Row:
        """Change columns of the leased row. See `bot.ports.Store`."""
        _only(changes, _COLUMNS)
        if "phase" in changes:
            # An unknown phase is refused here, where it is written, not where it is read.
            changes["phase"] = model.Phase(str(changes["phase"])).value
        with self._database.writing() as session:
            found = self._held(session, lease)
            _change(found, changes)
            return _row(found)

    def remember(self, key: model.EnvironmentKey, **feedback: object) -> None:
        """Keep what was written to GitHub. See `bot.ports.Store`."""
        _only(feedback, _FEEDBACK)
        with self._database.writing() as session:
            found = _find(session, key, lock=True)
            if found is not None:
                _change(found, feedback)

    def release(self, lease: ports.Lease, seen: int, due_at: datetime.datetime | None) -> None:
        """End the pass. See `bot.ports.Store`."""
        with self._database.writing() as session:
            found = self._held(session, lease)
            found.seen = max(found.seen, seen)
            # It has had its turn: what was wished meanwhile waits behind the others.
            found.waiting_since = self._clock.now()
            found.due_at = due_at
            found.lease_owner = None
            found.lease_until = None

    def _held(self, session: orm.Session, lease: ports.Lease) -> Environment:
        found = _find(session, lease.key, lock=True)
        until = found.lease_until if found else None
        if (
            found is None
            or until is None
            or found.lease_token != lease.token
            or until <= self._clock.now()
        ):
            raise errors.LeaseLostError(f"the lease on {lease.key} ran out or was taken over")
        return found

    # -- reading ----------------------------------------------------------------------------------

    def row(self, key: model.EnvironmentKey) -> ports.Row | None:
        """One environment. See `bot.ports.Store`."""
        with self._database.reading() as session:
            found = _find(session, key)
            return _row(found) if found else None

    def rows(self) -> Sequence[ports.Row]:
        """All environments, newest first."""
        with self._database.reading() as session:
            query = sa.select(Environment).order_by(Environment.id.desc())
            return [_row(found) for found in session.scalars(query)]

    def healthy(self) -> bool:
        """Whether the database answers."""
        try:
            with self._database.reading() as session:
                session.execute(sa.select(Environment.id).limit(1))
        except (errors.UnreachableError, sa.exc.SQLAlchemyError):
            return False
        return True

    # -- timelines --------------------------------------------------------------------------------

    def note(self, key: model.EnvironmentKey, text: str) -> None:
        """Add a line to the timeline; the oldest go when there are too many."""
        with self._database.writing() as session:
            found = _find(session, key)
            if found is None:
                return
            line = TimelineLine(environment_id=found.id, at=self._clock.now(), text=text)
            session.add(line)
            session.flush()
            kept = (
                sa.select(TimelineLine.id)
                .where(TimelineLine.environment_id == found.id)
                .order_by(TimelineLine.id.desc())
                .limit(MAX_TIMELINE)
            )
            session.execute(
                sa.delete(TimelineLine).where(
                    TimelineLine.environment_id == found.id, TimelineLine.id.not_in(kept)
                )
            )

    def timeline(self, key: model.EnvironmentKey) -> Sequence[model.TimelineEntry]:
        """The timeline, oldest first."""
        with self._database.reading() as session:
            query = (
                sa.select(TimelineLine)
                .join(Environment, Environment.id == TimelineLine.environment_id)
                .where(Environment.identity == _identity(key))
                .order_by(TimelineLine.id)
            )
            return [model.TimelineEntry(line.at, line.text) for line in session.scalars(query)]


def _identity(key: model.EnvironmentKey) -> str:
    return str(key).lower()


def _find(
    session: orm.Session, key: model.EnvironmentKey, *, lock: bool = False
) -> Environment | None:
    query = sa.select(Environment).where(Environment.identity == _identity(key))
    return session.scalars(query.with_for_update() if lock else query).first()


def _only(changes: Mapping[str, object], columns: frozenset[str]) -> None:
    unknown = set(changes) - columns
    if unknown:
        raise ValueError(f"not to be changed by this verb: {', '.join(sorted(unknown))}")


def _change(found: Environment, changes: Mapping[str, object]) -> None:
    for name, value in changes.items():
        setattr(found, name, dict(value) if isinstance(value, Mapping) else value)


def _lease(found: Environment) -> ports.Lease:
    assert found.lease_until is not None
    key = model.EnvironmentKey(found.repository, found.number)
    return ports.Lease(key, found.lease_token, found.lease_until)


def _row(found: Environment) -> ports.Row:
    return ports.Row(
        key=model.EnvironmentKey(found.repository, found.number),
        name=found.name,
        wanted=found.wanted,
        seen=found.seen,
        due_at=found.due_at,
        phase=model.Phase(found.phase),
        stack_exists=bool(found.stack_exists),
        commit=found.commit,
        reason=found.reason or "",
        edge_value=found.edge_value,
        outputs=dict(found.outputs or {}),
        comment_id=found.comment_id,
        comment_digest=found.comment_digest,
        deployment_id=found.deployment_id,
        deployment_commit=found.deployment_commit,
        failures=found.failures or 0,
    )
