"""What an environment's services have asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; nothing was counted until now."""
    op.add_column("lanes", sa.Column("usage", sa.JSON))


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("lanes") as table:
        table.drop_column("usage")
