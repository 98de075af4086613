"""A grown SQLite installation, moved into an empty PostgreSQL database: row by row, at any moment to be killed and gone on with.

How far it is stands in the target, in a table of its own that is written in the same transaction as the rows. No server starts on the
target while that table is there.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, LargeBinary, Table, Text, func, literal, select, text, tuple_, union_all
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mdreader import migrations
from mdreader.cli.meter import Meter
from mdreader.db.secrets import secrets
from mdreader.features.collab import storage
from mdreader.features.collab.replica import Replica
from mdreader.kernel.failpoints import hit
from mdreader.migrations.postgres import upgrade
from mdreader.tables import metadata

# One transaction's worth: what a kill in the middle loses.
BATCH_ROWS: Final = 1000
BATCH_BYTES: Final = 4_000_000
# Rows that are in memory at once while both sides are compared; of those that may have megabytes, fewer.
COMPARED: Final = 500
COMPARED_LARGE: Final = 20
PROGRESS: Final = migrations.MOVE_TABLE
_SOURCE: Final = "source"  # the row of the progress table that says which installation is being moved
_TURN: Final = 0x6D6472656D6F7665
TOKENS: Final = "tokens"
document_heads, document_snapshots, document_texts, document_updates = (
    metadata.tables[f"document_{name}"] for name in ("heads", "snapshots", "texts", "updates")
)

# Tables that somebody made where ours are to be; those of extensions are nobody's data.
_TABLES: Final = """
SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
   AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
 ORDER BY relname"""
_VERSIONS: Final = "alembic_version"
_MAKE: Final = "Make a new database and move into that, before any server has started on it."

Row = tuple[Any, ...]
Key = tuple[Any, ...]
Done = dict[str, tuple[Key | None, bool]]
"""By table: the last row that is there, and whether it was the last of all."""
COPIED: Final[tuple[Key | None, bool]] = (None, True)


class MoveError(Exception):
    """It cannot be moved as it is; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved and compared: rows and their SHA-256 for each table, and the documents whose text was read back."""

    tables: dict[str, tuple[int, str]]
    documents: int


class Source:
    """The SQLite side. Nobody else has it open."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        numbers = union_all(
            *(select(t.c.document_id, t.c.seq) for t in (document_updates, document_snapshots, document_texts))
        ).subquery()
        last = select(numbers.c.document_id, func.max(numbers.c.seq)).group_by(numbers.c.document_id)
        self._last_seqs = {row[0]: row[1] for row in connection.execute(last)}

    def count(self, table: Table) -> int:
        """How many rows."""
        return int(self._connection.execute(select(func.count()).select_from(table)).scalar_one())

    def rows(self, table: Table, after: Key | None = None) -> Iterator[Row]:
        """The rows behind a primary key, in its order, as they are to be in the target."""
        key = tuple(table.primary_key.columns)
        statement = select(table).order_by(*key)
        if after is not None:
            statement = statement.where(tuple_(*key) > tuple_(*after) if len(key) > 1 else key[0] > after[0])
        with self._connection.execute(statement.execution_options(yield_per=COMPARED_LARGE)) as found:
            for row in found:
                yield self._as_there(table, tuple(row))

    def _as_there(self, table: Table, row: Row) -> Row:
        if table is not document_heads:
            return row
        # Several servers will append: from now on the log's last number is kept.
        values = dict(zip(table.columns.keys(), row, strict=True))
        values["seq"] = self._last_seqs.get(values["document_id"], 0)
        return tuple(values.values())


@contextmanager
def open_source(file: Path) -> Iterator[Source]:
    """The SQLite database, at this version's schema. Raises `MoveError` and `MigrationError`."""
    if not file.exists():
        raise MoveError(f"There is no database at {file}. Say where it is: --from sqlite:///path/mdreader.sqlite3")
    migrations.upgrade(file)
    engine = migrations.engine(file)
    try:
        with engine.connect() as connection:
            yield Source(connection)
    finally:
        engine.dispose()


@asynccontextmanager
async def _alone(engine: AsyncEngine) -> AsyncIterator[None]:
    """Keep a second move out of the target."""
    async with engine.connect() as conn:
        if not await conn.scalar(text("SELECT pg_try_advisory_lock(:turn)"), {"turn": _TURN}):
            raise MoveError("Another move into this database is under way. Wait until it has ended.")
        await conn.commit()
        yield


async def move(source: Source, secret: bytes, engine: AsyncEngine, where: str, meter: Meter) -> Moved:
    """Move everything that is not there yet, compare everything, and finish. `where` names the target in errors.

    A target that is not empty is left as it is; one into which everything was moved before is compared alone. Raises `MoveError`.
    """
    async with _alone(engine):
        moved = await _look(engine, secret)
        # Once it was moved there may be servers on it, of a version before this one.
        await upgrade(engine, where, "pre" if moved else "all", moving=True)
        tables = [table for table in metadata.sorted_tables if table is not secrets]
        counts = {table: source.count(table) for table in tables}
        documents = counts[document_heads]
        meter.begin(2 * sum(counts.values()) + documents)
        done = dict.fromkeys((table.name for table in tables), COPIED) if moved else await _begin(engine, secret)
        for table in tables:
            await _copy(source, engine, table, done, meter)
        hit("move.copied")
        compared = {}
        async with engine.connect() as conn:
            for table in tables:
                compared[table.name] = await _compare(source, conn, table, counts[table], meter)
            await _read_back(conn, meter)
        hit("move.compared")
        if not moved:
            await _finish(engine, secret)
        hit("move.finished")
    return Moved(compared, documents)


async def _look(engine: AsyncEngine, secret: bytes) -> bool:
    """Whether everything was moved before. Raises `MoveError` when the target holds something else; nothing of it is changed."""
    async with engine.connect() as conn:
        found = list(await conn.scalars(text(_TABLES)))
        ours = [table for table in metadata.sorted_tables if table.name in found]
        strange = [name for name in found if name not in {*metadata.tables, PROGRESS, _VERSIONS}]
        if not strange and ours and _VERSIONS not in found:
            strange = [ours[0].name]  # named like ours, and not made by our steps
        if strange:
            raise MoveError(f"The target is not empty: there is a table {strange[0]} that is not mdreader's. {_MAKE}")
        if PROGRESS in found:
            return False
        if secrets in ours and await conn.scalar(select(secrets.c.value).where(secrets.c.name == TOKENS)) == secret:
            return True
        await _refuse_rows(conn, ours)
    return False


async def _refuse_rows(conn: AsyncConnection, tables: Sequence[Table]) -> None:
    for table in tables:
        if (await conn.execute(select(literal(1)).select_from(table).limit(1))).first() is not None:
            raise MoveError(f"The target is not empty: there are rows in {table.name}. {_MAKE}")


async def _begin(engine: AsyncEngine, secret: bytes) -> Done:
    """How far an earlier try came. Raises `MoveError` when that was with another installation."""
    name = hashlib.sha256(secret).hexdigest()
    async with engine.begin() as conn:
        if await conn.scalar(text("SELECT to_regclass(:name)"), {"name": PROGRESS}) is None:
            await _refuse_rows(conn, metadata.sorted_tables)
            await conn.execute(
                text(f"CREATE TABLE {PROGRESS} (name text PRIMARY KEY, last text, done boolean NOT NULL DEFAULT false)")
            )
            mark = text(f"INSERT INTO {PROGRESS} VALUES (:name, :last)")  # noqa: S608 - our own name
            await conn.execute(mark, {"name": _SOURCE, "last": name})
    hit("move.begun")
    async with engine.connect() as conn:
        rows = {row.name: row for row in await conn.execute(text(f"SELECT * FROM {PROGRESS}"))}  # noqa: S608 - our own name
    if rows.pop(_SOURCE).last != name:
        raise MoveError(
            "The target holds the unfinished move of another installation. Make a new database for this one."
        )
    return {name: (None if row.last is None else _unpacked(row.last), row.done) for name, row in rows.items()}


def _packed(key: Key) -> str:
    return json.dumps([{"hex": part.hex()} if isinstance(part, bytes) else part for part in key])


def _unpacked(packed: str) -> Key:
    return tuple(bytes.fromhex(part["hex"]) if isinstance(part, dict) else part for part in json.loads(packed))


async def _copy(source: Source, engine: AsyncEngine, table: Table, done: Done, meter: Meter) -> None:
    after, finished = done.get(table.name, (None, False))
    if after is not None or finished:
        async with engine.connect() as conn:
            meter.advance(int(await conn.scalar(select(func.count()).select_from(table)) or 0))
    if finished:
        return
    batch: list[Row] = []
    size = 0
    for row in source.rows(table, after):
        batch.append(row)
        size += sum(len(value) for value in row if isinstance(value, (bytes, str)))
        if len(batch) == BATCH_ROWS or size > BATCH_BYTES:
            await _store(engine, table, batch, finished=False)
            meter.advance(len(batch))
            batch, size = [], 0
    await _store(engine, table, batch, finished=True)
    meter.advance(len(batch))


async def _store(engine: AsyncEngine, table: Table, batch: Sequence[Row], *, finished: bool) -> None:
    """Store rows, and in the same transaction how far that is."""
    names = table.columns.keys()
    keys = [names.index(column.name) for column in table.primary_key.columns]
    last = _packed(tuple(batch[-1][at] for at in keys)) if batch else None
    upsert = text(
        f"INSERT INTO {PROGRESS} AS it VALUES (:name, :last, :done) "  # noqa: S608 - our own name
        "ON CONFLICT (name) DO UPDATE SET last = coalesce(excluded.last, it.last), done = excluded.done"
    )
    async with engine.begin() as conn:
        if batch:
            _check(table, batch)
            try:
                await conn.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in batch])
            except DBAPIError as error:
                raise MoveError(f"The target does not take rows of {table.name}: {error.orig}") from error
        await conn.execute(upsert, {"name": table.name, "last": last, "done": finished})
        hit("move.before_commit")
    hit("move.stored")


def _check(table: Table, batch: Sequence[Row]) -> None:
    for row in batch:
        for column, value in zip(table.columns, row, strict=True):
            if isinstance(value, str) and "\0" in value:
                raise MoveError(
                    f"{table.name}.{column.name} of the row {row[0]} holds the character NUL, which PostgreSQL cannot. "
                    "Take it out where it is, and run the same command again."
                )


async def _compare(source: Source, conn: AsyncConnection, table: Table, count: int, meter: Meter) -> tuple[int, str]:
    """Compare every row of both sides. Raises `MoveError` at the first that differs."""
    # Ordered by bytes, as SQLite does, whatever the database's own order is.
    order = [
        column.collate("C") if isinstance(column.type, Text) or column.type.python_type is str else column
        for column in table.primary_key.columns
    ]
    large = any(isinstance(column.type, (LargeBinary, Text)) for column in table.columns)
    rows = COMPARED_LARGE if large else COMPARED
    here, there = hashlib.sha256(), hashlib.sha256()
    mine = source.rows(table)
    compared = 0
    async with conn.stream(select(table).order_by(*order), execution_options={"yield_per": rows}) as found:
        async for row in found:
            expected = next(mine, None)
            if expected != tuple(row):
                raise MoveError(_changed(table, row[0] if expected is None else expected[0]))
            here.update(repr(expected).encode("utf-8", "surrogatepass"))
            there.update(repr(tuple(row)).encode("utf-8", "surrogatepass"))
            compared += 1
            meter.advance(1)
    if (left := next(mine, None)) is not None or compared != count or here.digest() != there.digest():
        raise MoveError(_changed(table, left[0] if left else "?"))
    return compared, there.hexdigest()


def _changed(table: Table, key: object) -> str:
    return (
        f"{table.name}: the row {key} is not the same on both sides. A server has run on the source since this move began, "
        "or on the target since it ended. To move it again, make a new database, and move into that."
    )


async def _read_back(conn: AsyncConnection, meter: Meter) -> None:
    """Replay every document in the target: what its log makes is its text. Raises `MoveError`."""
    for document_id in list(await conn.scalars(select(document_heads.c.document_id))):
        try:
            stored = await storage.load(conn, document_id)
        except storage.HoleError as error:
            raise MoveError(f"The source is damaged: {error}. Restore it from a backup, and move that.") from error
        kept = (await conn.execute(select(document_texts).where(document_texts.c.document_id == document_id))).first()
        # One that was being written when its server was killed has a log newer than its text, as it had in the source.
        if stored is None or kept is None or (kept.seq == stored.seq and Replica(stored.state).text() != kept.text):
            raise MoveError(
                f"The document {document_id} reads differently from its log. Restore the source from a backup."
            )
        meter.advance(1)


async def _finish(engine: AsyncEngine, secret: bytes) -> None:
    """Hand the target over to servers: with the secret that signed everybody's tokens, and without the progress."""
    async with engine.begin() as conn:
        await conn.execute(secrets.insert().values(name=TOKENS, value=secret))
        await conn.execute(text(f"DROP TABLE {PROGRESS}"))
        hit("move.before_end")
