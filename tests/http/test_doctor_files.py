"""What `mdreader doctor` says of the files of a data folder: each with advice that mends it and breaks nothing else."""

from pathlib import Path

import pytest

from mdreader.bootstrap.database import read_secret
from mdreader.cli.doctor import database, secret
from mdreader.migrations import upgrade
from mdreader.settings import Settings, load_settings


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    return load_settings(data=tmp_path, database_url=None)


def test_a_whole_secret(here: Settings) -> None:
    assert list(secret(here)) == []  # before the first start
    read_secret(here.data)
    assert [found.state for found in secret(here)] == ["ok"]


@pytest.mark.parametrize("size", [0, 31])
def test_a_secret_that_was_copied_in_part(size: int, here: Settings) -> None:
    (here.data / "secret.key").write_bytes(b"x" * size)
    (found,) = secret(here)
    assert found.state == "fail"
    assert f"{size} bytes instead of 32" in found.text
    assert "backup" in found.advice


def test_a_secret_that_others_read(here: Settings) -> None:
    read_secret(here.data)
    (here.data / "secret.key").chmod(0o640)
    (found,) = secret(here)
    assert (found.state, found.advice) == ("warn", f"chmod 600 {here.data / 'secret.key'}")


def test_a_database_that_cannot_be_opened_wants_no_backup(here: Settings) -> None:
    upgrade(here.data / "mdreader.sqlite3")
    (here.data / "mdreader.sqlite3-wal").mkdir()  # root, which CI often is, may write into every folder
    (found,) = database(here)
    assert found.state == "fail"
    assert "right to read and write" in found.advice
    assert "backup" not in found.advice


def test_a_file_that_is_no_database_wants_one(here: Settings) -> None:
    (here.data / "mdreader.sqlite3").write_bytes(b"no" * 5000)
    (found,) = database(here)
    assert found.state == "fail"
    assert "backup" in found.advice
