"""Rate limits of several servers in Redis or Valkey; each server counts for itself while that is away."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from mdreader.ports.rate_limits import Limit, RateLimits

log = structlog.get_logger(__name__)

# After it did not answer, Redis is left alone for so long: a log-in must not wait for it each time.
REST_SECONDS: Final = 1.0

# A sorted set a key: the counted attempts by their time. One script, so that many at once cannot slip through.
_HIT: Final = """
local now = tonumber(ARGV[1])
if now < 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local window = tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then
  return math.max(1, redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] + window - now)
end
redis.call('ZADD', KEYS[1], now, ARGV[4])
redis.call('PEXPIRE', KEYS[1], window)
return 0
"""


class RedisRateLimits:
    """Implements `ports.rate_limits.RateLimits`. Redis' own clock counts, unless `now` (seconds) is given."""

    def __init__(
        self, client: "Redis", prefix: str, fallback: RateLimits, *, now: Callable[[], float] | None = None
    ) -> None:
        self._client = client
        self._prefix = f"{prefix}limit:"
        self._fallback = fallback
        self._now = now
        self._hit: Any = client.register_script(_HIT)
        self._rest_until = 0.0

    async def hit(self, limit: Limit, key: str) -> float:
        """See `RateLimits.hit`."""
        if not self._resting():
            now = -1 if self._now is None else int(self._now() * 1000)
            args = [now, limit.seconds * 1000, limit.count, secrets.token_hex(8)]
            try:
                return int(await self._hit(keys=[self._key(limit, key)], args=args)) / 1000
            except (RedisError, OSError) as error:
                self._rest(error)
        return await self._fallback.hit(limit, key)

    async def reset(self, limit: Limit, key: str) -> None:
        """See `RateLimits.reset`."""
        if not self._resting():
            try:
                await self._client.delete(self._key(limit, key))
            except (RedisError, OSError) as error:
                self._rest(error)
        await self._fallback.reset(limit, key)

    async def refund(self, limit: Limit, key: str) -> None:
        """See `RateLimits.refund`."""
        if not self._resting():
            try:
                await self._client.zpopmax(self._key(limit, key))
            except (RedisError, OSError) as error:
                self._rest(error)
            else:
                return
        await self._fallback.refund(limit, key)

    def _key(self, limit: Limit, key: str) -> str:
        # Hashed: an address or a mail address of any length is nobody's business there.
        return f"{self._prefix}{limit.name}:{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"

    def _resting(self) -> bool:
        return asyncio.get_running_loop().time() < self._rest_until

    def _rest(self, error: Exception) -> None:
        self._rest_until = asyncio.get_running_loop().time() + REST_SECONDS
        log.warning("redis_away", what="rate limits", error=type(error).__name__)
