"""How the adapters of Redis or Valkey reach it."""

from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as DisconnectedError
from redis.exceptions import MovedError

SOCKET_SECONDS: Final = 2.0
CLIENT_NAME: Final = "mdreader"


def is_cluster(url: str) -> bool:
    """Whether keys are spread over several: `redis://host:6379/0?cluster=true`."""
    return parse_qs(urlsplit(url).query).get("cluster") == ["true"]


def open_client(url: str) -> "Redis":
    """A client that fails at once instead of retrying by itself: whoever uses it knows what to do without Redis.

    Of a cluster it reaches one member, which is enough for channels: what is published anywhere is heard everywhere.
    """
    return _open(Redis, url)


def open_keys(url: str) -> "Redis":
    """The same for keys: of a cluster it finds the member that has ours."""
    return _open(Follower if is_cluster(url) else Redis, url)


def _open(kind: type["Redis"], url: str) -> "Redis":
    return kind.from_url(
        urlsplit(url)._replace(query="").geturl() if is_cluster(url) else url,
        protocol=2,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=SOCKET_SECONDS,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
        client_name=CLIENT_NAME,
    )


class Follower(Redis):
    """Goes to the member of a cluster that has our keys, which `namespace` puts into one slot.

    The library's own client for clusters (8.1) knows all slots, but of forty calls at once some found their connections closed.
    """

    _known: ConnectionPool | None = None

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """As `Redis` does, at the member that has the key."""
        pool = self.connection_pool
        try:
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except MovedError as moved:
            if self.connection_pool is pool:  # nobody else was told meanwhile
                await self._go(pool, moved)
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except (DisconnectedError, OSError):
            # Whoever has the slot after it: the address that was configured leads to a member that knows.
            if self._known is not None and self.connection_pool is pool:
                self.connection_pool, self._known = self._known, None
            raise

    async def _go(self, pool: ConnectionPool, moved: MovedError) -> None:
        where = {"host": moved.host or pool.connection_kwargs["host"], "port": moved.port}
        if self._known is None:
            self._known = pool
        self.connection_pool = ConnectionPool(pool.connection_class, **(pool.connection_kwargs | where))

    async def aclose(self, *arguments: Any, **options: Any) -> None:
        """Close the connections to the member and to where it began."""
        if self._known is not None:
            await self._known.disconnect()
        await super().aclose(*arguments, **options)


def namespace(url: str) -> str:
    """What every key and channel begins with. Channels know no database numbers, so the number is part of the name.

    In braces stands what decides on the member of a cluster: one script touches several keys.
    """
    path = urlsplit(url).path.strip("/")
    number = path if path.isdigit() else "0"
    return f"mdreader:{{{number}}}:" if is_cluster(url) else f"mdreader:{number}:"
