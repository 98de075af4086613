"""What is stored of a document's text: reading it whole, seeding it, folding its log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Table, bindparam, func, literal, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.collab.gate import clocks_of
from mdreader.features.collab.replica import EMPTY_UPDATE, merged, seed_update
from mdreader.features.collab.state_vector import decode_state_vector, encode_state_vector
from mdreader.features.collab.tables import (
    document_clients,
    document_heads,
    document_snapshots,
    document_texts,
    document_updates,
)
from mdreader.features.collab.text import Shape, compose, decompose, etag_of
from mdreader.kernel.failpoints import hit
from mdreader.kernel.ids import new_id
from mdreader.ports.live import LiveText, Seed


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything stored of one document. `state` is one Yjs update that holds it all."""

    document_id: str
    epoch: str
    shape: Shape
    seq: int
    log_rows: int
    state: bytes
    clocks: dict[int, int]
    owners: dict[int, str]
    text_seq: int


class HoleError(Exception):
    """The log lacks a row: the database was damaged, or two servers wrote to it."""


_head = (
    select(document_heads, document_texts.c.seq.label("text_seq"))
    .select_from(document_heads.outerjoin(document_texts, document_texts.c.document_id == document_heads.c.document_id))
    .where(document_heads.c.document_id == bindparam("id"))
)
# One statement, so that a fold cannot happen between reading the snapshot and reading the log.
_state = (
    select(
        literal(0).label("kind"), document_snapshots.c.seq, document_snapshots.c.data, document_snapshots.c.state_vector
    )
    .where(document_snapshots.c.document_id == bindparam("id"))
    .union_all(
        select(literal(1), document_updates.c.seq, document_updates.c.data, null()).where(
            document_updates.c.document_id == bindparam("id")
        )
    )
    .order_by("kind", "seq")
)
_owners = select(document_clients.c.client_id, document_clients.c.user_id).where(
    document_clients.c.document_id == bindparam("id")
)
_last_row = (
    select(func.max(document_updates.c.seq))
    .where(document_updates.c.document_id == document_texts.c.document_id)
    .scalar_subquery()
)
# The text is fresh when no log row is newer than it. A snapshot never is: both are written in one transaction.
_text = (
    select(document_texts, document_heads.c.eol, document_heads.c.bom, document_heads.c.epoch)
    .join(document_heads, document_heads.c.document_id == document_texts.c.document_id)
    .where(document_texts.c.document_id == bindparam("id"), func.coalesce(_last_row, 0) <= document_texts.c.seq)
)


_behind = (
    select(document_updates.c.document_id)
    .join(document_texts, document_texts.c.document_id == document_updates.c.document_id)
    .where(document_updates.c.seq > document_texts.c.seq)
    .distinct()
)


# A server that has missed more reads the whole document.
MAX_ROWS = 1000
PROGRESS_AT_ONCE = 1000
_rows_after = (
    select(document_updates.c.seq, document_updates.c.data)
    .where(document_updates.c.document_id == bindparam("id"), document_updates.c.seq > bindparam("seq"))
    .order_by(document_updates.c.seq)
    .limit(MAX_ROWS)
)
_progress = (
    select(
        document_heads.c.document_id,
        document_heads.c.seq,
        document_texts.c.seq.label("text_seq"),
        document_snapshots.c.seq.label("snapshot_seq"),
    )
    .select_from(
        document_heads.outerjoin(
            document_texts, document_texts.c.document_id == document_heads.c.document_id
        ).outerjoin(document_snapshots, document_snapshots.c.document_id == document_heads.c.document_id)
    )
    .where(document_heads.c.document_id.in_(bindparam("ids", expanding=True)))
)
_hold_heads = (
    select(document_heads.c.document_id)
    .where(document_heads.c.document_id.in_(bindparam("ids", expanding=True)))
    .order_by(document_heads.c.document_id)
    .with_for_update(key_share=True)
)


async def load(conn: AsyncConnection, document_id: str) -> Stored | None:
    """All that is stored of a document; None when it was never seeded. Raises `HoleError`."""
    head = (await conn.execute(_head, {"id": document_id})).mappings().first()
    if head is None:
        return None
    rows = (await conn.execute(_state, {"id": document_id})).all()
    owners = {row.client_id: row.user_id for row in await conn.execute(_owners, {"id": document_id})}
    return _assemble(document_id, head, [tuple(row) for row in rows], owners)


def _assemble(
    document_id: str, head: RowMapping, rows: Sequence[tuple[int, int, bytes, bytes | None]], owners: dict[int, str]
) -> Stored:
    clocks: dict[int, int] = {}
    seq = 0
    parts: list[bytes] = []
    for kind, row_seq, data, state_vector in rows:
        if kind == 0:
            clocks = decode_state_vector(state_vector or b"\x00")
        elif row_seq <= seq:
            continue
        else:
            if row_seq != seq + 1:
                raise HoleError(f"document {document_id}: log row {seq + 1} is missing before {row_seq}")
            for client, clock in clocks_of(data).items():
                clocks[client] = max(clock, clocks.get(client, 0))
        seq = row_seq
        parts.append(data)
    log_rows = len(parts) - (1 if rows and rows[0][0] == 0 else 0)
    state = merged(parts) if parts else EMPTY_UPDATE
    return Stored(
        document_id,
        head["epoch"],
        Shape(head["eol"], head["bom"]),
        seq,
        log_rows,
        state,
        clocks,
        owners,
        head["text_seq"] or 0,
    )


@dataclass(frozen=True, slots=True)
class NewRows:
    """What the log holds after a number. `rows` begin right after it, unless they were folded: then there is a hole."""

    seq: int  # the newest row's number
    shape: Shape
    rows: list[tuple[int, bytes]]
    owners: dict[int, str]


async def rows_after(conn: AsyncConnection, document_id: str, seq: int) -> NewRows | None:
    """The rows that were committed after `seq`, oldest first, at most `MAX_ROWS`; None when the document is gone."""
    # The head first: what it counts is there when the rows are read.
    head = (await conn.execute(_head, {"id": document_id})).mappings().first()
    if head is None:
        return None
    shape, newest = Shape(head["eol"], head["bom"]), head["seq"] or 0
    if newest <= seq:
        return NewRows(newest, shape, [], {})
    rows = [tuple(row) for row in await conn.execute(_rows_after, {"id": document_id, "seq": seq})]
    owners = {row.client_id: row.user_id for row in await conn.execute(_owners, {"id": document_id})}
    return NewRows(newest, shape, rows, owners)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a document's log, its stored text and its snapshot are."""

    seq: int
    text_seq: int
    snapshot_seq: int


async def progress(conn: AsyncConnection, document_ids: Sequence[str]) -> dict[str, Progress]:
    """How far documents are, for many at once; those that are gone are left out."""
    found: dict[str, Progress] = {}
    for start in range(0, len(document_ids), PROGRESS_AT_ONCE):
        rows = await conn.execute(_progress, {"ids": document_ids[start : start + PROGRESS_AT_ONCE]})
        found |= {row[0]: Progress(row[1] or 0, row[2] or 0, row[3] or 0) for row in rows}
    return found


async def behind(conn: AsyncConnection) -> list[str]:
    """The documents whose text is older than their log: those that were being written when the server was killed."""
    found = await conn.scalars(_behind)
    return list(found)


async def epoch(conn: AsyncConnection, document_id: str) -> str | None:
    """The document's epoch; None when it was never seeded."""
    found: str | None = await conn.scalar(
        select(document_heads.c.epoch).where(document_heads.c.document_id == document_id)
    )
    return found


async def fresh_text(conn: AsyncConnection, document_id: str) -> LiveText | None:
    """The text of a document that nobody has written to since it was last projected; None when the log is newer."""
    row = (await conn.execute(_text, {"id": document_id})).first()
    if row is None:
        return None
    return LiveText(compose(row.text, Shape(row.eol, row.bom)), row.etag, row.size, row.eol, row.epoch)


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
    await _upsert(tx, document_texts, texts)
    folds = [c for c in captures if c.state is not None]
    if not folds:
        return older
    await _upsert(
        tx,
        document_snapshots,
        [{"document_id": c.document_id, "seq": c.seq, "data": c.state, "state_vector": c.state_vector} for c in folds],
    )
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
    ids = {"ids": [capture.document_id for capture in captures]}
    # Two statements: what another server stored while this one waited for the lock is seen only by a statement that begins after it.
    await tx.conn.execute(_hold_heads, ids)
    rows = await tx.conn.execute(_progress, ids)
    stored = {row[0]: Progress(row[1] or 0, row[2] or 0, row[3] or 0) for row in rows}
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


async def seed(tx: Transaction, seeds: Sequence[Seed]) -> list[LiveText]:
    """Store the first text of new documents. A log number of 1 says that there is text, 0 that there is none."""
    heads, snapshots, texts, described = [], [], [], []
    for item in seeds:
        body, shape = decompose(item.text)
        exact = item.text.encode()
        life = new_id()
        text = LiveText(item.text, etag_of(exact), len(exact), shape.eol, life)
        update = seed_update(body)
        seq = 0 if update is None else 1
        numbered = seq if tx.conn.dialect.name == "postgresql" else None
        heads.append(
            {"document_id": item.document_id, "epoch": life, "eol": shape.eol, "bom": shape.bom, "seq": numbered}
        )
        if update is not None:
            vector = encode_state_vector(clocks_of(update))
            snapshots.append({"document_id": item.document_id, "seq": seq, "data": update, "state_vector": vector})
        texts.append({"document_id": item.document_id, "seq": seq, "text": body, "etag": text.etag, "size": text.size})
        described.append(text)
    for table, rows in ((document_heads, heads), (document_snapshots, snapshots), (document_texts, texts)):
        if rows:
            await tx.conn.execute(table.insert(), rows)
    hit("seed.before_commit")
    tx.after_commit(lambda: hit("seed.after_commit"))
    return described
