"""Counts writes to GitHub: `bot.ports.Ledger` in the database that all replicas share."""

from __future__ import annotations

import datetime

import sqlalchemy as sa
from sqlalchemy import orm

from bot import ports
from bot.store.tables import Right, Write

KEPT = datetime.timedelta(hours=1)
"""GitHub's longest window."""
ON_THE_WAY = datetime.timedelta(minutes=5)
"""What has not ended by then was given up with its process; no request takes so long."""


def times(session: orm.Session, account: str, now: datetime.datetime) -> list[datetime.datetime]:
    """When each write of the last hour was made, oldest first."""
    query = sa.select(Write).where(Write.account == account, Write.at > now - KEPT)
    found = [at for one in session.scalars(query) for at in [_at(one, now)] * one.count]
    return sorted(found)


def _at(write: Write, now: datetime.datetime) -> datetime.datetime:
    return write.at if write.ended or now - write.at > ON_THE_WAY else now


def spend(
    session: orm.Session, account: str, writes: int, now: datetime.datetime, wait: ports.Wait
) -> tuple[float, int]:
    """Count so many as on their way, if there is room for them."""
    _alone(session, account, now)
    session.execute(sa.delete(Write).where(Write.account == account, Write.at <= now - KEPT))
    if seconds := wait(times(session, account, now)):
        return seconds, 0
    made = Write(account=account, at=now, count=writes)
    session.add(made)
    session.flush()
    return 0.0, made.id


def spent(session: orm.Session, number: int, writes: int, now: datetime.datetime) -> None:
    """They have been made."""
    query = sa.update(Write).where(Write.id == number)
    session.execute(query.values(at=now, count=writes, ended=True))


def _alone(session: orm.Session, account: str, now: datetime.datetime) -> None:
    """Let no other replica count for this account until the transaction ends."""
    name = f"writes {account}"
    query = sa.select(Right).where(Right.name == name).with_for_update()
    if session.scalars(query).first() is None:
        session.add(Right(name=name, owner="", until=now))
        session.flush()
