"""Say of a workspace in which cell it lives."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("workspaces", sa.Column("cell", sa.String(length=32), nullable=True))
    op.add_column("workspaces", sa.Column("away", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("workspaces", "away")
    op.drop_column("workspaces", "cell")
