"""Remember which documents' files are to be written."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_file_marks",
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("mark", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_file_marks")),
    )
    # Every document that is there has no file yet.
    op.execute(
        "INSERT INTO document_file_marks (document_id, mark) SELECT id, id FROM documents WHERE deleted_at IS NULL"
    )


def downgrade() -> None:
    op.drop_table("document_file_marks")
