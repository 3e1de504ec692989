"""Deliveries, environments and timelines."""

import sqlalchemy as sa
from alembic import op

from bot.store.tables import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("repository", sa.String),
        sa.Column("number", sa.Integer),
        sa.Column("received_at", UtcDateTime, nullable=False, index=True),
        sa.Column("times", sa.Integer, nullable=False),
    )
    op.create_table(
        "environments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("identity", sa.String, nullable=False, unique=True),
        sa.Column("repository", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("wanted", sa.Integer, nullable=False),
        sa.Column("seen", sa.Integer, nullable=False),
        sa.Column("waiting_since", UtcDateTime, nullable=False),
        sa.Column("due_at", UtcDateTime),
        sa.Column("phase", sa.String, nullable=False),
        sa.Column("stack_exists", sa.Boolean, nullable=False),
        sa.Column("commit", sa.String),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("edge_value", sa.String, nullable=False),
        sa.Column("outputs", sa.JSON, nullable=False),
        sa.Column("comment_id", sa.BigInteger),
        sa.Column("comment_digest", sa.String),
        sa.Column("deployment_id", sa.BigInteger),
        sa.Column("deployment_commit", sa.String),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("lease_owner", sa.String),
        sa.Column("lease_token", sa.Integer, nullable=False),
        sa.Column("lease_until", UtcDateTime),
    )
    op.create_table(
        "timeline",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "environment_id",
            sa.Integer,
            sa.ForeignKey("environments.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("text", sa.String, nullable=False),
    )


def downgrade() -> None:
    """Take them away."""
    for table in ("timeline", "environments", "deliveries"):
        op.drop_table(table)
