"""HTTP routes of jobs."""

from typing import Annotated

from fastapi import Query

from mdreader.features.accounts.current import CurrentActor
from mdreader.features.jobs.access import require_job, sees_all
from mdreader.features.jobs.schemas import JobOut, JobsOut, job_out
from mdreader.features.workspaces.access import Right, require_workspace
from mdreader.http.dependencies import ReadDep, RuntimeDep, WriteDep
from mdreader.http.errors import problems
from mdreader.http.routes import make_router
from mdreader.jobs.queue import get_job, list_jobs
from mdreader.kernel.paging import decode_cursor, encode_cursor

router = make_router("/api", "jobs")

_GONE = problems({404: "No such job or workspace, or the person who asks may not see it."})


@router.get("/workspaces/{workspace_id}/jobs", operation_id="list_jobs", responses=_GONE)
async def list_workspace_jobs(
    workspace_id: str,
    actor: CurrentActor,
    conn: ReadDep,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.", max_length=8192)] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Items a page.")] = 50,
) -> JobsOut:
    """List the jobs of a workspace, the newest first: all of them for its owners, their own for everybody else."""
    access = await require_workspace(conn, actor, workspace_id, Right.READ)
    before = None if cursor is None else str(decode_cursor(cursor, str)[0])
    started_by = None if sees_all(access) else actor.user_id
    found = await list_jobs(conn, access.workspace_id, started_by=started_by, before=before, limit=limit + 1)
    more = encode_cursor(found[limit - 1].id) if len(found) > limit else None
    return JobsOut(items=[job_out(job) for job in found[:limit]], next_cursor=more)


@router.get("/jobs/{job_id}", operation_id="get_job", responses=_GONE)
async def read_job(job_id: str, actor: CurrentActor, conn: ReadDep) -> JobOut:
    """Read how far a job is."""
    return job_out(await require_job(conn, actor, job_id))


@router.post(
    "/jobs/{job_id}/cancel",
    operation_id="cancel_job",
    responses=_GONE | problems({409: "`job_finished`: it has ended already."}),
)
async def cancel_job(job_id: str, actor: CurrentActor, runtime: RuntimeDep, tx: WriteDep) -> JobOut:
    """Cancel a job: at once while it waits; one that runs is asked to stop, and does within seconds."""
    job = await require_job(tx.conn, actor, job_id)
    await runtime.jobs.cancel(tx, job.id)
    return job_out(await get_job(tx.conn, job.id))
