"""`python scripts/new_migration.py "what changes"`: writes the next migration from the difference to the tables."""

import re
import sys
import tempfile
from pathlib import Path

from alembic import command

from mdreader import migrations, tables


def main(message: str) -> None:
    """Build a database at the newest revision, compare it with the tables and write the step between them."""
    package = Path(migrations.__file__)
    numbers = [int(file.name[:4]) for file in (package.parent / "versions").glob("[0-9]*.py")]
    revision = f"{max(numbers, default=0) + 1:04}"
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "empty.sqlite3"
        if numbers:
            migrations.upgrade(database)
        with migrations.engine(database).begin() as connection:
            config = migrations.make_config()
            config.attributes.update(connection=connection, metadata=tables.metadata)
            command.revision(config, message, autogenerate=True, rev_id=revision)
    source = package.read_text()
    package.write_text(re.sub(r'^HEAD = ".*"$', f'HEAD = "{revision}"', source, count=1, flags=re.MULTILINE))


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "unnamed change")
