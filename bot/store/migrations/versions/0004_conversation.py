"""What comments, reviews and labels said of an environment, and how far they were read."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.store.tables import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _wishes() -> tuple[sa.Column[Any], ...]:
    """What an environment has from now on; no command has said anything of those that exist."""
    return (
        sa.Column("wished", sa.Boolean),
        sa.Column("wish_order", sa.String),
        sa.Column("chosen", sa.String),
        sa.Column("chosen_over", sa.String),
        sa.Column("labelled", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("approved", sa.String),
        sa.Column("overrides", sa.JSON, nullable=False, server_default="[]"),
    )


def _said() -> tuple[sa.Column[Any], ...]:
    """What a command has from now on."""
    return (
        sa.Column("source", sa.String, nullable=False, server_default="comment"),
        sa.Column("output", sa.String, nullable=False, server_default=sa.text("''")),
        sa.Column("answered", sa.Boolean, nullable=False, server_default=sa.false()),
    )


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "marks",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.add_column(
        "deliveries", sa.Column("sender", sa.String, nullable=False, server_default=sa.text("''"))
    )
    for column in _wishes():
        op.add_column("environments", column)
    for column in _said():
        op.add_column("commands", column)


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("commands") as table:
        for column in _said():
            table.drop_column(column.name)
    with op.batch_alter_table("environments") as table:
        for column in _wishes():
            table.drop_column(column.name)
    with op.batch_alter_table("deliveries") as table:
        table.drop_column("sender")
    op.drop_table("marks")
