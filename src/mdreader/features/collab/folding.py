"""Storing a document as it is in memory: its text, and its log folded into a snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, bindparam, select

from mdreader.db.engine import Transaction
from mdreader.features.collab.bulk import Breath
from mdreader.features.collab.storage import progress
from mdreader.features.collab.tables import document_heads, document_snapshots, document_texts, document_updates
from mdreader.kernel.failpoints import hit
from mdreader.ports.live import LiveText

_hold_heads = (
    select(document_heads.c.document_id)
    .where(document_heads.c.document_id.in_(bindparam("ids", expanding=True)))
    .order_by(document_heads.c.document_id)
    .with_for_update(key_share=True)
)


@dataclass(frozen=True, slots=True)
class Capture:
    """A document at one committed moment, ready to be stored."""

    document_id: str
    seq: int
    state: bytes | None  # None: only the text is stored, the log stays
    state_vector: bytes
    body: str
    text: LiveText


async def store_captures(tx: Transaction, captures: Sequence[Capture]) -> set[str]:
    """Store texts, and fold logs into snapshots where a state was captured.

    Gives the documents whose stored text was older: another server may have stored a newer one, which stays.
    """
    captures, older = await _newer(tx, captures)
    if not captures:
        return older
    texts = [
        {"document_id": c.document_id, "seq": c.seq, "text": c.body, "etag": c.text.etag, "size": c.text.size}
        for c in captures
    ]
    breath = Breath()  # megabytes take tens of milliseconds, on SQLite on the event loop
    await _upsert(tx, document_texts, texts)
    await breath.take()
    folds = [c for c in captures if c.state is not None]
    if not folds:
        return older
    await _upsert(
        tx,
        document_snapshots,
        [{"document_id": c.document_id, "seq": c.seq, "data": c.state, "state_vector": c.state_vector} for c in folds],
    )
    await breath.take()
    hit("fold.before_delete")
    await tx.conn.execute(
        document_updates.delete().where(
            document_updates.c.document_id == bindparam("of"), document_updates.c.seq <= bindparam("upto")
        ),
        [{"of": c.document_id, "upto": c.seq} for c in folds],
    )
    hit("fold.before_commit")
    tx.after_commit(lambda: hit("fold.after_commit"))
    return older


async def _newer(tx: Transaction, captures: Sequence[Capture]) -> tuple[list[Capture], set[str]]:
    """The captures that are worth storing, and the documents whose stored text is older; holds their heads."""
    if tx.conn.dialect.name == "sqlite":  # one server, which stores what it captured in turns
        return list(captures), {capture.document_id for capture in captures}
    ids = [capture.document_id for capture in captures]
    # Two statements: what another server stored while this one waited for the lock is seen only by a statement that begins after it.
    await tx.conn.execute(_hold_heads, {"ids": ids})
    stored = await progress(tx.conn, ids)
    worth: list[Capture] = []
    older: set[str] = set()
    for capture in captures:
        known = stored.get(capture.document_id)
        if known is None or capture.seq < max(known.text_seq, known.snapshot_seq):
            continue
        if capture.seq > known.text_seq:
            older.add(capture.document_id)
        if capture.seq > known.text_seq or (capture.state is not None and capture.seq > known.snapshot_seq):
            worth.append(capture)
    return worth, older


async def _upsert(tx: Transaction, table: Table, rows: list[dict[str, Any]]) -> None:
    """Put one row a document, in place of the one that may be there. Two statements that both databases know."""
    await tx.conn.execute(
        table.delete().where(table.c.document_id == bindparam("of")), [{"of": row["document_id"]} for row in rows]
    )
    await tx.conn.execute(table.insert(), rows)
