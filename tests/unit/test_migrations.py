"""The schema on disk and the tables in the code are the same thing."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from mdreader import migrations, tables


def test_migrations_make_exactly_the_tables(tmp_path: Path) -> None:
    database = tmp_path / "fresh.sqlite3"
    assert migrations.upgrade(database)
    with migrations.engine(database).begin() as connection:
        options = {"compare_type": True}
        difference = compare_metadata(MigrationContext.configure(connection, opts=options), tables.metadata)
    assert difference == []


def test_head_is_the_newest_file() -> None:
    heads = ScriptDirectory.from_config(migrations.make_config()).get_heads()
    assert sorted(heads) == [migrations.HEAD, *([migrations.POST] if migrations.POST else [])]


def test_a_second_upgrade_has_nothing_to_do(tmp_path: Path) -> None:
    database = tmp_path / "fresh.sqlite3"
    migrations.upgrade(database)
    assert migrations.current_schema(database) == (migrations.HEAD, migrations.POST)
    assert not migrations.upgrade(database)


def test_no_revision_without_a_schema(tmp_path: Path) -> None:
    assert migrations.current_schema(tmp_path / "absent.sqlite3") == (None, None)
    sqlite3.connect(tmp_path / "empty.sqlite3").close()
    assert migrations.current_schema(tmp_path / "empty.sqlite3") == (None, None)


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    database = tmp_path / "newer.sqlite3"
    migrations.upgrade(database)
    connection = sqlite3.connect(database)
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(migrations.MigrationError, match="newer"):
        migrations.upgrade(database)
    assert migrations.current_schema(database).pre == "9999"
