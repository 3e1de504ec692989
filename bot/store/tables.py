"""The tables. Times are UTC; SQLite keeps no time zone, so it is put back when a row is read."""

from __future__ import annotations

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm


class UtcDateTime(sa.TypeDecorator[datetime.datetime]):
    """A time with zone, also where the database has none."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime.datetime | None,
        dialect: sa.Dialect,  # noqa: ARG002
    ) -> datetime.datetime | None:
        """To the database: only times with a zone, as UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone is never stored")
        return value.astimezone(datetime.UTC)

    def process_result_value(
        self,
        value: datetime.datetime | None,
        dialect: sa.Dialect,  # noqa: ARG002
    ) -> datetime.datetime | None:
        """From the database: UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=datetime.UTC)
        return value.astimezone(datetime.UTC)


class Base(orm.DeclarativeBase):
    """The mapping's root."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own name and form
        datetime.datetime: UtcDateTime,
        dict[str, Any]: sa.JSON,
        list[Any]: sa.JSON,
    }


class Delivery(Base):
    """A webhook delivery that was accepted, once however often it came."""

    __tablename__ = "deliveries"

    id: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    """GitHub's GUID; a redelivery has the same."""
    event: orm.Mapped[str]
    action: orm.Mapped[str]
    sender: orm.Mapped[str] = orm.mapped_column(default="", server_default=sa.text("''"))
    """Who made it happen, by GitHub's word; empty where it does not say."""
    repository: orm.Mapped[str | None]
    number: orm.Mapped[int | None]
    received_at: orm.Mapped[datetime.datetime] = orm.mapped_column(index=True)
    times: orm.Mapped[int] = orm.mapped_column(default=1)


class Environment(Base):
    """An environment of a pull request or a branch: what is wished, and what was told."""

    __tablename__ = "environments"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    identity: orm.Mapped[str] = orm.mapped_column(unique=True)
    """The key in one spelling: GitHub's names are the same in upper and lower case."""
    repository: orm.Mapped[str]
    """As it was spelled first."""
    number: orm.Mapped[int]
    """The pull request's; 0 for a branch's."""
    branch: orm.Mapped[str] = orm.mapped_column(default="", server_default=sa.text("''"))
    definition: orm.Mapped[str] = orm.mapped_column(default="", server_default=sa.text("''"))
    name: orm.Mapped[str] = orm.mapped_column(unique=True)
    """Two environments of one name would be one namespace with two owners."""
    wanted: orm.Mapped[int] = orm.mapped_column(default=0)
    edge_value: orm.Mapped[str]
    comment_id: orm.Mapped[int | None] = orm.mapped_column(sa.BigInteger)
    comment_digest: orm.Mapped[str | None]
    deployment_id: orm.Mapped[int | None] = orm.mapped_column(sa.BigInteger)
    deployment_commit: orm.Mapped[str | None]
    deployment_state: orm.Mapped[str | None]
    check_id: orm.Mapped[int | None] = orm.mapped_column(sa.BigInteger)
    check_commit: orm.Mapped[str | None]
    check_state: orm.Mapped[str | None]
    # As in model.Life, name by name.
    began_at: orm.Mapped[datetime.datetime | None]
    head: orm.Mapped[str | None]
    pushed_at: orm.Mapped[datetime.datetime | None]
    commanded_at: orm.Mapped[datetime.datetime | None]
    traffic_at: orm.Mapped[datetime.datetime | None]
    expires_at: orm.Mapped[datetime.datetime | None]
    ends_at: orm.Mapped[datetime.datetime | None]
    pinned: orm.Mapped[bool] = orm.mapped_column(default=False, server_default=sa.false())
    pin_order: orm.Mapped[str | None]
    asleep: orm.Mapped[bool] = orm.mapped_column(default=False, server_default=sa.false())
    sleep_order: orm.Mapped[str | None]
    wished: orm.Mapped[bool | None]
    wish_order: orm.Mapped[str | None]
    chosen: orm.Mapped[str | None]
    chosen_over: orm.Mapped[str | None]
    labelled: orm.Mapped[bool] = orm.mapped_column(default=False, server_default=sa.false())
    approved: orm.Mapped[str | None]
    overrides: orm.Mapped[list[Any]] = orm.mapped_column(default=list, server_default="[]")


class Lane(Base):
    """One lane of an environment: the row is the queue (docs/architecture.md)."""

    __tablename__ = "lanes"
    __table_args__ = (sa.UniqueConstraint("environment_id", "lane"),)

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    environment_id: orm.Mapped[int] = orm.mapped_column(
        sa.ForeignKey("environments.id", ondelete="CASCADE")
    )
    lane: orm.Mapped[str]
    seen: orm.Mapped[int] = orm.mapped_column(default=0)
    waiting_since: orm.Mapped[datetime.datetime]
    """Since when a wish waits; further hints don't move it, so that nobody is overtaken for
    having asked again. Means nothing while `wanted` equals `seen`."""
    due_at: orm.Mapped[datetime.datetime | None]
    phase: orm.Mapped[str]
    phase_since: orm.Mapped[datetime.datetime]
    stack_exists: orm.Mapped[bool] = orm.mapped_column(default=False)
    removing: orm.Mapped[bool] = orm.mapped_column(default=False)
    destroyed_at: orm.Mapped[datetime.datetime | None]
    commit: orm.Mapped[str | None]
    target: orm.Mapped[str | None]
    reason: orm.Mapped[str] = orm.mapped_column(default="")
    outputs: orm.Mapped[dict[str, Any]] = orm.mapped_column(default=dict)
    progress: orm.Mapped[dict[str, Any] | None]
    absence: orm.Mapped[dict[str, Any] | None]
    images: orm.Mapped[dict[str, Any] | None]
    usage: orm.Mapped[dict[str, Any] | None]
    failures: orm.Mapped[int] = orm.mapped_column(default=0)
    lease_owner: orm.Mapped[str | None]
    """Who works on it, for people who look; the token decides."""
    lease_token: orm.Mapped[int] = orm.mapped_column(default=0)
    lease_until: orm.Mapped[datetime.datetime | None]

    environment: orm.Mapped[Environment] = orm.relationship(lazy="joined", innerjoin=True)


class Command(Base):
    """One line of a comment that asks for something; it is run once, however often it is read."""

    __tablename__ = "commands"
    __table_args__ = (sa.UniqueConstraint("environment_id", "comment_id", "line"),)

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    environment_id: orm.Mapped[int] = orm.mapped_column(
        sa.ForeignKey("environments.id", ondelete="CASCADE")
    )
    comment_id: orm.Mapped[int] = orm.mapped_column(sa.BigInteger)
    line: orm.Mapped[int]
    text: orm.Mapped[str]
    author: orm.Mapped[str]
    asked_at: orm.Mapped[datetime.datetime]
    state: orm.Mapped[str]
    answer: orm.Mapped[str] = orm.mapped_column(default="")
    source: orm.Mapped[str] = orm.mapped_column(default="comment", server_default="comment")
    output: orm.Mapped[str] = orm.mapped_column(default="", server_default=sa.text("''"))
    answered: orm.Mapped[bool] = orm.mapped_column(default=False, server_default=sa.false())


class Write(Base):
    """Writes to GitHub that were made at one time, or are on their way."""

    __tablename__ = "writes"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    account: orm.Mapped[str] = orm.mapped_column(index=True)
    """What shares GitHub's limits."""
    at: orm.Mapped[datetime.datetime]
    count: orm.Mapped[int]
    ended: orm.Mapped[bool] = orm.mapped_column(default=False, server_default=sa.false())


class Right(Base):
    """What only one of several replicas may do at a time, such as the sweep."""

    __tablename__ = "rights"

    name: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    owner: orm.Mapped[str]
    until: orm.Mapped[datetime.datetime]


class Mark(Base):
    """How far something was read, such as a repository's comments."""

    __tablename__ = "marks"

    name: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    at: orm.Mapped[datetime.datetime]


class TimelineLine(Base):
    """One line of an environment's timeline."""

    __tablename__ = "timeline"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    environment_id: orm.Mapped[int] = orm.mapped_column(
        sa.ForeignKey("environments.id", ondelete="CASCADE"), index=True
    )
    at: orm.Mapped[datetime.datetime]
    text: orm.Mapped[str]
