"""Whether a Redis or Valkey does for several servers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Final
from uuid import uuid4

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from mdreader.adapters.redis_client import namespace, open_client, open_keys
from mdreader.kernel.findings import Finding

OLDEST = (6, 2)
SECONDS = 5.0
_ALLOW: Final = "Allow it: ACL SETUSER the-user ~mdreader:* &mdreader:* +@all -@dangerous +info"


async def check_redis(url: str) -> list[Finding]:
    """Does it answer, is it new enough, does it forget what it should keep, may we do with it what servers do."""
    channels, keys = open_client(url), open_keys(url)
    try:
        async with asyncio.timeout(2 * SECONDS):
            await channels.ping()
            return [finding async for finding in _looked(channels, keys, url)]
    except AuthenticationError as error:
        return [
            Finding("fail", "redis", f"it does not let us in: {error}", "Correct the user and password of REDIS_URL.")
        ]
    except NoPermissionError as error:
        return [Finding("fail", "redis", f"the user may not PING: {error}", _ALLOW)]
    except (RedisError, OSError, TimeoutError) as error:
        advice = "Check REDIS_URL, the security group, and rediss:// when it wants TLS. Without it servers work slower, not wrong."
        return [Finding("fail", "redis", f"no answer: {type(error).__name__}", advice)]
    finally:
        await channels.aclose()
        await keys.aclose()


async def _looked(channels: "Redis", keys: "Redis", url: str) -> AsyncIterator[Finding]:
    try:
        server, memory = await channels.info("server"), await channels.info("memory")
    except NoPermissionError:
        yield Finding("warn", "redis", "its version cannot be seen", "Allow +info to the user of REDIS_URL.")
    else:
        for finding in _judged(server, memory, encrypted=url.startswith("rediss:")):
            yield finding
    denied = 0
    async for name, error in _tried(channels, keys, f"{namespace(url)}doctor:{uuid4()}"):
        if error is not None:
            denied += 1
            yield Finding("fail", "redis", f"the user may not {name}: {error}", _ALLOW)
    if not denied:
        yield Finding("ok", "redis", "every command of a server's is allowed")


async def _tried(channels: "Redis", keys: "Redis", name: str) -> AsyncIterator[tuple[str, NoPermissionError | None]]:
    """Each command that servers use, on a key and a channel of the doctor's own. Nothing stays."""
    script: Any = keys.register_script("return redis.call('GET', KEYS[1])")
    other = f"{name}:set"
    speaking = channels.pubsub()
    # As the adapters use them: tickets, limits, and what servers tell each other.
    steps: tuple[tuple[str, Callable[[], Awaitable[object]]], ...] = (
        ("TIME", keys.time),
        ("SET", lambda: keys.set(name, "x", px=10_000)),
        ("EVALSHA and SCRIPT LOAD", lambda: script(keys=[name])),
        ("GETDEL", lambda: keys.getdel(name)),
        ("ZADD", lambda: keys.zadd(name, {"x": 1})),
        ("ZCARD", lambda: keys.zcard(name)),
        ("ZRANGE", lambda: keys.zrange(name, 0, 0)),
        ("ZREMRANGEBYSCORE", lambda: keys.zremrangebyscore(name, "-inf", 0)),
        ("PEXPIRE", lambda: keys.pexpire(name, 10_000)),
        ("ZPOPMIN", lambda: keys.zpopmin(name)),
        ("ZPOPMAX", lambda: keys.zpopmax(name)),
        ("SADD", lambda: keys.sadd(other, "x")),
        ("SMEMBERS", lambda: keys.smembers(other)),
        ("DEL", lambda: keys.delete(other)),
        ("PUBLISH", lambda: channels.publish(name, "")),
        ("SUBSCRIBE", lambda: _subscribed(speaking, name)),
        ("UNSUBSCRIBE", lambda: speaking.unsubscribe(name)),
    )
    try:
        for command, step in steps:
            try:
                await step()
            except NoPermissionError as error:
                yield command, error
            else:
                yield command, None
    finally:
        await speaking.aclose()  # type: ignore[no-untyped-call]


async def _subscribed(speaking: "PubSub", name: str) -> None:
    await speaking.subscribe(name)
    await speaking.get_message(timeout=SECONDS)  # the answer, which may be a refusal


def _judged(server: dict[str, object], memory: dict[str, object], *, encrypted: bool) -> Iterator[Finding]:
    version = str(server.get("valkey_version") or server.get("redis_version") or "0")
    name = "Valkey" if "valkey_version" in server else "Redis"
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    state = f"{name} {version}{'' if encrypted else ', without TLS'}"
    if parts < OLDEST:
        yield Finding("fail", "redis", state, "Use Redis 6.2 or Valkey 7.2, or a later one.")
    else:
        yield Finding("ok", "redis", state)
    policy = str(memory.get("maxmemory_policy", "noeviction"))
    if policy.startswith("allkeys"):
        advice = "Set maxmemory-policy to noeviction or volatile-ttl: tickets and limits that are in force must not be dropped."
        yield Finding("warn", "redis", f"it drops any key when memory is short ({policy})", advice)
    else:
        yield Finding("ok", "redis", f"keys in force are kept ({policy})")
