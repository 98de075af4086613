"""The jobs of accounts in a directory."""

from typing import Final

from mdreader.features.accounts.client import Client
from mdreader.features.accounts.directory import endings, service, steps
from mdreader.jobs.context import JobContext
from mdreader.jobs.registry import Payload, Registry
from mdreader.runtime import Runtime

# With backoff, about a day: until then whatever was wrong there is mended.
_ATTEMPTS: Final = 32


def register(registry: Registry[Runtime]) -> None:
    """Let jobs end in the directory what ended here."""
    registry.add(endings.END, _end, max_attempts=_ATTEMPTS, timeout_seconds=60)
    registry.add(endings.END_ALL, _end_all, max_attempts=_ATTEMPTS, timeout_seconds=60)
    registry.add(steps.MAIL_CODE, _mail_code, max_attempts=4, timeout_seconds=60)


async def _end(ctx: JobContext[Runtime], payload: Payload) -> None:
    await endings.end(ctx.runtime, payload["session_id"], payload["sealed"])


async def _end_all(ctx: JobContext[Runtime], payload: Payload) -> None:
    await endings.end_all(ctx.runtime, payload["subject"])


async def _mail_code(ctx: JobContext[Runtime], payload: Payload) -> None:
    if ctx.runtime.directory is not None:
        client = Client(payload["address"], payload["user_agent"], payload["base"])
        await service.mail_code_of_step(ctx, payload["challenge_id"], client)
