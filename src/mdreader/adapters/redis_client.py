"""How the adapters of Redis or Valkey reach it."""

from typing import Final
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

SOCKET_SECONDS: Final = 2.0
CLIENT_NAME: Final = "mdreader"


def open_client(url: str) -> "Redis":
    """A client that fails at once instead of retrying by itself: whoever uses it knows what to do without Redis."""
    return Redis.from_url(
        url,
        protocol=2,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=SOCKET_SECONDS,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
        client_name=CLIENT_NAME,
    )


def namespace(url: str) -> str:
    """What every key and channel begins with. Channels know no database numbers, so the number is part of the name."""
    path = urlsplit(url).path.strip("/")
    return f"mdreader:{path if path.isdigit() else 0}:"
