"""Plain Markdown for the taking: each document as a file among the blobs, a few seconds after it fell quiet.

Who makes, moves or deletes a document marks it, in the same transaction, and so does the storing of a text that fell quiet; a job marks
those of a workspace that was deleted or restored. Another writes the files of all that are marked. A mark that was made again meanwhile
stays, so no text is missed, and a text that changes often is written now and then.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.documents.tables import document_file_marks, documents
from mdreader.features.workspaces.lookup import standing
from mdreader.jobs.context import JobContext
from mdreader.jobs.queue import Jobs
from mdreader.kernel.errors import NotFoundError
from mdreader.kernel.failpoints import hit
from mdreader.kernel.ids import new_id
from mdreader.runtime import Runtime

WRITE: Final = "documents.files"
CONTENT_TYPE: Final = "text/markdown; charset=utf-8"
# From a change to its file, in milliseconds: what changes meanwhile is written with it.
WAIT_MS: Final = 5000
# Lies where every document was marked once.
COMPLETE: Final = "documents/.complete"
BATCH: Final = 64
# Marked in one transaction, which everybody's keystrokes wait for.
CHUNK: Final = 500
# At once. More would only queue up before the disk, which those who type wait for, too.
WRITERS: Final = 2

_MARKED: Final = (
    select(
        document_file_marks.c.document_id,
        document_file_marks.c.mark,
        documents.c.workspace_id,
        documents.c.deleted_at,
    )
    .outerjoin(documents, documents.c.id == document_file_marks.c.document_id)
    .where(document_file_marks.c.document_id > bindparam("after"))
    .order_by(document_file_marks.c.document_id)
    .limit(BATCH)
)
_OF_WORKSPACE: Final = (
    select(documents.c.id)
    .where(documents.c.workspace_id == bindparam("of"), documents.c.id > bindparam("after"))
    .where(documents.c.deleted_at.is_(None))
    .order_by(documents.c.id)
    .limit(CHUNK)
)
_EVERY: Final = select(documents.c.id, bindparam("mark")).where(documents.c.deleted_at.is_(None))
_MARK_ALL: Final = {
    dialect.__name__.rpartition(".")[2]: dialect.insert(document_file_marks)
    .from_select(["document_id", "mark"], _EVERY)
    .on_conflict_do_nothing()
    for dialect in (postgresql, sqlite)
}
_REMOVE: Final = delete(document_file_marks).where(
    document_file_marks.c.document_id == bindparam("of"), document_file_marks.c.mark == bindparam("seen")
)


@dataclass(frozen=True, slots=True)
class Marked:
    """A document whose file is not as it should be.

    `workspace_id` is None when the document is gone for good; `deleted` when it, or the workspace, is deleted.
    """

    document_id: str
    mark: str
    workspace_id: str | None
    deleted: bool


def file_key(workspace_id: str, document_id: str) -> str:
    """Where a document's file lies."""
    return f"documents/{workspace_id}/{document_id}.md"


async def mark_files(jobs: Jobs, tx: Transaction, ids: Iterable[str]) -> None:
    """Have the files of these documents written soon after `tx` is committed, or removed if they are deleted then.

    Near the end of the transaction: until it is committed, the job that writes files cannot end.
    """
    mark = new_id()
    rows = [{"document_id": document_id, "mark": mark} for document_id in ids]
    if not rows:
        return
    await tx.share_turn(WRITE)
    insert = postgresql.insert if tx.conn.dialect.name == "postgresql" else sqlite.insert
    statement = insert(document_file_marks)
    await tx.conn.execute(
        statement.on_conflict_do_update(index_elements=["document_id"], set_={"mark": statement.excluded.mark}),
        rows,
    )
    # One job for all: while it waits or runs there is no second, and it does not end while there are marks.
    await jobs.enqueue(tx, WRITE, {}, unique_key="all", run_at=jobs.clock.now() + WAIT_MS)


async def check_files(ctx: JobContext[Runtime]) -> None:
    """Mark every document where the files are another place's by now, as a new bucket; and have what is marked written."""
    blobs, jobs = ctx.runtime.blobs, ctx.runtime.jobs
    new_place = await blobs.size(COMPLETE) is None
    async with ctx.write() as tx:
        await tx.share_turn(WRITE)
        if new_place:
            await tx.conn.execute(_MARK_ALL[tx.conn.dialect.name], {"mark": new_id()})
        await jobs.enqueue(tx, WRITE, {}, unique_key="all")
    if new_place:
        await blobs.put(
            COMPLETE, b"Every document is a file here, or marked to become one.\n", content_type="text/plain"
        )


async def mark_workspace(ctx: JobContext[Runtime], workspace_id: str) -> None:
    """Mark every document of a workspace that was deleted or restored."""
    after = str((ctx.checkpoint_data or {}).get("after", ""))
    while True:
        async with ctx.write() as tx:
            ids = list(await tx.conn.scalars(_OF_WORKSPACE, {"of": workspace_id, "after": after}))
            await mark_files(ctx.runtime.jobs, tx, ids)
        if len(ids) < CHUNK:
            return
        after = ids[-1]
        await ctx.checkpoint({"after": after})


async def write_files(ctx: JobContext[Runtime]) -> None:
    """Write the files of all marked documents, until none is marked. Raises what the blobs raise."""
    done, after = 0, ""
    turn = asyncio.Semaphore(WRITERS)

    async def write(one: Marked) -> None:
        async with turn:
            await _write(ctx.runtime, one)

    while True:
        async with ctx.runtime.database.read() as conn:
            batch = await _marked(conn, after)
        if not batch:
            if not after and await _ended(ctx):
                return
            after = ""  # once around: whatever was marked again meanwhile
            continue
        # All of them end here, also when one fails: a write that went on by itself could come after a newer one.
        results = await asyncio.gather(*(write(one) for one in batch), return_exceptions=True)
        written = [one for one, result in zip(batch, results, strict=True) if result is None]
        hit("files.written")
        if written:
            async with ctx.write() as tx:
                await tx.conn.execute(_REMOVE, [{"of": one.document_id, "seen": one.mark} for one in written])
        for result in results:
            if result is not None:
                raise result
        done, after = done + len(batch), batch[-1].document_id
        ctx.progress(done)


async def _ended(ctx: JobContext[Runtime]) -> bool:
    """End the job, unless there are marks. In one transaction that no other marks beside: it would take the job for a running one."""
    async with ctx.write() as tx:
        await tx.take_turn(WRITE)
        if await _marked(tx.conn, ""):
            return False
        await ctx.finish(tx)
    return True


async def _marked(conn: AsyncConnection, after: str) -> Sequence[Marked]:
    rows = (await conn.execute(_MARKED, {"after": after})).all()
    alive = await standing(conn, {row.workspace_id for row in rows if row.workspace_id is not None}) if rows else set()
    return [
        Marked(row.document_id, row.mark, row.workspace_id, row.deleted_at is not None or row.workspace_id not in alive)
        for row in rows
    ]


async def _write(runtime: Runtime, one: Marked) -> None:
    if one.workspace_id is None:
        return
    key = file_key(one.workspace_id, one.document_id)
    if not one.deleted:
        try:
            text = await runtime.live.read(one.document_id)
        except NotFoundError:  # deleted meanwhile
            pass
        else:
            await runtime.blobs.put(key, text.text.encode(), content_type=CONTENT_TYPE)
            return
    await runtime.blobs.delete(key)
