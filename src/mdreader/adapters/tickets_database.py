"""Tickets in the database: for several servers without Redis, and while Redis is away."""

import secrets
from collections.abc import Collection
from typing import Final

from sqlalchemy import or_, select

from mdreader.adapters.tables import socket_tickets as tickets
from mdreader.adapters.ticket_values import decode_actor, digest, encode_actor
from mdreader.db.engine import Database
from mdreader.kernel.actor import Actor
from mdreader.kernel.clock import Clock
from mdreader.ports.tickets import PER_PERSON, PREFIX, TTL_SECONDS

# Every so many tickets those of others that have expired are swept out.
SWEEP_EVERY: Final = 100


class DatabaseTickets:
    """Implements `ports.tickets.Tickets`. `mark` stands behind the prefix, so that a ticket says where it is kept."""

    def __init__(self, database: Database, clock: Clock, *, mark: str = "") -> None:
        self._database = database
        self._clock = clock
        self._mark = mark
        self._issued = 0

    async def issue(self, actor: Actor, document_id: str) -> str:
        """See `Tickets.issue`."""
        now = self._clock.now()
        ticket = PREFIX + self._mark + secrets.token_urlsafe(24)
        row = {
            "digest": digest(ticket),
            "document_id": document_id,
            "user_id": actor.user_id,
            "session_id": actor.session_id,
            "key_id": actor.key_id,
            "actor": encode_actor(actor),
            "expires_at": now + TTL_SECONDS * 1000,
        }
        expired = tickets.c.expires_at <= now
        theirs = tickets.c.user_id == actor.user_id
        sweep = self._issued % SWEEP_EVERY == 0
        self._issued += 1
        newest = select(tickets.c.digest).where(theirs).order_by(tickets.c.expires_at.desc()).limit(PER_PERSON)
        async with self._database.write() as tx:
            await tx.conn.execute(tickets.delete().where(expired if sweep else expired & theirs))
            await tx.conn.execute(tickets.insert(), row)
            await tx.conn.execute(tickets.delete().where(theirs, tickets.c.digest.not_in(newest)))
        return ticket

    async def redeem(self, ticket: str, document_id: str) -> Actor | None:
        """See `Tickets.redeem`."""
        take = (
            tickets.delete()
            .where(tickets.c.digest == digest(ticket))
            .returning(tickets.c.document_id, tickets.c.actor, tickets.c.expires_at)
        )
        async with self._database.write() as tx:
            found = (await tx.conn.execute(take)).first()
        if found is None or found.document_id != document_id or found.expires_at <= self._clock.now():
            return None
        return decode_actor(found.actor)

    async def revoke(self, session_ids: Collection[str], key_ids: Collection[str]) -> None:
        """See `Tickets.revoke`."""
        theirs = or_(tickets.c.session_id.in_(session_ids), tickets.c.key_id.in_(key_ids))
        async with self._database.write() as tx:
            await tx.conn.execute(tickets.delete().where(theirs))
