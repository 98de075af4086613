"""What is stored of a document's text, read: all of it, what came after a row, how far it is, and the text alone."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    LargeBinary,
    Select,
    String,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.features.collab.bulk import BULK_BYTES, Breath
from mdreader.features.collab.gate import clocks_of
from mdreader.features.collab.replica import EMPTY_UPDATE, merged
from mdreader.features.collab.state_vector import decode_state_vector
from mdreader.features.collab.tables import (
    document_clients,
    document_heads,
    document_snapshots,
    document_texts,
    document_updates,
)
from mdreader.features.collab.text import Shape, compose
from mdreader.ports.live import LiveText


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


_head = select(document_heads.c.seq, document_heads.c.eol, document_heads.c.bom).where(
    document_heads.c.document_id == bindparam("id")
)


class _Part(IntEnum):
    """What a row of `_everything` or `_since` is."""

    HEAD = 0  # the newest row's number; epoch, line ends, byte order mark; the stored text's number
    SNAPSHOT = 1  # its number, state, state vector
    ROW = 2  # its number and update
    OWNER = 3  # a client id and whose it is


_COLUMNS = {
    "data": LargeBinary,
    "vector": LargeBinary,
    "name": String,
    "eol": String,
    "bom": Boolean,
    "text_seq": BigInteger,
}


def _part(kind: _Part, number: ColumnElement[Any], **given: ColumnElement[Any]) -> Select[Any]:
    """One kind of row, all columns of which have a type: PostgreSQL takes a NULL without one for text."""
    found = [(given[name] if name in given else cast(null(), of)).label(name) for name, of in _COLUMNS.items()]
    return select(literal(int(kind)).label("kind"), number.label("number"), *found)


_head_part = (
    _part(
        _Part.HEAD,
        func.coalesce(document_heads.c.seq, 0),
        name=document_heads.c.epoch,
        eol=document_heads.c.eol,
        bom=document_heads.c.bom,
        text_seq=document_texts.c.seq,
    )
    .select_from(document_heads.outerjoin(document_texts, document_texts.c.document_id == document_heads.c.document_id))
    .where(document_heads.c.document_id == bindparam("id"))
)
_owner_part = _part(_Part.OWNER, document_clients.c.client_id, name=document_clients.c.user_id).where(
    document_clients.c.document_id == bindparam("id")
)
# One statement, and so one moment: between two, another server may fold the log, or store a row with another shape.
_everything = union_all(
    _head_part,
    _part(
        _Part.SNAPSHOT,
        document_snapshots.c.seq,
        data=document_snapshots.c.data,
        vector=document_snapshots.c.state_vector,
    ).where(document_snapshots.c.document_id == bindparam("id")),
    _part(_Part.ROW, document_updates.c.seq, data=document_updates.c.data).where(
        document_updates.c.document_id == bindparam("id")
    ),
    _owner_part,
).order_by("kind", "number")
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


# What is read at once of rows that a server has missed: so many, and of so many bytes and one row more.
MAX_ROWS = 1000
MAX_ROWS_BYTES = 1024 * 1024
PROGRESS_AT_ONCE = 1000
_next_rows = (
    select(document_updates.c.seq, document_updates.c.data)
    .where(document_updates.c.document_id == bindparam("id"), document_updates.c.seq > bindparam("after"))
    .order_by(document_updates.c.seq)
    .limit(MAX_ROWS)
    .subquery()
)
_newer_rows = select(
    _next_rows,
    func.sum(func.length(_next_rows.c.data)).over(order_by=_next_rows.c.seq, rows=(None, -1)).label("before"),  # bytes
).subquery()
_since = union_all(
    _head_part,
    _part(_Part.ROW, _newer_rows.c.seq, data=_newer_rows.c.data).where(
        func.coalesce(_newer_rows.c.before, 0) < MAX_ROWS_BYTES
    ),
    _owner_part,
).order_by("kind", "number")
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


async def load(conn: AsyncConnection, document_id: str) -> Stored | None:
    """All that is stored of a document; None when it was never seeded. Raises `HoleError`."""
    parts = (await conn.execute(_everything, {"id": document_id})).all()
    if not parts:
        return None
    head, *rest = parts
    breath = Breath()
    clocks: dict[int, int] = {}
    seq = log_rows = 0
    updates: list[bytes] = []
    owners: dict[int, str] = {}
    for kind, number, data, vector, name, *_ in rest:
        if kind == _Part.OWNER:
            owners[number] = name
            continue
        if kind == _Part.SNAPSHOT:
            clocks = decode_state_vector(vector)
        elif number <= seq:
            continue
        else:
            if number != seq + 1:
                raise HoleError(f"document {document_id}: log row {seq + 1} is missing before {number}")
            log_rows += 1
            found = clocks_of(data) if len(data) <= BULK_BYTES else await asyncio.to_thread(clocks_of, data)
            for client, clock in found.items():
                clocks[client] = max(clock, clocks.get(client, 0))
            await breath.take()
        seq = number
        updates.append(data)
    return Stored(
        document_id,
        head.name,
        Shape(head.eol, head.bom),
        seq,
        log_rows,
        await _together(updates),
        clocks,
        owners,
        head.text_seq or 0,
    )


async def _together(updates: list[bytes]) -> bytes:
    """One update with all of them; on a thread, where that takes long."""
    if len(updates) > 1 and sum(map(len, updates)) > BULK_BYTES:
        return await asyncio.to_thread(merged, updates)
    return merged(updates) if updates else EMPTY_UPDATE


@dataclass(frozen=True, slots=True)
class NewRows:
    """What the log holds after a number, at one moment. `rows` begin right after it, unless they were folded: then there is a hole."""

    seq: int  # the newest row's number
    shape: Shape
    rows: list[tuple[int, bytes]]
    owners: dict[int, str]


async def rows_after(conn: AsyncConnection, document_id: str, seq: int) -> NewRows | None:
    """The rows that were committed after `seq`, oldest first, as many as are read at once; None when the document is gone."""
    head = (await conn.execute(_head, {"id": document_id})).first()
    if head is None:
        return None
    if (head.seq or 0) <= seq:
        return NewRows(head.seq or 0, Shape(head.eol, head.bom), [], {})
    parts = (await conn.execute(_since, {"id": document_id, "after": seq})).all()
    if not parts:
        return None
    newest, *rest = parts
    rows = [(row.number, row.data) for row in rest if row.kind == _Part.ROW]
    owners = {row.number: row.name for row in rest if row.kind == _Part.OWNER}
    return NewRows(newest.number, Shape(newest.eol, newest.bom), rows, owners)


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
