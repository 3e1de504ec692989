"""What is known of an environment's images."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; nothing was known until now."""
    op.add_column("lanes", sa.Column("images", sa.JSON))


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("lanes") as table:
        table.drop_column("images")
