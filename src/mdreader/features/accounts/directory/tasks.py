"""The jobs of accounts in a directory."""

from typing import Final

from mdreader.features.accounts.client import Client
from mdreader.features.accounts.directory import endings, keys, service, steps
from mdreader.jobs.context import JobContext
from mdreader.jobs.registry import Payload, Registry, Schedule
from mdreader.runtime import Runtime

# With backoff, about a day: until then whatever was wrong there is mended.
_ATTEMPTS: Final = 32
# As often as sessions ask, which do it when they are renewed.
_LOOK_SECONDS: Final = 900


def register(registry: Registry[Runtime]) -> None:
    """Let jobs end in the directory what ended here."""
    registry.add(endings.END, _end, max_attempts=_ATTEMPTS, timeout_seconds=60)
    registry.add(endings.END_ALL, _end_all, max_attempts=_ATTEMPTS, timeout_seconds=60)
    registry.add("accounts.directory_look", _look, max_attempts=1, timeout_seconds=_LOOK_SECONDS)
    registry.add(steps.MAIL_CODE, _mail_code, max_attempts=4, timeout_seconds=60)


async def _end(ctx: JobContext[Runtime], payload: Payload) -> None:
    await endings.end(ctx.runtime, payload["session_id"], payload["sealed"])


async def _end_all(ctx: JobContext[Runtime], payload: Payload) -> None:
    await endings.end_all(ctx.runtime, payload["subject"])


def register_looks(registry: Registry[Runtime]) -> None:
    """Ask the directory time and again who may no longer, where there is one."""
    registry.repeat(Schedule("accounts.directory_look", "accounts.directory_look", every_seconds=_LOOK_SECONDS))


async def _look(ctx: JobContext[Runtime], _payload: Payload) -> None:
    await keys.end_keys_of_the_shut_out(ctx)


async def _mail_code(ctx: JobContext[Runtime], payload: Payload) -> None:
    if ctx.runtime.directory is not None:
        client = Client(payload["address"], payload["user_agent"], payload["base"])
        await service.mail_code_of_step(ctx, payload["challenge_id"], client)
