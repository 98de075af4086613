"""What jobs say over HTTP."""

from typing import Literal

from pydantic import BaseModel, Field

from mdreader.jobs.queue import Job
from mdreader.kernel.clock import iso


class JobErrorOut(BaseModel):
    """Why the newest attempt failed."""

    code: str
    detail: str


class JobOut(BaseModel):
    """Work in the background."""

    id: str
    kind: str
    state: Literal["waiting", "running", "done", "dead", "cancelled"] = Field(
        description="`waiting` also after a failure that is tried again; `dead` when it is not any more."
    )
    workspace_id: str | None
    started_by: str | None = Field(description="A user's id.")
    attempt: int = Field(description="How often it was begun.")
    done: int = Field(description="How far it is, of `total`; brought up to date about once a second.")
    total: int | None
    note: str
    error: JobErrorOut | None
    cancel_requested: bool
    created_at: str = Field(description="RFC 3339, UTC.")
    next_attempt_at: str | None = Field(description="While it waits. RFC 3339, UTC.")
    finished_at: str | None = Field(description="RFC 3339, UTC.")


class JobsOut(BaseModel):
    """Jobs, the newest first."""

    items: list[JobOut]
    next_cursor: str | None


def job_out(job: Job) -> JobOut:
    """The job as it goes out: without its payload and its traces."""
    return JobOut(
        id=job.id,
        kind=job.kind,
        state=job.state,
        workspace_id=job.workspace_id,
        started_by=job.started_by,
        attempt=job.attempt,
        done=job.done,
        total=job.total,
        note=job.note,
        error=None if job.error is None else JobErrorOut(code=job.error["code"], detail=job.error["detail"]),
        cancel_requested=job.cancel_requested,
        created_at=iso(job.created_at),
        next_attempt_at=iso(job.due_at) if job.state == "waiting" and job.due_at is not None else None,
        finished_at=None if job.finished_at is None else iso(job.finished_at),
    )
