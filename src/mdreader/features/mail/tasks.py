"""The jobs of mail."""

from typing import Final

from mdreader.features.mail import delivery, service
from mdreader.jobs.context import JobContext
from mdreader.jobs.registry import Payload, Registry, Schedule
from mdreader.runtime import Runtime

# A mail is given up by its age; this is more attempts than fit into it.
_ATTEMPTS: Final = 200
# Longer than a mail server may think about one mail.
_SECONDS: Final = 900


def register(registry: Registry[Runtime]) -> None:
    """Let jobs send mails and keep their tables small."""
    registry.add(service.SEND, _send, max_attempts=_ATTEMPTS, timeout_seconds=_SECONDS)
    registry.add("mail.reports", _collect, max_attempts=1)
    registry.add("mail.tidy", _tidy)
    registry.repeat(Schedule("mail.tidy", "mail.tidy", every_seconds=3600))


def register_reports(registry: Registry[Runtime]) -> None:
    """Ask for carriers' reports each minute, where they wait in a queue."""
    registry.repeat(Schedule("mail.reports", "mail.reports", every_seconds=60))


async def _send(ctx: JobContext[Runtime], payload: Payload) -> None:
    await delivery.deliver(ctx, payload["mail_id"])


async def _collect(ctx: JobContext[Runtime], _payload: Payload) -> None:
    await service.collect_reports(ctx.runtime)


async def _tidy(ctx: JobContext[Runtime], _payload: Payload) -> None:
    async with ctx.write() as tx:
        await service.tidy(ctx.runtime, tx)
