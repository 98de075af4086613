"""What is called on the disk is on the disk, also when the disk has said no once."""

import asyncio
import errno
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mdreader.db.wal_sync import WalSync

PRAGMAS = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA busy_timeout=0")


@pytest.fixture
async def wal(tmp_path: Path) -> AsyncIterator[WalSync]:
    made = WalSync(str(tmp_path / "database"), PRAGMAS)
    yield made
    await made.close()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "database", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("CREATE TABLE rows (row)")
        yield connection


def break_syncs(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    real = os.fdatasync

    def fdatasync(descriptor: int) -> None:
        nonlocal times
        times -= 1
        if times >= 0:
            raise OSError(errno.EIO, "the disk says no")
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", fdatasync)


def rows_without_wal(tmp_path: Path) -> int:
    """Rows in the database file alone."""
    copy = tmp_path / "copy"
    shutil.copy(tmp_path / "database", copy)
    with closing(sqlite3.connect(copy)) as connection:
        return int(connection.execute("SELECT count(*) FROM rows").fetchone()[0])


async def test_after_a_failed_sync_everything_goes_into_the_database(
    wal: WalSync, writer: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.execute("INSERT INTO rows VALUES (1)")
    await wal.synced()
    break_syncs(monkeypatch, 1)
    writer.execute("INSERT INTO rows VALUES (2)")
    await wal.synced()
    assert rows_without_wal(tmp_path) == 2
    writer.execute("INSERT INTO rows VALUES (3)")
    await wal.synced()


async def test_a_wal_that_may_lack_a_part_is_not_synced_any_further(
    wal: WalSync, writer: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / "database", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM rows").fetchone()
        break_syncs(monkeypatch, 1)
        writer.execute("INSERT INTO rows VALUES (1)")
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await wal.synced()
    await wal.synced()
    assert rows_without_wal(tmp_path) == 1


async def test_a_new_wal_is_found_after_a_power_cut(
    wal: WalSync, writer: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        real(descriptor)
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(os, "fsync", fsync)
    writer.execute("INSERT INTO rows VALUES (1)")
    await asyncio.gather(wal.synced(), wal.synced())
    await wal.synced()
    assert synced == [tmp_path]
