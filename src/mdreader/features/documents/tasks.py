"""What is done for documents in the background."""

from mdreader.features.documents import files
from mdreader.jobs.context import JobContext
from mdreader.jobs.registry import Payload, Registry, Schedule
from mdreader.runtime import Runtime


def register(registry: Registry[Runtime]) -> None:
    """Let jobs write documents as files."""
    registry.add(files.WRITE, _write_files, max_attempts=20)
    registry.repeat(Schedule("documents.files", files.WRITE, every_seconds=3600))


async def _write_files(ctx: JobContext[Runtime], _payload: Payload) -> None:
    await files.write_files(ctx)
