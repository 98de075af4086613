"""What a database holds, read without the server: by the server's own code, and by Yjs."""

import asyncio
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.bootstrap.database import open_database
from mdreader.db.engine import Database
from mdreader.features.collab import storage
from mdreader.features.collab.replica import Replica
from mdreader.settings import load_settings
from support.waiting import SECONDS
from unit.yjs.histories import replay

NAME = "mdreader.sqlite3"


@dataclass(frozen=True, slots=True)
class Kept:
    """One document as it is stored: its text, and the snapshot and log rows that make it."""

    text: str
    updates: list[bytes]


def copy_database(data: Path, to: Path) -> Path:
    """Copy a database with its WAL, as a server that starts now would find it; opening the original would change it."""
    to.mkdir()
    for suffix in ("", "-wal"):
        if (data / (NAME + suffix)).exists():
            shutil.copy(data / (NAME + suffix), to / (NAME + suffix))
    return to / NAME


async def read_file(file: Path, documents: Sequence[str], *, by_yjs: bool = True) -> dict[str, Kept]:
    """As `read_stored`, of a SQLite file that nobody has open, and that must be whole."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchone() is None
    return await read_url(f"sqlite:///{file}", documents, by_yjs=by_yjs)


async def read_url(url: str, documents: Sequence[str], *, by_yjs: bool = True) -> dict[str, Kept]:
    """As `read_stored`, of the database at a `DATABASE_URL`."""
    async with open_database(load_settings(database_url=url), migrate=False) as database:
        return await read_stored(database, documents, by_yjs=by_yjs)


async def until_nobody_is_in(url: str) -> None:
    """Wait until every connection to a PostgreSQL database has ended: nothing is committed there any more, then."""
    connection = await asyncpg.connect(url)
    others = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    try:
        async with asyncio.timeout(SECONDS):
            while await connection.fetch(others):  # noqa: ASYNC110 - no event announces it
                await asyncio.sleep(0.01)
    finally:
        await connection.close()


async def read_stored(database: Database, documents: Sequence[str], *, by_yjs: bool = True) -> dict[str, Kept]:
    """The documents as they are at one moment, by id. Raises AssertionError for a log with a hole, or one that Yjs reads differently."""
    kept = {}
    async with database.read() as conn:
        if database.dialect == "postgresql":
            # What was on its way when its sender left is still committed: between two statements, were each to see the newest.
            await conn.execution_options(isolation_level="REPEATABLE READ")
        for document in documents:
            stored = await storage.load(conn, document)
            assert stored is not None, f"document {document} was never seeded"
            kept[document] = Kept(Replica(stored.state).text(), await updates_of(conn, document))
    if not by_yjs:
        return kept
    for document, replayed in zip(documents, replay([kept[document].updates for document in documents]), strict=True):
        assert not replayed.pending, f"Yjs still waits for a part of document {document}"
        assert replayed.text == kept[document].text, _told_apart(document, replayed.text, kept[document].text)
    return kept


def _told_apart(document: str, by_yjs: str, by_us: str) -> str:
    pairs = enumerate(zip(by_yjs, by_us, strict=False))
    parting = next((at for at, (one, other) in pairs if one != other), min(len(by_yjs), len(by_us)))
    here = slice(max(parting - 20, 0), parting + 60)
    return (
        f"Yjs reads another text from the log of document {document}: {len(by_yjs)} characters, {len(by_us)} in the server; "
        f"from {here.start} on {by_yjs[here]!r}, {by_us[here]!r} in the server"
    )


async def updates_of(conn: AsyncConnection, document: str) -> list[bytes]:
    """The snapshot of a document, if there is one, and the log rows after it. Raises AssertionError when one is missing."""
    of = {"of": document}
    snapshot = (
        await conn.execute(text("SELECT seq, data FROM document_snapshots WHERE document_id = :of"), of)
    ).one_or_none()
    start = snapshot.seq if snapshot else 0
    log = text("SELECT seq, data FROM document_updates WHERE document_id = :of AND seq > :start ORDER BY seq")
    rows = (await conn.execute(log, {**of, "start": start})).all()
    assert [row.seq for row in rows] == list(range(start + 1, start + 1 + len(rows))), "the log has a hole"
    return [*([snapshot.data] if snapshot else []), *(row.data for row in rows)]
