"""`mdreader migrate-data`: from SQLite to PostgreSQL, with everything and everybody."""

import asyncio
import os
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from mdreader.bootstrap.credentials import open_secrets
from mdreader.bootstrap.database import database_file, on_postgres, postgres_address, read_secret
from mdreader.cli.copies import fetched
from mdreader.cli.meter import Meter
from mdreader.cli.moving import Moved, MoveError, move, open_source
from mdreader.cli.outcome import stop
from mdreader.cli.trouble import explain
from mdreader.db.postgres import making_changes
from mdreader.kernel import failpoints
from mdreader.kernel.data_folder import hold, hold_database
from mdreader.settings import Settings, SettingsError, load_settings


def run(source: str | None, target: str | None) -> int:
    """Move; the process's exit code."""
    failpoints.arm(os.environ.get("MDREADER_FAILPOINTS", ""))
    try:
        there = _target(target)
        with ExitStack() as stack:
            if source is not None and source.startswith(("http://", "https://")):
                source = f"sqlite:///{stack.enter_context(fetched(source))}"
            settings = _settings(source)
            file = database_file(settings)
            # Of both, when the database does not lie in the data folder: a server holds the latter.
            for folder in {settings.data.resolve(), file.parent}:
                if folder.exists():
                    stack.enter_context(hold(folder))
            if file.exists():
                stack.enter_context(hold_database(file))  # as a server does whose data folder is elsewhere
            moved, where = asyncio.run(_move(file, read_secret(_home(settings, file)), there))
    except MoveError as error:
        return stop(str(error))
    except SQLAlchemyError as error:
        return stop(f"It was interrupted: {error}\nRun the same command again: it goes on where it was.")
    except Exception as error:
        if (reason := explain(error)) is None:
            raise
        return stop(reason)
    _tell(moved, where)
    return 0


def _target(target: str | None) -> Settings:
    """Where to: an address, else what the environment says, credentials of `SECRETS_ARN` included."""
    there = load_settings(**({} if target is None else {"database_url": target, "secrets_arn": None}))
    if not on_postgres(there) and there.secrets_arn is None:
        raise SettingsError("--to is where PostgreSQL is: postgresql://user:password@host:5432/name")
    return there


def _settings(source: str | None) -> Settings:
    """The installation that is moved: what the environment says, or a file."""
    settings = load_settings(**({} if source is None else {"database_url": source}))
    if on_postgres(settings):
        raise SettingsError("--from is the SQLite database to be moved: sqlite:///path/mdreader.sqlite3")
    return settings


def _home(settings: Settings, file: Path) -> Path:
    """The folder with the secret: beside the database, or the data folder when that lies elsewhere."""
    homes = [folder for folder in (file.parent, settings.data.resolve()) if (folder / "secret.key").exists()]
    if not homes:
        raise MoveError(f"There is no secret.key beside {file}. Set MDREADER_DATA to the data folder of this database.")
    return homes[0]


async def _move(file: Path, secret: bytes, there: Settings) -> tuple[Moved, str]:
    async with open_secrets(there) as credentials:
        address = postgres_address(credentials.settings, credentials.rotating)
        with open_source(file) as source, Meter("Moving rows") as meter:
            async with making_changes(address) as engine:
                return await move(source, secret, engine, address.where, meter), address.where


def _tell(moved: Moved, where: str) -> None:
    for name, (rows, digest) in moved.tables.items():
        if rows:
            print(f"  {name:<24} {rows:>10,} rows  {digest[:16]}")
    print(f"Every row is in {where}, and the same; {moved.documents:,} documents read as before, letter by letter.")
    print(
        "Start the servers with DATABASE_URL set to it. The old database is as it was; keep it until you are content."
    )
