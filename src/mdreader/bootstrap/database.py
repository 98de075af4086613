"""The database that the settings choose, its schema and the secret that is kept with it."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from secrets import token_bytes
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import structlog

from mdreader.db.engine import Database
from mdreader.db.secrets import shared_secret
from mdreader.db.sqlite import SqliteDatabase
from mdreader.kernel.data_folder import hold, hold_database
from mdreader.kernel.errors import UnavailableError
from mdreader.migrations import upgrade
from mdreader.migrations.schema import Phase
from mdreader.ports.secrets import Secrets, database_url
from mdreader.settings import Settings, SettingsError

if TYPE_CHECKING:
    from mdreader.db.postgres_address import PostgresAddress

log = structlog.get_logger(__name__)

# So long a server that starts waits for PostgreSQL, and so often it looks.
START_SECONDS: Final = 30.0
AWAITED_SECONDS: Final = 1.0
SECRET_BYTES: Final = 32


def read_secret(data: Path) -> bytes:
    """The key that signs tokens: made at the first start, readable by the owner alone.

    Raises `SettingsError` when there is less of it than there was: whoever knows a key of nothing signs what they like.
    """
    path = data / "secret.key"
    try:
        secret = path.read_bytes()
    except FileNotFoundError:
        return _make_secret(path)
    if len(secret) < SECRET_BYTES:
        raise SettingsError(
            f"{path} has {len(secret)} bytes instead of {SECRET_BYTES}: it was copied in part. Restore it from a backup. "
            "Without one, delete it: everybody then signs in again, and authenticator apps and mailed codes no longer fit."
        )
    return secret


def _make_secret(path: Path) -> bytes:
    secret = token_bytes(SECRET_BYTES)
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return secret


def on_postgres(settings: Settings) -> bool:
    """Whether `DATABASE_URL` chooses PostgreSQL."""
    return settings.database_url is not None and settings.database_url.startswith("postgresql:")


def database_file(settings: Settings) -> Path:
    """Where the SQLite database lies, when it is not on PostgreSQL."""
    if settings.database_url is None or on_postgres(settings):
        return settings.data.resolve() / "mdreader.sqlite3"
    # sqlite:///relative or sqlite:////absolute, as SQLAlchemy writes it.
    return Path(unquote(urlsplit(settings.database_url).path[1:])).resolve()


@contextmanager
def hold_storage(settings: Settings) -> Iterator[None]:
    """Have for this process alone what the settings keep on this disk: the data folder, and a SQLite file that lies elsewhere.

    Raises `DataFolderInUseError`.
    """
    data = settings.data.resolve()
    with ExitStack() as stack:
        stack.enter_context(hold(data))
        if not on_postgres(settings) and (file := database_file(settings).resolve()).parent != data:
            stack.enter_context(hold_database(file))
        yield


def postgres_address(settings: Settings, rotating: Secrets | None = None) -> "PostgresAddress":
    """Where `DATABASE_URL` says that PostgreSQL is; `rotating` keeps its credentials. Raises `AddressError`.

    In production, which is where people come by https, the way there is encrypted, whatever `DATABASE_URL` says.
    """
    from mdreader.db.postgres_address import AddressError, parse_address

    address = parse_address(settings.database_url or "")
    if address.in_the_clear:
        if (settings.public_url or "").startswith("https://"):
            raise AddressError(
                "PUBLIC_URL is https, and sslmode=disable in DATABASE_URL would send passwords and texts in the clear to "
                f"{address.where}. Take it out; let PostgreSQL offer TLS, or come to it through a tunnel on this machine."
            )
        log.warning("database_in_the_clear", where=address.where, advice="take sslmode=disable out of DATABASE_URL")
    if rotating is None:
        return address
    from mdreader.adapters.postgres_login import connecting

    newest = partial(database_url, settings.database_url, rotating)
    return replace(address, connector=connecting(newest, rotating.refresh))


async def upgrade_postgres(address: "PostgresAddress", phase: Phase) -> bool:
    """Do the steps of `phase` that are missing; True when there were any. Raises `MigrationError` and `UnavailableError`."""
    from mdreader.db.postgres import making_changes
    from mdreader.migrations.postgres import upgrade as upgrade_database

    async with making_changes(address) as engine:
        return await upgrade_database(engine, address.where, phase)


async def _upgrade_once_it_answers(address: "PostgresAddress", patience: float) -> None:
    """Both are often started at once, and PostgreSQL takes longer."""
    loop = asyncio.get_running_loop()
    over = loop.time() + patience
    while True:
        try:
            await upgrade_postgres(address, "pre")
        except UnavailableError as error:
            # What would not be otherwise in a moment is said at once.
            if "Retry-After" not in error.headers:
                raise
            if loop.time() >= over:
                raise UnavailableError(
                    f"{error.detail} It was looked for where DATABASE_URL says: {address.where}.", headers=error.headers
                ) from error
            log.warning("database_awaited", where=address.where, seconds=round(over - loop.time()))
            await asyncio.sleep(AWAITED_SECONDS)
        else:
            return


@asynccontextmanager
async def open_database(
    settings: Settings, *, migrate: bool = True, rotating: Secrets | None = None, patience: float = 0.0
) -> AsyncIterator[Database]:
    """The database, at a schema that serves this version. `rotating` keeps its credentials.

    Raises `MigrationError`, `AddressError`, and `UnavailableError` when it does not answer within `patience` seconds.
    """
    database: Database
    if on_postgres(settings):
        from mdreader.db.postgres import PostgresDatabase

        address = postgres_address(settings, rotating)
        if migrate:
            await _upgrade_once_it_answers(address, patience)
        database = PostgresDatabase(address)
    else:
        file = database_file(settings)
        if migrate:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            upgrade(file)
        database = SqliteDatabase(file)
    try:
        yield database
    finally:
        await database.close()


async def signing_secret(settings: Settings, database: Database) -> bytes:
    """The key that signs tokens: in the data folder beside SQLite, in the database where several servers share it."""
    if database.dialect == "sqlite":
        return read_secret(settings.data)
    return await shared_secret(database, "tokens", partial(token_bytes, 32))
