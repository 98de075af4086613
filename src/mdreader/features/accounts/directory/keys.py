"""API keys of people whom the directory lets in no more: a key renews nothing, so nothing else would ask."""

import structlog

from mdreader.features.accounts import queries
from mdreader.features.accounts.directory import queries as kept
from mdreader.features.accounts.directory.standing import standing_of
from mdreader.features.accounts.signing_in import end_keys
from mdreader.jobs.context import JobContext
from mdreader.kernel.errors import UnavailableError
from mdreader.ports.directory import DirectoryRefusedError
from mdreader.runtime import Runtime

log = structlog.get_logger(__name__)


async def end_keys_of_the_shut_out(ctx: JobContext[Runtime]) -> None:
    """Revoke the keys of everybody who was disabled or deleted there. A directory that does not answer ends nothing."""
    runtime = ctx.runtime
    if runtime.directory is None:
        return
    async with runtime.database.read() as conn:
        owners = await kept.key_owners(conn, runtime.directory.issuer)
    for user_id in owners:
        try:
            standing = await standing_of(runtime, user_id)
        except (UnavailableError, DirectoryRefusedError) as error:
            log.warning("directory_not_asked", reason=str(error))
            return  # the next look is soon enough
        if standing is not None and not standing.enabled:
            async with ctx.write() as tx:
                await queries.user_by_id(tx.conn, user_id, lock=True)
                await end_keys(runtime, tx, user_id)
