"""Which branch an environment is of, and which definition of its repository."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("branch", sa.String, nullable=False, server_default=sa.text("''")),
        sa.Column("definition", sa.String, nullable=False, server_default=sa.text("''")),
    )


def upgrade() -> None:
    """Add them; until now all were of pull requests, and repositories had one definition."""
    for column in _columns():
        op.add_column("environments", column)


def downgrade() -> None:
    """Take them away, with the environments that an older bot would take for others."""
    op.execute("DELETE FROM environments WHERE branch <> '' OR definition <> ''")
    with op.batch_alter_table("environments") as table:
        for column in _columns():
            table.drop_column(column.name)
