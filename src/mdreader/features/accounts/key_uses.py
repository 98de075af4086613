"""When API keys were used last: noted in memory on each request, written together now and then."""

import asyncio

import structlog

from mdreader.db.engine import Database
from mdreader.features.accounts import queries

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 60.0


class KeyUses:
    """The uses that are not written yet. They are a convenience: losing a minute of them in a crash is harmless."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._used: dict[str, int] = {}

    def note(self, key_id: str, now: int) -> None:
        """A key was used at `now` (ms)."""
        self._used[key_id] = now

    def latest(self, key_id: str, stored: int | None) -> int | None:
        """The last use of a key, given what the database says."""
        return self._used.get(key_id, stored)

    async def flush(self) -> None:
        """Write what was noted, in one transaction; what cannot be written is kept for the next time."""
        if not self._used:
            return
        used, self._used = self._used, {}
        try:
            async with self._database.write() as tx:
                await queries.touch_keys(tx, used)
        except BaseException:
            self._used = used | self._used
            raise

    async def run(self) -> None:
        """Write once a minute until cancelled, then a last time."""
        try:
            while True:
                await asyncio.sleep(FLUSH_SECONDS)
                await self._try_flush()
        finally:
            await self._try_flush()

    async def _try_flush(self) -> None:
        try:
            await self.flush()
        except Exception:
            log.warning("key_uses_not_written", exc_info=True)
