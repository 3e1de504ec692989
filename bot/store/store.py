"""The verbs of the store; each is one transaction.

A lease's writes carry its fencing token: a worker that lost its lease finds that out at its next
write, and what it wanted to write is never stored.
"""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import orm

from bot import clock as clocks
from bot import errors, model, ports
from bot.store import commands, ledger, rows
from bot.store.database import Database
from bot.store.tables import Delivery, Environment, Lane, Mark, Right, TimelineLine
from infra import naming

EDGE_VALUE_BYTES = 16
"""128 random bits keep strangers out of an environment's edge route."""
DELIVERY_DAYS = 30
"""How long a delivery is remembered; GitHub offers redelivery for 3 days."""
TIMELINE_DAYS = 90
"""How long a line of a timeline is kept."""

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
        self,
        delivery: ports.Delivered,
        keys: Collection[model.EnvironmentKey] = (),
        commands: Collection[model.Command] = (),
    ) -> bool:
        """Keep a delivery and raise `wanted`. See `bot.ports.Store`."""

        def record(session: orm.Session) -> bool:
            known = session.get(Delivery, delivery.id)
            if known is not None:
                known.times += 1
            else:
                session.add(self._delivery(delivery, keys))
            # In one order, so that two deliveries never wait for one another.
            for key in sorted(keys):
                self._raise_wanted(session, key)
            for command in commands:
                self._record(session, command)
            return known is None

        return self._making(record)

    def hint(self, key: model.EnvironmentKey) -> None:
        """Raise `wanted`. See `bot.ports.Store`."""

        def wish(session: orm.Session) -> None:
            self._raise_wanted(session, key)

        self._making(wish)

    def hint_commit(self, repository: str, commit: str) -> Sequence[model.EnvironmentKey]:
        """Raise `wanted` of those that ask for a commit. See `bot.ports.Store`."""
        return self._hint_those(repository, Lane.target == commit)

    def hint_branch(self, repository: str, branch: str) -> Sequence[model.EnvironmentKey]:
        """Raise `wanted` of a branch's own. See `bot.ports.Store`."""
        return self._hint_those(repository, Environment.branch == branch)

    def hint_definitions(self, key: model.EnvironmentKey) -> None:
        """Raise `wanted` of all definitions. See `bot.ports.Store`."""
        same = sa.and_(
            Environment.number == key.number,
            Environment.branch == key.branch,
            Environment.definition != "",
        )
        self._hint_those(key.repository, same)

    def _hint_those(
        self, repository: str, chosen: sa.ColumnElement[bool]
    ) -> Sequence[model.EnvironmentKey]:
        query = (
            sa.select(Environment)
            .join(Lane, Lane.environment_id == Environment.id)
            .where(
                sa.func.lower(Environment.repository) == repository.lower(),
                Lane.lane == model.Lane.CLUSTER.value,
                chosen,
            )
        )
        with self._database.reading() as session:
            # Mostly there are none, and then nobody has to wait for his turn to write.
            keys = sorted(map(rows.key_of, session.scalars(query)))
        if keys:
            self._making(lambda session: [self._raise_wanted(session, key) for key in keys])
        return keys

    def _making(self, work: Callable[[orm.Session], _T]) -> _T:
        """Do what may make a row; where another replica made it first, do it again with that."""
        try:
            with self._database.writing() as session:
                return work(session)
        except sa.exc.IntegrityError:
            with self._database.writing() as session:
                return work(session)

    def adopt(self, key: model.EnvironmentKey) -> bool:
        """Admit that something exists. See `bot.ports.Store`."""

        def admit(session: orm.Session) -> bool:
            found = self._raise_wanted(session, key)
            session.flush()
            lanes = session.scalars(sa.select(Lane).where(Lane.environment_id == found.id)).all()
            silent = [lane for lane in lanes if not lane.stack_exists]
            for lane in silent:
                lane.stack_exists = True
            return bool(silent)

        return self._making(admit)

    def doubt(self, key: model.EnvironmentKey) -> None:
        """Believe in no commit any more. See `bot.ports.Store`."""

        def forget(session: orm.Session) -> None:
            found = self._raise_wanted(session, key)
            session.execute(
                sa.update(Lane).where(Lane.environment_id == found.id).values(commit=None)
            )

        self._making(forget)

    def _raise_wanted(self, session: orm.Session, key: model.EnvironmentKey) -> Environment:
        found = rows.find(session, key, lock=True)
        now = self._clock.now()
        if found is None:
            found = Environment(
                identity=key.identity,
                repository=key.repository,
                number=key.number,
                branch=key.branch,
                definition=key.definition,
                name=naming.environment_name(key),
                wanted=0,
                edge_value=secrets.token_hex(EDGE_VALUE_BYTES),
            )
            session.add(found)
            session.flush()
            session.add_all(rows.lane(found, lane, now) for lane in model.Lane)
            session.flush()
        session.execute(
            sa.update(Lane)
            .where(Lane.environment_id == found.id, Lane.seen >= found.wanted)
            .values(waiting_since=now)
        )
        found.wanted += 1
        return found

    def _delivery(
        self, delivery: ports.Delivered, keys: Collection[model.EnvironmentKey]
    ) -> Delivery:
        key = min(keys, default=None)
        return Delivery(
            id=delivery.id,
            event=delivery.event,
            action=delivery.action,
            sender=delivery.sender,
            repository=key.repository if key else None,
            number=key.number if key else None,
            received_at=self._clock.now(),
        )

    def prune(self) -> None:
        """Forget what is too old to be of use. See `bot.ports.Store`."""
        now = self._clock.now()
        with self._database.writing() as session:
            for column, days in (
                (Delivery.received_at, DELIVERY_DAYS),
                (TimelineLine.at, TIMELINE_DAYS),
            ):
                before = now - datetime.timedelta(days=days)
                session.execute(sa.delete(column.class_).where(column < before))

    # -- leases -----------------------------------------------------------------------------------

    def take(
        self, owner: str, seconds: float, lanes: Collection[model.Lane] = tuple(model.Lane)
    ) -> tuple[ports.Row, ports.Lease] | None:
        """Lease what has waited longest. See `bot.ports.Store`."""
        now = self._clock.now()
        free = sa.or_(Lane.lease_until.is_(None), Lane.lease_until <= now)
        wished = Environment.wanted > Lane.seen
        due = sa.and_(Lane.due_at.is_not(None), Lane.due_at <= now)
        # Of a wish and a due time, the one that has waited longer counts.
        overdue = sa.and_(due, Lane.due_at < Lane.waiting_since)
        since = sa.case(
            (sa.and_(wished, sa.not_(overdue)), Lane.waiting_since),
            else_=Lane.due_at,
        )
        query = (
            sa.select(Lane)
            .join(Environment, Environment.id == Lane.environment_id)
            .where(free, sa.or_(wished, due), Lane.lane.in_([lane.value for lane in lanes]))
            .order_by(since, Lane.id)
            .limit(1)
            .with_for_update(skip_locked=True, of=Lane)
        )
        with self._database.writing() as session:
            found = session.scalars(query).first()
            if found is None:
                return None
            found.lease_owner = owner
            found.lease_token += 1
            found.lease_until = now + datetime.timedelta(seconds=seconds)
            return rows.row(found, self._clock.now()), rows.lease(found)

    def may(self, right: str, owner: str, seconds: float) -> bool:
        """Take or keep a right. See `bot.ports.Store`."""

        def take(session: orm.Session) -> bool:
            now = self._clock.now()
            query = sa.select(Right).where(Right.name == right).with_for_update()
            found = session.scalars(query).first()
            if found is None:
                found = Right(name=right, owner=owner, until=now)
                session.add(found)
            elif found.owner != owner and found.until > now:
                return False
            found.owner = owner
            found.until = now + datetime.timedelta(seconds=seconds)
            return True

        return self._making(take)

    def renew(self, lease: ports.Lease, seconds: float) -> ports.Lease:
        """Heartbeat. See `bot.ports.Store`."""
        with self._database.writing() as session:
            found = self._held(session, lease)
            found.lease_until = self._clock.now() + datetime.timedelta(seconds=seconds)
            return rows.lease(found)

    def save(self, lease: ports.Lease, **changes: object) -> ports.Row:
        """Change columns of the leased row. See `bot.ports.Store`."""
        rows.only(changes, ports.SAVED)
        if "phase" in changes:
            # An unknown phase is refused here, where it is written, not where it is read.
            changes["phase"] = model.Phase(str(changes["phase"])).value
        life = changes.pop("life", None)
        with self._database.writing() as session:
            if isinstance(life, model.Life):
                # The environment before its lane, as hints do: never each waiting for the other.
                rows.find(session, lease.key, lock=True)
            found = self._held(session, lease)
            if isinstance(life, model.Life):
                rows.live(found.environment, life)
            if changes.get("phase", found.phase) != found.phase:
                found.phase_since = self._clock.now()
            rows.change(found, changes)
            return rows.row(found, self._clock.now())

    def remember(self, key: model.EnvironmentKey, **feedback: object) -> None:
        """Keep what was written to GitHub. See `bot.ports.Store`."""
        rows.only(feedback, ports.REMEMBERED)
        with self._database.writing() as session:
            found = rows.find(session, key, lock=True)
            if found is not None:
                rows.change(found, feedback)

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

    def _held(self, session: orm.Session, lease: ports.Lease) -> Lane:
        query = rows.lanes(lease.key).where(Lane.lane == lease.lane.value).with_for_update(of=Lane)
        found = session.scalars(query).first()
        until = found.lease_until if found else None
        if (
            found is None
            or until is None
            or found.lease_token != lease.token
            or until <= self._clock.now()
        ):
            raise errors.LeaseLostError(f"the lease on {lease.key} ran out or was taken over")
        return found

    # -- commands ---------------------------------------------------------------------------------

    def record_command(self, command: model.Command) -> bool:
        """Keep a command. See `bot.ports.Store`."""

        return self._making(lambda session: self._record(session, command))

    def _record(self, session: orm.Session, command: model.Command) -> bool:
        found = rows.find(session, command.key, lock=True)
        if found is not None and commands.known(session, found, command):
            return False
        session.add(commands.fresh(self._raise_wanted(session, command.key), command))
        return True

    def begin_command(self, lease: ports.Lease) -> model.Command | None:
        """The next command to run. See `bot.ports.Store`."""
        with self._database.writing() as session:
            owner = self._held(session, lease).environment
            return commands.begin(session, owner)

    def finish_command(
        self, lease: ports.Lease, command: model.Command, life: model.Life | None = None
    ) -> ports.Row:
        """Keep a command's end. See `bot.ports.Store`."""
        with self._database.writing() as session:
            # The environment before its lane, as hints do: never each waiting for the other.
            rows.find(session, lease.key, lock=True)
            held = self._held(session, lease)
            commands.finish(session, held.environment, command)
            before = rows.row(held, self._clock.now()).life
            if life is not None and life != before:
                rows.live(held.environment, life)
                # Other lanes look at what came of it.
                self._raise_wanted(session, lease.key)
            return rows.row(held, self._clock.now())

    def answered(self, command: model.Command) -> None:
        """Keep that a command's output was told. See `bot.ports.Store`."""
        with self._database.writing() as session:
            found = rows.find(session, command.key)
            if found is not None:
                commands.answered(session, found, command)

    def untold(self) -> Sequence[model.Command]:
        """Commands whose output was not told. See `bot.ports.Store`."""
        with self._database.reading() as session:
            return commands.untold(session)

    def commands(self, key: model.EnvironmentKey) -> Sequence[model.Command]:
        """Every command. See `bot.ports.Store`."""
        with self._database.reading() as session:
            found = rows.find(session, key)
            return [] if found is None else commands.every(session, found)

    # -- writes to GitHub -------------------------------------------------------------------------

    def written(self, account: str) -> Sequence[datetime.datetime]:
        """When each write of the last hour was made. See `bot.ports.Ledger`."""
        with self._database.reading() as session:
            return ledger.times(session, account, self._clock.now())

    def spend(self, account: str, writes: int, wait: ports.Wait) -> tuple[float, int]:
        """Count writes as on their way. See `bot.ports.Ledger`."""
        return self._making(
            lambda session: ledger.spend(session, account, writes, self._clock.now(), wait)
        )

    def spent(self, number: int, writes: int) -> None:
        """Count them as made. See `bot.ports.Ledger`."""
        with self._database.writing() as session:
            ledger.spent(session, number, writes, self._clock.now())

    # -- marks ------------------------------------------------------------------------------------

    def mark(self, name: str) -> datetime.datetime | None:
        """How far something was read. See `bot.ports.Store`."""
        with self._database.reading() as session:
            found = session.get(Mark, name)
            return None if found is None else found.at

    def set_mark(self, name: str, at: datetime.datetime) -> None:
        """Keep how far something was read. See `bot.ports.Store`."""

        def write(session: orm.Session) -> None:
            session.merge(Mark(name=name, at=at))

        self._making(write)

    # -- reading ----------------------------------------------------------------------------------

    def deeds(self, key: model.EnvironmentKey) -> Sequence[model.Deed]:
        """Who made what happen. See `bot.ports.Store`."""
        with self._database.reading() as session:
            query = sa.select(Delivery).where(
                sa.func.lower(Delivery.repository) == key.repository.lower(),
                Delivery.number == (key.number or None),
            )
            told = [rows.deed(found) for found in session.scalars(query)]
        return sorted([*told, *(command.deed for command in self.commands(key))])

    def row(
        self, key: model.EnvironmentKey, lane: model.Lane = model.Lane.CLUSTER
    ) -> ports.Row | None:
        """One lane of an environment. See `bot.ports.Store`."""
        return self.lanes(key).get(lane)

    def lanes(self, key: model.EnvironmentKey) -> Mapping[model.Lane, ports.Row]:
        """Every lane of an environment. See `bot.ports.Store`."""
        with self._database.reading() as session:
            query = rows.lanes(key).order_by(Lane.id)
            found = [rows.row(lane, self._clock.now()) for lane in session.scalars(query)]
        return {row.lane: row for row in found}

    def rows(self) -> Sequence[ports.Row]:
        """Every lane of all environments, the newest environments first."""
        with self._database.reading() as session:
            query = sa.select(Lane).order_by(Lane.environment_id.desc(), Lane.id)
            return [rows.row(found, self._clock.now()) for found in session.scalars(query)]

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
            found = rows.find(session, key)
            if found is None:
                return
            line = TimelineLine(environment_id=found.id, at=self._clock.now(), text=text)
            session.add(line)
            session.flush()
            kept = (
                sa.select(TimelineLine.id)
                .where(TimelineLine.environment_id == found.id)
                .order_by(TimelineLine.id.desc())
                .limit(ports.MAX_TIMELINE)
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
                .where(Environment.identity == key.identity)
                .order_by(TimelineLine.id)
            )
            return [model.TimelineEntry(line.at, line.text) for line in session.scalars(query)]
