"""The log on PostgreSQL: one transaction a commit, with numbers that are given out under the lock of each document's head.

Several processes may append to one document. Each row's number is taken from `document_heads.seq`, which only moves under the row's
lock, so numbers have no holes and no doubles whoever writes. Edits merge, so a batch takes whatever number is next and is told which;
a room that was given a later one than it expected lacks the rows in between, and reads them. A batch that is `exact` (it replaces the
whole text) is stored under the number that it expects or not at all. Heads are locked in the order of their ids, so that two processes
which commit for the same documents wait for each other and never in a circle.
"""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from sqlalchemy import BigInteger, LargeBinary, String, bindparam, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from mdreader.db.engine import Transaction
from mdreader.db.postgres import PostgresDatabase
from mdreader.features.collab.log import Batch
from mdreader.features.collab.tables import document_clients, document_heads
from mdreader.features.workspaces.revisions import SEVERAL
from mdreader.kernel.failpoints import hit

Done = Callable[[Exception | None], None]

# One way to the database and back for all rooms: lock the heads in order, count them on, store the rows under the new numbers.
_APPEND_SQL = """
    WITH given AS (SELECT * FROM unnest(:ids, :datas, :expected) AS row(document_id, data, expected)),
    locked AS MATERIALIZED (
        SELECT document_id FROM document_heads WHERE document_id = ANY(:ids) ORDER BY document_id FOR NO KEY UPDATE
    ),
    counted AS (
        UPDATE document_heads AS head SET seq = head.seq + 1 FROM locked JOIN given USING (document_id)
        WHERE head.document_id = locked.document_id AND head.seq + 1 = coalesce(given.expected, head.seq + 1)
        RETURNING head.document_id, head.seq
    ),
    stored AS (
        INSERT INTO document_updates (document_id, seq, data, created_at)
        SELECT counted.document_id, counted.seq, given.data, :now FROM counted JOIN given USING (document_id)
    )
    SELECT document_id, seq FROM counted
    """
_APPEND = text(_APPEND_SQL).bindparams(
    bindparam("ids", type_=ARRAY(String)),
    bindparam("datas", type_=ARRAY(LargeBinary)),
    bindparam("expected", type_=ARRAY(BigInteger)),
)
# The same for the driver itself.
_APPEND_DIRECTLY = (
    _APPEND_SQL.replace(":ids", "$1::varchar[]")
    .replace(":datas", "$2::bytea[]")
    .replace(":expected", "$3::bigint[]")
    .replace(":now", "$4::bigint")
)
# The same for one document, which is what people who type in one ask for: half the work, here and there.
_APPEND_ONE_DIRECTLY = """
    WITH counted AS (UPDATE document_heads SET seq = seq + 1 WHERE document_id = $1 RETURNING document_id, seq),
    stored AS (
        INSERT INTO document_updates (document_id, seq, data, created_at)
        SELECT document_id, seq, $2::bytea, $3::bigint FROM counted
    )
    SELECT document_id, seq FROM counted
    """
_CLAIM = upsert(document_clients).on_conflict_do_nothing()
_OWNERS = select(document_clients).where(
    tuple_(document_clients.c.document_id, document_clients.c.client_id).in_(bindparam("pairs", expanding=True))
)
_SHAPE = (
    update(document_heads)
    .where(document_heads.c.document_id == bindparam("of"))
    .values(eol=bindparam("new_eol"), bom=bindparam("new_bom"))
)


class NotAppendedError(Exception):
    """A batch cannot be stored: its document is gone, or a client id in it belongs to somebody else since a moment ago."""


class PostgresLogStore:
    """Implements `LogStore` with a connection of its own: keystrokes do not wait for those who use up the pool."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database.alone()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._direct: AsyncExitStack | None = None  # holds the connection that keystrokes are stored through
        self._driver: Any = None

    def commit(self, batches: list[Batch], now: int, done: Done) -> None:
        """See `LogStore.commit`. No two batches are of one document."""
        task = self._loop.create_task(self._commit(batches, now, done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _commit(self, batches: list[Batch], now: int, done: Done) -> None:
        failure: Exception | None = None
        try:
            if not await self._append_directly(batches, now):
                await self._append_with_more(batches, now)
        except Exception as error:  # noqa: BLE001 - whatever it is, the rooms must hear of it
            failure = error
        else:
            hit("log.after_sync")
        done(failure)  # not above: what the rooms make of it is not the storage's failure

    async def _append_with_more(self, batches: list[Batch], now: int) -> None:
        async with self._database.write() as tx:
            records = [batch.record for batch in batches if batch.record is not None]
            if len(records) > 1:
                await tx.take_turn(SEVERAL)
            await self._write(tx, batches, now)
            for batch in batches:
                if batch.record is not None and not batch.moved:
                    await batch.record(tx)
            hit("log.before_commit")

    async def _append_directly(self, batches: list[Batch], now: int) -> bool:
        """Store keystrokes as one statement, which is a transaction by itself: one way to the database and back instead of three.

        False when there is more to store, or it failed: then the usual way is taken, which says what is wrong. When only the answer
        was lost, the rows stand there twice, and an edit that comes again changes nothing.
        """
        if any(batch.new_clients or batch.shape or batch.record or batch.exact for batch in batches):
            return False
        hit("log.before_commit")
        try:
            if self._direct is None:
                async with AsyncExitStack() as stack:
                    conn = await stack.enter_async_context(self._database.read())
                    self._driver = (await conn.get_raw_connection()).driver_connection
                    self._direct = stack.pop_all()
            if len(batches) == 1:
                rows = await self._driver.fetch(_APPEND_ONE_DIRECTLY, batches[0].document_id, batches[0].data, now)
            else:
                ids = [batch.document_id for batch in batches]
                datas = [batch.data for batch in batches]
                rows = await self._driver.fetch(_APPEND_DIRECTLY, ids, datas, [None] * len(ids), now)
        except Exception:  # noqa: BLE001 - the usual way meets the same, and has words for it
            await self._let_go()
            return False
        _number(batches, {row["document_id"]: row["seq"] for row in rows})
        return True

    async def _let_go(self) -> None:
        direct, self._direct, self._driver = self._direct, None, None
        if direct is not None:
            with contextlib.suppress(Exception):
                await direct.aclose()

    @staticmethod
    async def _write(tx: Transaction, batches: list[Batch], now: int) -> None:
        given = {
            "ids": [batch.document_id for batch in batches],
            "datas": [batch.data for batch in batches],
            "expected": [batch.seq if batch.exact else None for batch in batches],
            "now": now,
        }
        _number(batches, {row.document_id: row.seq for row in await tx.conn.execute(_APPEND, given)})
        batches = [batch for batch in batches if not batch.moved]
        claims = [
            {"document_id": batch.document_id, "client_id": client, "user_id": user}
            for batch in batches
            for client, user in batch.new_clients.items()
        ]
        if claims:
            await tx.conn.execute(_CLAIM, claims)
            await _check_claims(tx, claims)
        shapes = [
            {"of": batch.document_id, "new_eol": batch.shape.eol, "new_bom": batch.shape.bom}
            for batch in batches
            if batch.shape is not None
        ]
        if shapes:
            await tx.conn.execute(_SHAPE, shapes)

    async def close(self) -> None:
        """Wait for what has begun, and close the connection."""
        if self._tasks:
            await asyncio.gather(*self._tasks)
        await self._let_go()
        await self._database.close()


def _number(batches: list[Batch], numbers: dict[str, int]) -> None:
    """Tell the batches which numbers they got. Raises `NotAppendedError`."""
    for batch in batches:
        batch.number = numbers.get(batch.document_id, 0)
        batch.moved = batch.exact and not batch.number
        if not (batch.number or batch.moved):
            raise NotAppendedError(f"document {batch.document_id} is gone")


async def _check_claims(tx: Transaction, claims: list[dict[str, Any]]) -> None:
    """Raise `NotAppendedError` when another server gave one of the client ids to another user before."""
    pairs = [(claim["document_id"], claim["client_id"]) for claim in claims]
    owners = {(row.document_id, row.client_id): row.user_id for row in await tx.conn.execute(_OWNERS, {"pairs": pairs})}
    for claim in claims:
        if owners[claim["document_id"], claim["client_id"]] != claim["user_id"]:
            raise NotAppendedError(f"a client id of document {claim['document_id']} belongs to another user")
