"""`mdreader migrate`: the database's schema, brought up to date without a start."""

import asyncio
from contextlib import nullcontext
from typing import cast, get_args

from mdreader import migrations
from mdreader.bootstrap.credentials import open_secrets
from mdreader.bootstrap.database import (
    database_file,
    hold_storage,
    on_postgres,
    open_database,
    postgres_address,
    upgrade_postgres,
)
from mdreader.cli.outcome import stop
from mdreader.cli.trouble import explain
from mdreader.features.workspaces.changes import begin_epoch
from mdreader.migrations.schema import Phase
from mdreader.settings import Settings, SettingsError, load_settings


def run(phase: str, *, restored: bool = False) -> int:
    """Migrate, and void every cursor when the database was `restored`; the process's exit code."""
    try:
        if phase not in get_args(Phase):
            raise SettingsError(f"--phase is {', '.join(get_args(Phase))}")
        changed = asyncio.run(_migrate(load_settings(), cast("Phase", phase), restored=restored))
    except Exception as error:
        if (reason := explain(error)) is None:
            raise
        return stop(reason)
    if restored:
        print("Whoever follows a workspace is told to read everything anew.")
    print(f"The database is {'now' if changed else 'already'} at {migrations.HEAD} ({phase}).")
    return 0


async def _migrate(settings: Settings, phase: Phase, *, restored: bool) -> bool:
    async with open_secrets(settings) as credentials:
        complete = credentials.settings
        # On PostgreSQL beside servers that run: that is what the phases are for.
        with nullcontext() if on_postgres(complete) else hold_storage(complete):
            if on_postgres(complete):
                changed = await upgrade_postgres(postgres_address(complete, credentials.rotating), phase)
            else:
                changed = migrations.upgrade(database_file(complete))
            if restored:
                async with open_database(complete, migrate=False, rotating=credentials.rotating) as database:
                    async with database.write() as tx:
                        await begin_epoch(tx)
            return changed
