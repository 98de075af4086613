"""Rate limits of several servers without Redis: a row a key in the database, changed under its lock."""

import hashlib
import json
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.adapters.tables import rate_limit_windows as windows
from mdreader.db.engine import Database
from mdreader.kernel.clock import Clock
from mdreader.ports.rate_limits import Limit

# Every so many attempts the windows that are over are swept out.
SWEEP_EVERY: Final = 200


class DatabaseRateLimits:
    """Implements `ports.rate_limits.RateLimits`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._hits = 0

    async def hit(self, limit: Limit, key: str) -> float:
        """See `RateLimits.hit`."""
        now, window, digest = self._clock.now(), limit.seconds * 1000, _digest(limit, key)
        async with self._database.write() as tx:
            if self._hits % SWEEP_EVERY == 0:
                await tx.conn.execute(windows.delete().where(windows.c.expires_at <= now))
            self._hits += 1
            attempts = [at for at in await _locked(tx.conn, digest, now) if at > now - window]
            if len(attempts) >= limit.count:
                return (attempts[0] + window - now) / 1000
            attempts.append(now)
            values = {"attempts": json.dumps(attempts), "expires_at": now + window}
            await tx.conn.execute(windows.update().where(windows.c.digest == digest).values(values))
        return 0.0

    async def reset(self, limit: Limit, key: str) -> None:
        """See `RateLimits.reset`."""
        async with self._database.write() as tx:
            await tx.conn.execute(windows.delete().where(windows.c.digest == _digest(limit, key)))

    async def refund(self, limit: Limit, key: str) -> None:
        """See `RateLimits.refund`."""
        digest = _digest(limit, key)
        async with self._database.write() as tx:
            attempts = await _locked(tx.conn, digest, self._clock.now())
            values = {"attempts": json.dumps(attempts[:-1])}
            await tx.conn.execute(windows.update().where(windows.c.digest == digest).values(values))


def _digest(limit: Limit, key: str) -> str:
    return hashlib.sha256(f"{limit.name}\0{key}".encode("utf-8", "surrogatepass")).hexdigest()


async def _locked(conn: AsyncConnection, digest: str, now: int) -> list[int]:
    """The attempts of a key, whose row is ours until the transaction ends."""
    insert = (postgresql if conn.dialect.name == "postgresql" else sqlite).insert(windows)
    empty = {"digest": digest, "attempts": "[]", "expires_at": now}
    await conn.execute(insert.values(empty).on_conflict_do_nothing())
    row = await conn.scalar(select(windows.c.attempts).where(windows.c.digest == digest).with_for_update())
    attempts: list[int] = json.loads(row or "[]")
    return attempts
