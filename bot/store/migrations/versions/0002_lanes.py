"""What is worked on moves from environments to their lanes; rights of which there is one."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.store.tables import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _moved() -> tuple[sa.Column[Any], ...]:
    """What a lane has that an environment had."""
    return (
        sa.Column("seen", sa.Integer, nullable=False),
        sa.Column("waiting_since", UtcDateTime, nullable=False),
        sa.Column("due_at", UtcDateTime),
        sa.Column("phase", sa.String, nullable=False),
        sa.Column("stack_exists", sa.Boolean, nullable=False),
        sa.Column("commit", sa.String),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("outputs", sa.JSON, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("lease_owner", sa.String),
        sa.Column("lease_token", sa.Integer, nullable=False),
        sa.Column("lease_until", UtcDateTime),
    )


def upgrade() -> None:
    """One stack held everything: as the cluster lane's, its next update takes the edge out of it,
    and the edge lane makes it anew."""
    op.create_table(
        "lanes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "environment_id",
            sa.Integer,
            sa.ForeignKey("environments.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("lane", sa.String, nullable=False),
        *_moved(),
        sa.Column("phase_since", UtcDateTime, nullable=False),
        sa.Column("removing", sa.Boolean, nullable=False),
        sa.Column("destroyed_at", UtcDateTime),
        sa.Column("target", sa.String),
        sa.Column("progress", sa.JSON),
        sa.Column("absence", sa.JSON),
        sa.UniqueConstraint("environment_id", "lane"),
    )
    environments = sa.table(
        "environments", sa.column("id"), *(sa.column(column.name) for column in _moved())
    )
    lanes = sa.table(
        "lanes",
        *(sa.column(name) for name in ("environment_id", "lane", "phase_since", "removing")),
        *(sa.column(column.name, column.type) for column in _moved()),
    )
    old = environments.c
    moved = [column.name for column in _moved()]
    op.execute(
        lanes.insert().from_select(
            ["environment_id", "lane", "phase_since", "removing", *moved],
            sa.select(
                old.id,
                sa.literal("cluster"),
                old.waiting_since,
                old.phase == "destroying",
                *(old[name] for name in moved),
            ),
        )
    )
    fresh = {
        "seen": sa.literal(0),
        "phase": sa.literal("absent"),
        "stack_exists": sa.false(),
        "reason": sa.literal(""),
        "outputs": sa.literal({}, sa.JSON),
        "failures": sa.literal(0),
        "lease_token": sa.literal(0),
        "removing": sa.false(),
    }
    op.execute(
        lanes.insert().from_select(
            ["environment_id", "lane", "phase_since", "waiting_since", *fresh],
            sa.select(
                old.id,
                sa.literal("edge"),
                old.waiting_since,
                old.waiting_since,
                *fresh.values(),
            ),
        )
    )
    with op.batch_alter_table("environments") as table:
        for column in _moved():
            table.drop_column(column.name)
    op.create_table(
        "rights",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
    )


def downgrade() -> None:
    """The edge lane's stacks would be forgotten, so there is no way back."""
    raise NotImplementedError("restore the backup that was made before the upgrade")
