"""Queue jobs with their schedules, and write down every change of a workspace."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("unique_key", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("checkpoint", sa.JSON(), nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("workspace_id", sa.String(length=36), nullable=True),
        sa.Column("started_by", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    due, open_ = sa.text("due_at IS NOT NULL"), sa.text("finished_at IS NULL")
    op.create_index("ix_jobs_due_at", "jobs", ["due_at"], sqlite_where=due, postgresql_where=due)
    op.create_index("ix_jobs_finished_at", "jobs", ["finished_at"])
    op.create_index("ix_jobs_workspace_id", "jobs", ["workspace_id", "id"])
    op.create_index(
        "uq_jobs_unique_key", "jobs", ["kind", "unique_key"], unique=True, sqlite_where=open_, postgresql_where=open_
    )
    op.create_table(
        "job_schedules",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_schedules")),
    )
    op.create_table(
        "changes",
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("entity_id", sa.String(length=36), nullable=False),
        sa.Column("op", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_changes_workspace_id_workspaces"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "rev", "position", name=op.f("pk_changes")),
    )
    op.add_column("workspaces", sa.Column("epoch", sa.String(length=36), server_default="", nullable=False))
    op.add_column("workspaces", sa.Column("horizon", sa.BigInteger(), server_default="0", nullable=False))
    # What was changed so far was not written down: nobody may ask for changes since then.
    op.execute("UPDATE workspaces SET horizon = rev")


def downgrade() -> None:
    op.drop_column("workspaces", "horizon")
    op.drop_column("workspaces", "epoch")
    op.drop_table("changes")
    op.drop_table("job_schedules")
    op.drop_table("jobs")
