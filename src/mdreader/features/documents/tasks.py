"""What is done for documents in the background."""

from mdreader.features.documents import files
from mdreader.features.workspaces.service import STANDING
from mdreader.jobs.context import JobContext
from mdreader.jobs.registry import Payload, Registry, Schedule
from mdreader.runtime import Runtime


def register(registry: Registry[Runtime]) -> None:
    """Let jobs write documents as files."""
    registry.add(files.WRITE, _write_files, max_attempts=20)
    registry.add("documents.check_files", _check_files)
    registry.add(STANDING, _mark_workspace)
    # Not the writing itself: two that write at once could leave the older text.
    registry.repeat(Schedule("documents.check_files", "documents.check_files", every_seconds=3600))


async def _check_files(ctx: JobContext[Runtime], _payload: Payload) -> None:
    await files.check_files(ctx)


async def _write_files(ctx: JobContext[Runtime], _payload: Payload) -> None:
    await files.write_files(ctx)


async def _mark_workspace(ctx: JobContext[Runtime], payload: Payload) -> None:
    await files.mark_workspace(ctx, str(payload["workspace_id"]))
