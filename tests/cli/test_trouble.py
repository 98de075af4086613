"""What commands say when what they need is broken, away or somebody else's: one line that can be acted on, no traceback."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import Ended, run
from mdreader.bootstrap.database import hold_storage, open_database, read_secret
from mdreader.cli.reach import ReachError, Target, reach
from mdreader.kernel.data_folder import DataFolderInUseError
from mdreader.kernel.errors import UnavailableError
from mdreader.settings import SettingsError, load_settings
from support.server import Server

COMMANDS = [("serve",), ("migrate",), ("worker",), ("import", ".", "--workspace", "Notes")]


def told(ended: Ended) -> str:
    """What a command that cannot do its work says."""
    assert ended.code == 1
    assert "Traceback" not in ended.errors + ended.output
    return ended.errors


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_file_that_is_no_database(command: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "mdreader.sqlite3"
    file.write_bytes(b"not at all" * 1000)
    said = told(run(tmp_path, *command, PORT="0"))
    assert f"{file} cannot be read: file is not a database" in said
    assert "doctor" in said


def test_a_file_in_the_place_of_the_data_folder_is_named(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_text("")
    assert f"{file}: File exists" in told(run(file, "serve", PORT="0"))


def test_an_address_of_another_machine_is_no_matter_of_ports(tmp_path: Path) -> None:
    said = told(run(tmp_path, "serve", PORT="0", HOST="192.0.2.1"))
    assert "192.0.2.1:0: Cannot assign requested address. HOST is one of this machine's own addresses" in said
    assert "PORT=" not in said


async def test_where_postgresql_was_looked_for(tmp_path: Path) -> None:
    away = load_settings(data=tmp_path, database_url="postgresql://ann:hush@127.0.0.1:1/notes")
    with pytest.raises(UnavailableError, match=r"looked for where DATABASE_URL says: notes at 127\.0\.0\.1:1\.$"):
        async with open_database(away):
            pass


async def test_an_api_key_that_no_header_can_hold() -> None:
    with pytest.raises(ReachError, match="characters that no key has"):
        async with reach(Target("http://127.0.0.1:1", "mdr_é", None), "Notes", made_if_missing=True):
            pass


def test_a_secret_that_was_copied_in_part_signs_nothing(tmp_path: Path) -> None:
    whole = read_secret(tmp_path)
    assert read_secret(tmp_path) == whole
    for part in (b"", whole[:31]):
        (tmp_path / "secret.key").write_bytes(part)
        with pytest.raises(SettingsError, match=f"has {len(part)} bytes instead of 32"):
            read_secret(tmp_path)


@pytest.mark.sqlite_only("is about the lock beside its file")
def test_two_data_folders_do_not_share_one_database(tmp_path: Path, new_server: Callable[[Path], Server]) -> None:
    url = f"sqlite:///{tmp_path / 'shared' / 'notes.sqlite3'}"
    first = new_server(tmp_path / "one").start(DATABASE_URL=url)
    for command in COMMANDS:
        if command[0] == "import":  # it would wait for ten seconds, in case that a server is about to say where it is
            continue
        said = told(run(tmp_path / "two", *command, PORT="0", DATABASE_URL=url))
        assert f"The database {tmp_path / 'shared' / 'notes.sqlite3'} is in use" in said
    assert first.stop() == 0


def test_databases_beside_each_other_are_not_each_others(tmp_path: Path) -> None:
    one = load_settings(data=tmp_path / "one", database_url=f"sqlite:///{tmp_path / 'one.sqlite3'}")
    two = load_settings(data=tmp_path / "two", database_url=f"sqlite:///{tmp_path / 'two.sqlite3'}")
    also_one = load_settings(data=tmp_path / "two", database_url=one.database_url)
    with hold_storage(one):
        with hold_storage(two):
            pass
        with pytest.raises(DataFolderInUseError), hold_storage(also_one):
            pass
    with hold_storage(also_one):
        pass


@pytest.mark.parametrize(
    "url", ["sqlite:", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite://host/a", "sqlite:///a?b=c"]
)
def test_sqlite_is_a_file(url: str) -> None:
    with pytest.raises(SettingsError, match=r"(?i)^DATABASE_URL: of SQLite is a file: sqlite:///path"):
        load_settings(database_url=url)
