"""Commands, and what is known and wished of an environment's life."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.store.tables import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _life() -> tuple[sa.Column[Any], ...]:
    """What an environment has from now on; none of those that exist is pinned or asleep."""
    return (
        sa.Column("began_at", UtcDateTime),
        sa.Column("head", sa.String),
        sa.Column("pushed_at", UtcDateTime),
        sa.Column("commanded_at", UtcDateTime),
        sa.Column("traffic_at", UtcDateTime),
        sa.Column("expires_at", UtcDateTime),
        sa.Column("ends_at", UtcDateTime),
        sa.Column("pinned", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("pin_order", sa.String),
        sa.Column("asleep", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("sleep_order", sa.String),
    )


def upgrade() -> None:
    """Their lifetime begins when they are next looked at."""
    op.create_table(
        "commands",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "environment_id",
            sa.Integer,
            sa.ForeignKey("environments.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("comment_id", sa.BigInteger, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("asked_at", UtcDateTime, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("answer", sa.String, nullable=False),
        sa.UniqueConstraint("environment_id", "comment_id", "line"),
    )
    for column in _life():
        op.add_column("environments", column)


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("environments") as table:
        for column in _life():
            table.drop_column(column.name)
    op.drop_table("commands")
