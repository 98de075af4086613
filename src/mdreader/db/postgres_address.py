"""`DATABASE_URL` of PostgreSQL: where it is, whether the way there is encrypted, and how many connections may be open."""

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

NAME = "mdreader"  # how PostgreSQL's own views call our connections
CONNECT_SECONDS = 5.0
# A statement that takes longer is given up, whatever became of the network.
STATEMENT_SECONDS = 30.0
# A server that vanished in the middle of a transaction holds the others up for as long.
IDLE_TRANSACTION_SECONDS = 60
POOL_SIZE = 8
SSL_MODES = ("disable", "require", "verify-ca", "verify-full")
_PARAMETERS = {"host", "pool_size", "pooler", "sslmode", "sslrootcert"}


class AddressError(Exception):
    """`DATABASE_URL` cannot be used; the message says why, and never repeats the URL, which holds a password."""


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """Where PostgreSQL is. `pooled`: behind a pooler that lends a connection for a transaction at a time.

    `connector` opens a connection instead of the driver's own function, where credentials change while the server runs.
    """

    url: URL
    connect: dict[str, Any]
    pool_size: int
    pooled: bool
    connector: Callable[..., Awaitable[Any]] | None = None

    @property
    def where(self) -> str:
        """In words, without the password."""
        host = self.connect.get("host") or self.url.host or "localhost"
        return f"{self.url.database} at {host}:{self.url.port or 5432}"

    @property
    def in_the_clear(self) -> bool:
        """Whether passwords and texts cross a network that anybody on it can read."""
        return self.connect["ssl"] is False and not _is_here(self.connect["host"])


def parse_address(text: str) -> PostgresAddress:
    """What `text` says, with defaults for the rest. Raises `AddressError`."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise AddressError("DATABASE_URL cannot be read. Write postgresql://user:password@host:5432/name") from None
    query = {name: value if isinstance(value, str) else value[-1] for name, value in url.query.items()}
    if unknown := sorted(query.keys() - _PARAMETERS):
        raise AddressError(f"DATABASE_URL: {unknown[0]} is not known; there are {', '.join(sorted(_PARAMETERS))}")
    if not url.database:
        raise AddressError("DATABASE_URL names no database. Write postgresql://user:password@host:5432/name")
    host = query.get("host") or url.host or "localhost"
    pooled = _pooled(query.get("pooler", "none"))
    connect: dict[str, Any] = {
        "host": host,
        "ssl": _encryption(query, host),
        "timeout": CONNECT_SECONDS,
        "command_timeout": STATEMENT_SECONDS,
        "server_settings": {"application_name": NAME},
    }
    if pooled:
        # Its connection may be another one with each transaction: nothing may be prepared by name, nothing set for a session.
        connect |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": str,  # an unnamed statement has an empty name
        }
    else:
        connect["server_settings"] |= {
            "jit": "off",  # compiling our statements takes longer than running them
            "idle_in_transaction_session_timeout": f"{IDLE_TRANSACTION_SECONDS}s",
        }
    return PostgresAddress(
        url.set(drivername="postgresql+asyncpg", query={}), connect, _pool_size(query.get("pool_size")), pooled
    )


def _pooled(value: str) -> bool:
    if value not in {"none", "transaction"}:
        raise AddressError("DATABASE_URL: pooler is none or transaction")
    return value == "transaction"


def _pool_size(value: str | None) -> int:
    if value is None:
        return POOL_SIZE
    if not value.isdecimal() or not 1 <= int(value) <= 100:  # noqa: PLR2004 - a limit that the message names
        raise AddressError("DATABASE_URL: pool_size is a number from 1 to 100")
    return int(value)


def _encryption(query: dict[str, str], host: str) -> ssl.SSLContext | bool:
    """What the driver takes for TLS. Without `sslmode` it is required, except on this machine."""
    mode = query.get("sslmode") or ("verify-full" if "sslrootcert" in query else "")
    mode = mode or ("disable" if _is_here(host) else "require")
    if mode not in SSL_MODES:
        raise AddressError(f"DATABASE_URL: sslmode is one of {', '.join(SSL_MODES)}")
    if mode == "disable":
        return False
    try:
        context = ssl.create_default_context(cafile=query.get("sslrootcert"))
    except (OSError, ssl.SSLError):
        raise AddressError("DATABASE_URL: the file of sslrootcert cannot be read as certificates") from None
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context


def _is_here(host: str) -> bool:
    """Whether `host` is this machine: its loopback, or a folder with a socket."""
    if host == "localhost" or host.startswith("/"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
