"""What the deployment and the check of an environment last said."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _told() -> tuple[sa.Column[Any], ...]:
    """What an environment has from now on; of those that exist it is told once more."""
    return (
        sa.Column("deployment_state", sa.String),
        sa.Column("check_id", sa.BigInteger),
        sa.Column("check_commit", sa.String),
        sa.Column("check_state", sa.String),
    )


def upgrade() -> None:
    """Add them."""
    for column in _told():
        op.add_column("environments", column)


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("environments") as table:
        for column in _told():
            table.drop_column(column.name)
