"""The gate to jobs: who started one may see and cancel it, and so may the owners of its workspace."""

from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.features.workspaces.access import Right, WorkspaceAccess, require_workspace
from mdreader.jobs.queue import Job, get_job
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import NotFoundError


def sees_all(access: WorkspaceAccess) -> bool:
    """Whether one sees jobs of the workspace that others started."""
    return access.allows(Right.MANAGE)


async def require_job(conn: AsyncConnection, actor: Actor, job_id: str) -> Job:
    """The job, for those who may see it. Who has left a workspace sees none of its jobs. Raises `NotFoundError`."""
    job = await get_job(conn, job_id)
    own = job.started_by == actor.user_id
    if job.workspace_id is not None:
        access = await require_workspace(conn, actor, job.workspace_id, Right.READ)
        own = own or sees_all(access)
    if not own:
        raise NotFoundError("There is no such job.")
    return job
