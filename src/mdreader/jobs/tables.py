"""Jobs and their schedules. Instants are milliseconds since the Unix epoch."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, String, Table, Text, false, text

from mdreader.db.metadata import metadata

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(64), nullable=False),  # names the handler
    Column("payload", JSON, nullable=False),
    Column("unique_key", Text),  # of the jobs of a kind that are not finished, one has it
    Column("state", String(12), nullable=False),  # waiting | running | done | dead | cancelled
    # When somebody should take it: its time while it waits, the end of the lease while it runs, null when it is finished.
    Column("due_at", BigInteger),
    Column(
        "attempt", Integer, nullable=False, server_default="0"
    ),  # times claimed; fences off a worker that lost its lease
    Column(
        "tries", Integer, nullable=False, server_default="0"
    ),  # claims since the last checkpoint that count as failures
    Column("max_attempts", Integer, nullable=False),
    Column("worker", Text),  # who claimed it last
    Column("cancel_requested", Boolean, nullable=False, server_default=false()),
    Column("done", BigInteger, nullable=False, server_default="0"),  # progress: so many
    Column("total", BigInteger),  # of so many
    Column("note", Text, nullable=False, server_default=""),
    Column("checkpoint", JSON(none_as_null=True)),  # what the handler needs to go on where it was
    Column("error", JSON(none_as_null=True)),  # of the newest failure: code, detail, trace
    # Who may see it over HTTP. No foreign keys: what a job was about may be gone before the job is.
    Column("workspace_id", String(36)),
    Column("started_by", String(36)),
    Column("created_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Index(
        "ix_jobs_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index(
        "uq_jobs_unique_key",
        "kind",
        "unique_key",
        unique=True,
        sqlite_where=text("finished_at IS NULL"),
        postgresql_where=text("finished_at IS NULL"),
    ),
    Index("ix_jobs_finished_at", "finished_at"),
    Index("ix_jobs_workspace_id", "workspace_id", "id"),
)

job_schedules = Table(
    "job_schedules",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("cadence", Text, nullable=False),  # as the code has it; another one begins anew
    Column("next_at", BigInteger, nullable=False),
)
