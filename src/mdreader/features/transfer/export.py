"""Giving a workspace away as it stands: every document's exact text, whether somebody is typing in it or not."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from mdreader.features.documents import queries
from mdreader.features.documents.access import require_document
from mdreader.features.documents.records import Document
from mdreader.features.transfer.archive import ZipStream
from mdreader.features.workspaces.access import Right, require_workspace
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import NotFoundError
from mdreader.runtime import Runtime

PAGE: Final = 200
# Pieces of about this size go out, in bytes.
PIECE: Final = 64 * 1024
# A text of more bytes is compressed on a thread: a long one would hold up everybody who types.
LARGE: Final = 64 * 1024


async def export_zip(runtime: Runtime, actor: Actor, workspace_id: str) -> AsyncGenerator[bytes]:
    """A ZIP of all documents, by path, in pieces. Holds one document at a time, and no connection while the client reads.

    Raises `NotFoundError` in the middle when the right to read is taken away: the archive then has no end.
    """
    archive = ZipStream()
    piece = bytearray()
    async with aclosing(_texts(runtime, actor, workspace_id)) as texts:
        async for path, data, at in texts:
            if len(data) > LARGE:
                piece += await asyncio.to_thread(archive.add, path, data, at)
            else:
                piece += archive.add(path, data, at)
            if len(piece) >= PIECE:
                yield bytes(piece)
                piece.clear()
    yield bytes(piece) + archive.finish()


async def _texts(runtime: Runtime, actor: Actor, workspace_id: str) -> AsyncGenerator[tuple[str, bytes, int]]:
    after = ""
    while True:
        async with runtime.database.read() as conn:
            access = await require_workspace(conn, actor, workspace_id, Right.READ)
            page = await queries.list_page(conn, access, after=after, limit=PAGE)
        for document in page:
            await asyncio.sleep(0)  # neither reading nor sending may wait for anything: let the others have their turns
            data = await _read(runtime, actor, document)
            if data is not None:
                yield document.path, data, document.updated_at
        if len(page) < PAGE:
            return
        after = page[-1].path


async def _read(runtime: Runtime, actor: Actor, document: Document) -> bytes | None:
    """The text; None when the document was deleted since it was listed."""
    async with runtime.database.read() as conn:
        try:
            await require_document(conn, actor, document.id, Right.READ)
        except NotFoundError:
            await require_workspace(conn, actor, document.workspace_id, Right.READ)
            return None
    return (await runtime.live.read(document.id)).text.encode()
