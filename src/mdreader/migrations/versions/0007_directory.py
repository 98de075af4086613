"""Keep what a directory gave for a session, and from when on its tokens hold."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "directory_sessions",
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("refresh_token", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_directory_sessions_session_id_sessions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_directory_sessions")),
    )
    op.add_column("identities", sa.Column("valid_after", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("identities", "valid_after")
    op.drop_table("directory_sessions")
