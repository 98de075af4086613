"""Whether a Redis or Valkey does for several servers."""

import asyncio
from collections.abc import Iterator

from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from mdreader.adapters.redis_client import open_client
from mdreader.kernel.findings import Finding

OLDEST = (6, 2)
SECONDS = 5.0


async def check_redis(url: str) -> list[Finding]:
    """Does it answer, is it new enough, does it forget what it should keep."""
    client = open_client(url)
    try:
        async with asyncio.timeout(2 * SECONDS):
            await client.ping()
            server = await client.info("server")
            memory = await client.info("memory")
    except AuthenticationError as error:
        return [
            Finding("fail", "redis", f"it does not let us in: {error}", "Correct the user and password of REDIS_URL.")
        ]
    except NoPermissionError as error:
        return [Finding("fail", "redis", f"the user may not: {error}", "Allow it +@all, or at least +info and +ping.")]
    except (RedisError, OSError, TimeoutError) as error:
        advice = "Check REDIS_URL, the security group, and rediss:// when it wants TLS. Without it servers work slower, not wrong."
        return [Finding("fail", "redis", f"no answer: {type(error).__name__}", advice)]
    finally:
        await client.aclose()
    return list(_judged(server, memory, encrypted=url.startswith("rediss:")))


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
