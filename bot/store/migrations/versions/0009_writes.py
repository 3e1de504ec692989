"""What was written to GitHub in the last hour, for all replicas to keep within its limits."""

import sqlalchemy as sa
from alembic import op

from bot.store.tables import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing is known of the time before."""
    op.create_table(
        "writes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_writes_account", "writes", ["account"])


def downgrade() -> None:
    """Forget it."""
    op.drop_index("ix_writes_account", "writes")
    op.drop_table("writes")
