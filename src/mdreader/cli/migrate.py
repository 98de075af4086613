"""`mdreader migrate`: the database's schema, brought up to date without a start."""

import sys

from mdreader.bootstrap import database_file
from mdreader.kernel.data_folder import DataFolderInUseError, hold
from mdreader.migrations import HEAD, MigrationError, upgrade
from mdreader.settings import SettingsError, load_settings


def run() -> int:
    """Migrate; the process's exit code."""
    try:
        settings = load_settings()
        with hold(settings.data):
            changed = upgrade(database_file(settings))
    except (SettingsError, DataFolderInUseError, MigrationError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The database is {'now' if changed else 'already'} at {HEAD}.")
    return 0
