"""Credentials that no longer hold, asked for many at once: for sockets, which were let in long ago."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.features.accounts.tables import api_keys, sessions
from mdreader.kernel.actor import Actor

# Those that are there and over: an identity that keeps its sessions elsewhere has none here.
_SESSIONS: Final = select(sessions.c.id).where(
    sessions.c.id.in_(bindparam("ids", expanding=True)),
    or_(sessions.c.revoked_at.is_not(None), sessions.c.expires_at <= bindparam("now")),
)
_KEYS: Final = select(api_keys.c.id).where(
    api_keys.c.id.in_(bindparam("ids", expanding=True)), api_keys.c.revoked_at.is_not(None)
)
AT_ONCE: Final = 500


async def ended(conn: AsyncConnection, actors: Collection[Actor], now: int) -> set[str]:
    """The ids of those of the actors' sessions and keys that have ended at `now`."""
    found: set[str] = set()
    session_ids = sorted({actor.session_id for actor in actors if actor.session_id is not None})
    for start in range(0, len(session_ids), AT_ONCE):
        found.update(await conn.scalars(_SESSIONS, {"ids": session_ids[start : start + AT_ONCE], "now": now}))
    key_ids = sorted({actor.key_id for actor in actors if actor.key_id is not None})
    for start in range(0, len(key_ids), AT_ONCE):
        found.update(await conn.scalars(_KEYS, {"ids": key_ids[start : start + AT_ONCE]}))
    return found
