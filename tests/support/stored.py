"""What lies in a data folder, read without the server: by the server's own code, and by Yjs."""

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mdreader.db.sqlite import SqliteDatabase
from mdreader.features.collab import storage
from mdreader.features.collab.replica import Replica
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


async def read_stored(database: Path, documents: Sequence[str], *, by_yjs: bool = True) -> dict[str, Kept]:
    """The documents in `database`, by id. Raises AssertionError for a damaged database or one that Yjs reads differently."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchone() is None
        updates = {document: _updates(connection, document) for document in documents}
    opened = SqliteDatabase(database)
    kept = {}
    try:
        async with opened.read() as conn:
            for document in documents:
                stored = await storage.load(conn, document)
                assert stored is not None, f"document {document} was never seeded"
                kept[document] = Kept(Replica(stored.state).text(), updates[document])
    finally:
        await opened.close()
    if not by_yjs:
        return kept
    for document, replayed in zip(documents, replay([kept[document].updates for document in documents]), strict=True):
        assert not replayed.pending, f"Yjs still waits for a part of document {document}"
        assert replayed.text == kept[document].text, f"Yjs reads another text from the log of document {document}"
    return kept


def updates_of(database: Path | str, document: str) -> list[bytes]:
    """The snapshot of a document, if there is one, and the log rows after it. Raises AssertionError when one is missing."""
    with closing(sqlite3.connect(database)) as connection:
        return _updates(connection, document)


def _updates(connection: sqlite3.Connection, document: str) -> list[bytes]:
    snapshot = connection.execute(
        "SELECT seq, data FROM document_snapshots WHERE document_id = ?", (document,)
    ).fetchone()
    start = snapshot[0] if snapshot else 0
    rows = connection.execute(
        "SELECT seq, data FROM document_updates WHERE document_id = ? AND seq > ? ORDER BY seq", (document, start)
    ).fetchall()
    assert [seq for seq, _ in rows] == list(range(start + 1, start + 1 + len(rows))), "the log has a hole"
    return [*([snapshot[1]] if snapshot else []), *(data for _, data in rows)]
