"""Tickets in Redis or Valkey; in the database while that is away."""

import json
import secrets
from collections.abc import Collection
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from mdreader.adapters.ticket_values import decode_actor, digest, encode_actor
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import UnavailableError
from mdreader.ports.tickets import PER_PERSON, PREFIX, TTL_SECONDS, Tickets

log = structlog.get_logger(__name__)

# Behind the prefix: where a ticket is kept, so that redeeming it asks one place.
IN_REDIS: Final = "r"
ELSEWHERE: Final = "d"

_ISSUE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ttl = tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
while redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[4]) do
  redis.call('DEL', ARGV[5] .. redis.call('ZPOPMIN', KEYS[2])[1])
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ttl)
redis.call('ZADD', KEYS[2], now + ttl, ARGV[1])
redis.call('PEXPIRE', KEYS[2], ttl)
redis.call('SADD', KEYS[3], ARGV[1])
redis.call('PEXPIRE', KEYS[3], ttl)
"""
_REVOKE: Final = """
for _, owner in ipairs(KEYS) do
  for _, ticket in ipairs(redis.call('SMEMBERS', owner)) do
    redis.call('DEL', ARGV[1] .. ticket)
  end
  redis.call('DEL', owner)
end
"""


class RedisTickets:
    """Implements `ports.tickets.Tickets`. `fallback` keeps tickets that several servers see, too: the database's."""

    def __init__(self, client: "Redis", prefix: str, fallback: Tickets) -> None:
        self._client = client
        self._prefix = f"{prefix}ticket:"
        self._fallback = fallback
        self._issue: Any = client.register_script(_ISSUE)
        self._revoke: Any = client.register_script(_REVOKE)

    async def issue(self, actor: Actor, document_id: str) -> str:
        """See `Tickets.issue`."""
        ticket = PREFIX + IN_REDIS + secrets.token_urlsafe(24)
        hashed = digest(ticket)
        value = json.dumps([document_id, encode_actor(actor)])
        keys = [f"{self._prefix}{hashed}", f"{self._prefix}of:{actor.user_id}", self._credential(actor)]
        try:
            await self._issue(keys=keys, args=[hashed, value, int(TTL_SECONDS * 1000), PER_PERSON, self._prefix])
        except (RedisError, OSError) as error:
            log.warning("redis_away", what="ticket", error=type(error).__name__)
            return await self._fallback.issue(actor, document_id)
        return ticket

    async def redeem(self, ticket: str, document_id: str) -> Actor | None:
        """See `Tickets.redeem`."""
        if not ticket.startswith(PREFIX + IN_REDIS):
            return await self._fallback.redeem(ticket, document_id)
        try:
            value = await self._client.getdel(f"{self._prefix}{digest(ticket)}")
        except (RedisError, OSError):
            raise UnavailableError("The ticket cannot be checked now. Get a new one.") from None
        if value is None:
            return None
        document, actor = json.loads(value)
        return decode_actor(actor) if document == document_id else None

    async def revoke(self, session_ids: Collection[str], key_ids: Collection[str]) -> None:
        """See `Tickets.revoke`."""
        keys = [f"{self._prefix}by:{credential}" for credential in (*session_ids, *key_ids)]
        try:
            await self._revoke(keys=keys, args=[self._prefix])
        except (RedisError, OSError) as error:
            # Whoever redeems one is asked for his session all the same.
            log.warning("redis_away", what="revocation of tickets", error=type(error).__name__)
        await self._fallback.revoke(session_ids, key_ids)

    def _credential(self, actor: Actor) -> str:
        return f"{self._prefix}by:{actor.session_id or actor.key_id}"
