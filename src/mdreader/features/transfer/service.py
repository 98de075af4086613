"""Bringing files in, in a way that can be repeated: what is there already is found again by its path.

Three things are compared: the file, the text here, and the text that was last imported (`imported_etag`). While nobody edited the
document here, the file leads; when somebody did, their text stays, unless whoever imports says otherwise.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.documents import queries
from mdreader.features.documents.access import require_document
from mdreader.features.documents.errors import PathTakenError
from mdreader.features.documents.paths import normalise_path
from mdreader.features.documents.records import Document
from mdreader.features.documents.service import NewDocument, create_many, record_text
from mdreader.features.documents.texts import check_text
from mdreader.features.transfer.errors import EditedHereError, ImportTooLargeError, NotImportedError, PathTwiceError
from mdreader.features.transfer.portions import portions
from mdreader.features.transfer.schemas import MAX_BYTES, Status
from mdreader.features.workspaces.access import Right, WorkspaceAccess, require_workspace
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import AppError, InvalidInputError, NotFoundError, PreconditionFailedError, TooLargeError
from mdreader.ports.live import LiveText
from mdreader.runtime import Runtime

# What one transaction makes. Everybody's keystrokes wait for it: the database has one writer.
CHUNK_FILES: Final = 20
CHUNK_BYTES: Final = 200_000
# How many texts are replaced at once: their commits join into one.
AT_ONCE: Final = 16

_REFUSALS: Final = (InvalidInputError, NotFoundError, TooLargeError)


@dataclass(frozen=True, slots=True)
class File:
    """What comes in. The path need not be normalised."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file; `error` says why it was kept or refused."""

    status: Status
    document_id: str | None = None
    error: AppError | None = None


@dataclass(frozen=True, slots=True)
class _Item:
    """A file that can be stored: its place in the call, its normalised path, its text and the bytes of that."""

    index: int
    path: str
    text: str
    size: int


@dataclass(frozen=True, slots=True)
class _Change:
    """A file that a document is to become, as long as its text still has this ETag."""

    item: _Item
    document: Document
    etag: str


async def import_files(
    runtime: Runtime, actor: Actor, workspace_id: str, files: Sequence[File], *, overwrite: bool
) -> list[Outcome]:
    """Bring `files` in; answers in the same order.

    Several transactions: what is stored stays when a later part fails, and the same call again does the rest. Raises
    `NotFoundError` and `ForbiddenError` for the workspace, `ImportTooLargeError`, and `UnavailableError` when the server is stopping.
    """
    _check_amount(runtime, files)
    batch = _Batch(runtime, actor, workspace_id, overwrite=overwrite)
    async with runtime.database.read() as conn:
        access = await require_workspace(conn, actor, workspace_id, Right.WRITE)
        items = batch.check(files)
        standing = await queries.find_by_paths(conn, access, [item.path for item in items])
    taken = await batch.create([item for item in items if item.path not in standing])
    if taken:  # somebody was faster, perhaps a call of the same client whose answer was lost
        async with runtime.database.read() as conn:
            access = await require_workspace(conn, actor, workspace_id, Right.WRITE)
            standing |= await queries.find_by_paths(conn, access, [item.path for item in taken])
    await batch.meet([(item, standing[item.path]) for item in items if item.path in standing])
    return [batch.outcomes[index] for index in range(len(files))]


def _check_amount(runtime: Runtime, files: Sequence[File]) -> None:
    size = sum(len(file.text.encode("utf-8", "surrogatepass")) for file in files)
    limit = max(MAX_BYTES, runtime.policy.max_document_bytes)
    if size > limit:
        raise ImportTooLargeError(
            f"The texts have {size} bytes; one call brings at most {limit}. Send them in several."
        )


class _Batch:
    """One call, on its way."""

    def __init__(self, runtime: Runtime, actor: Actor, workspace_id: str, *, overwrite: bool) -> None:
        self._runtime = runtime
        self._actor = actor
        self._workspace_id = workspace_id
        self._overwrite = overwrite
        self.outcomes: dict[int, Outcome] = {}

    def check(self, files: Sequence[File]) -> list[_Item]:
        """The files that can be stored; the others are refused."""
        items: dict[str, _Item] = {}
        for index, file in enumerate(files):
            try:
                path = normalise_path(file.path)
                size = check_text(file.text, self._runtime.policy.max_document_bytes)
                if path in items:
                    raise PathTwiceError(
                        f"It has the same path as {files[items[path].index].path}, once it is normalised."
                    )
            except AppError as error:
                self.outcomes[index] = Outcome("refused", error=error)
            else:
                items[path] = _Item(index, path, file.text, size)
        return list(items.values())

    async def create(self, items: Sequence[_Item]) -> list[_Item]:
        """Make documents; answers those whose path was taken meanwhile."""
        taken: list[_Item] = []
        for chunk in portions(items, count=CHUNK_FILES, size=CHUNK_BYTES):
            async with self._runtime.database.write() as tx:
                access = await self._gate(tx.conn)
                new = [NewDocument(item.path, item.text) for item in chunk]
                made = await create_many(self._runtime, tx, access, new, imported=True)
            for item, result in zip(chunk, made, strict=True):
                if isinstance(result, Document):
                    self.outcomes[item.index] = Outcome("created", result.id)
                elif isinstance(result, PathTakenError) and result.extra["path"] == item.path:
                    taken.append(item)
                else:
                    self.outcomes[item.index] = Outcome("refused", error=result)
        return taken

    async def meet(self, pairs: Sequence[tuple[_Item, Document]]) -> None:
        """Compare files with the documents that stand at their paths, and bring these up to date where that is right."""
        changed: list[_Change] = []
        same: dict[str, str] = {}
        for item, document in pairs:
            await asyncio.sleep(0)  # reading may not wait for anything: let the others have their turns
            live = await self._runtime.live.read(document.id)
            if live.text == item.text:
                self.outcomes[item.index] = Outcome("unchanged", document.id)
                if document.imported_etag != live.etag:
                    same[document.id] = live.etag
            elif self._overwrite or live.etag == document.imported_etag:
                changed.append(_Change(item, document, live.etag))
            else:
                self._keep(item, document)
        if same:
            async with self._runtime.database.write() as tx:
                await queries.mark_imported(tx, await self._gate(tx.conn), same)
        for start in range(0, len(changed), AT_ONCE):
            await self._rewrite(changed[start : start + AT_ONCE])

    async def _gate(self, conn: AsyncConnection) -> WorkspaceAccess:
        """The gate again for each step: the right may have been taken away during the one before."""
        return await require_workspace(conn, self._actor, self._workspace_id, Right.WRITE)

    def _keep(self, item: _Item, document: Document) -> None:
        error = NotImportedError() if document.imported_etag is None else EditedHereError()
        self.outcomes[item.index] = Outcome("kept", document.id, error)

    async def _rewrite(self, changes: Sequence[_Change]) -> None:
        async with self._runtime.database.read() as conn:
            await self._gate(conn)
        results = await asyncio.gather(*(self._replace(change) for change in changes), return_exceptions=True)
        replaced: dict[str, LiveText] = {}
        failed: BaseException | None = None
        for change, result in zip(changes, results, strict=True):
            document = change.document
            if isinstance(result, LiveText):
                self.outcomes[change.item.index] = Outcome("updated", document.id)
                replaced[document.id] = result
            elif isinstance(result, PreconditionFailedError):
                self._keep(change.item, document)
            elif isinstance(result, _REFUSALS):
                self.outcomes[change.item.index] = Outcome("refused", error=result)
            else:
                failed = result
        if replaced:
            await self._mark(replaced)
        if failed is not None:
            raise failed

    async def _replace(self, change: _Change) -> LiveText:
        async with self._runtime.database.read() as conn:
            access = await require_document(conn, self._actor, change.document.id, Right.WRITE)

        async def record(tx: Transaction, live: LiveText) -> None:
            now = self._runtime.clock.now()
            await record_text(tx, access.document_id, text=live.text, size=live.size, user_id=access.user_id, at=now)

        return await self._runtime.live.replace(
            access.document_id,
            change.item.text,
            user_id=access.user_id,
            expected_etag=None if self._overwrite else change.etag,
            record=record,
        )

    async def _mark(self, replaced: Mapping[str, LiveText]) -> None:
        """Note that texts were imported."""
        async with self._runtime.database.write() as tx:
            access = await self._gate(tx.conn)
            await queries.mark_imported(tx, access, {of: live.etag for of, live in replaced.items()})
