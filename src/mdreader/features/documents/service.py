"""What people do with single documents, and with many new ones at once.

The text belongs to live editing, which commits it by itself and needs the one writer's turn for that: no function here waits for
`runtime.live.read` or `replace` inside a transaction, nor with a connection in its hands. The order is gate, text, books.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mdreader.db.engine import Transaction
from mdreader.features.documents import queries
from mdreader.features.documents.access import DocumentAccess, require_document
from mdreader.features.documents.errors import NotDeletedError
from mdreader.features.documents.etags import Condition, quoted
from mdreader.features.documents.files import mark_files
from mdreader.features.documents.paths import Placement, normalise_path
from mdreader.features.documents.records import Document
from mdreader.features.documents.texts import check_text
from mdreader.features.documents.titles import title_of
from mdreader.features.workspaces.access import Right, WorkspaceAccess
from mdreader.features.workspaces.changes import Change, Op, record_changes
from mdreader.features.workspaces.revisions import take_rev
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import AppError, NotFoundError, PreconditionFailedError
from mdreader.kernel.events import DocumentsRemoved
from mdreader.kernel.ids import new_id
from mdreader.ports.live import LiveText, Seed
from mdreader.runtime import Runtime


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document to be made. The path need not be normalised."""

    path: str
    text: str


async def place(
    tx: Transaction, access: WorkspaceAccess, paths: Sequence[str], *, besides: str | None = None
) -> Placement:
    """What is in the way of `paths` (normalised); the document with the id `besides` is not.

    Only after `take_rev`: then it stays so until the transaction ends.
    """
    standing = await queries.find_standing(tx.conn, access, paths)
    folders = await queries.find_folders(tx.conn, access, paths, besides=besides)
    return Placement({path: of for path, of in standing.items() if of != besides}, folders)


async def note(tx: Transaction, access: WorkspaceAccess, rev: int, op: Op, ids: Iterable[str], *, at: int) -> None:
    """Write down, for those who follow the workspace, what is done to documents; `rev` was taken for it."""
    made = [Change("document", op, document_id) for document_id in ids]
    await record_changes(tx, access.workspace_id, rev, made, user_id=access.user_id, at=at)


async def create_document(runtime: Runtime, tx: Transaction, access: WorkspaceAccess, new: NewDocument) -> Document:
    """Make one document. Raises `InvalidPathError`, `PathTakenError`, `PathIsFolderError`, `TooLargeError`, `InvalidTextError`."""
    (made,) = await create_many(runtime, tx, access, [new])
    if isinstance(made, AppError):
        raise made
    return made


async def create_many(
    runtime: Runtime, tx: Transaction, access: WorkspaceAccess, items: Sequence[NewDocument], *, imported: bool = False
) -> list[Document | AppError]:
    """Make documents in one transaction; answers in the same order, with the reason for each that could not be made.

    `imported` notes each text as the one that was imported, so that a later import can tell whether it was edited here since.
    """
    rev = await take_rev(tx, access.workspace_id)
    now = runtime.clock.now()
    checked = [_draft(runtime, access, item, rev, now) for item in items]
    placement = await place(tx, access, [draft.path for draft in checked if isinstance(draft, Document)])
    results: list[Document | AppError] = []
    seeds: list[Seed] = []
    for item, draft in zip(items, checked, strict=True):
        if isinstance(draft, Document):
            try:
                placement.claim(draft.path, draft.id)
                seeds.append(Seed(draft.id, item.text))
            except AppError as error:
                results.append(error)
                continue
        results.append(draft)
    made = {result.id: result for result in results if isinstance(result, Document)}
    if made:
        await queries.insert_documents(tx, access, list(made.values()), now=now)
        await note(tx, access, rev, "create", made, at=now)
        texts = await runtime.live.seed(tx, seeds, access.user_id)
        if imported:
            etags = {seed.document_id: text.etag for seed, text in zip(seeds, texts, strict=True)}
            await queries.mark_imported(tx, access, etags)
        await mark_files(runtime.jobs, tx, made)
    return results


def _draft(runtime: Runtime, access: WorkspaceAccess, item: NewDocument, rev: int, now: int) -> Document | AppError:
    try:
        path = normalise_path(item.path)
        size = check_text(item.text, runtime.policy.max_document_bytes)
    except AppError as error:
        return error
    return Document(
        id=new_id(),
        workspace_id=access.workspace_id,
        path=path,
        own_title=title_of(item.text),
        rev=rev,
        size=size,
        imported_etag=None,
        created_at=now,
        updated_at=now,
        deleted_at=None,
    )


async def read_document(runtime: Runtime, actor: Actor, document_id: str) -> tuple[DocumentAccess, LiveText]:
    """A document and its text as it is now."""
    async with runtime.database.read() as conn:
        access = await require_document(conn, actor, document_id, Right.READ)
    return access, await runtime.live.read(document_id)


async def write_text(
    runtime: Runtime, access: DocumentAccess, text: str, condition: Condition
) -> tuple[Document, LiveText]:
    """Turn the live text into `text`, as long as `condition` holds; answers what stands then.

    `access` includes `Right.WRITE`. Raises `PreconditionFailedError` (with the current `ETag`), `TooLargeError`, `InvalidTextError`,
    and `NotFoundError` when the document was deleted meanwhile.
    """
    check_text(text, runtime.policy.max_document_bytes)
    expected = await _expected_etag(runtime, access, condition)
    recorded: list[Document] = []

    async def record(tx: Transaction, live: LiveText) -> None:
        rev, now = await take_rev(tx, access.workspace_id), runtime.clock.now()
        of, by = access.document_id, access.user_id
        document = await queries.record(tx, of, title=title_of(text), size=live.size, rev=rev, at=now, by=by)
        if document is None or document.deleted_at is not None:
            raise NotFoundError("The document was deleted meanwhile.")
        await note(tx, access.workspace, rev, "write", [of], at=now)
        recorded.append(document)

    live = await runtime.live.replace(
        access.document_id, text, user_id=access.user_id, expected_etag=expected, record=record
    )
    return recorded[-1] if recorded else access.document, live


async def _expected_etag(runtime: Runtime, access: DocumentAccess, condition: Condition) -> str | None:
    """The one ETag to compare with inside live editing; None for any."""
    if condition.anything:
        return None
    if len(condition.strong) == 1:
        (etag,) = condition.strong
        return etag
    current = await runtime.live.read(access.document_id)
    if condition.matches_strongly(current.etag):
        return current.etag
    raise PreconditionFailedError(
        "Send as If-Match the ETag that came with the text, in its quotes; it must not be a weak one (W/).",
        headers={"ETag": quoted(current.etag)},
    )


async def record_text(tx: Transaction, document_id: str, *, text: str, size: int, user_id: str | None, at: int) -> None:
    """Note in the tree what a text is now: for live editing, when a document that people type in falls quiet.

    `text` is exact, `size` its bytes, `at` milliseconds; `user_id` wrote last, None when that is not known.
    """
    workspace_id = await queries.workspace_of(tx.conn, document_id)
    if workspace_id is not None:
        rev = await take_rev(tx, workspace_id)
        await queries.record(tx, document_id, title=title_of(text), size=size, rev=rev, at=at, by=user_id)
        await record_changes(tx, workspace_id, rev, [Change("document", "write", document_id)], user_id=user_id, at=at)


async def move_document(runtime: Runtime, tx: Transaction, access: DocumentAccess, path: str) -> Document:
    """Put a document at another path. Raises `InvalidPathError`, `PathTakenError` and `PathIsFolderError`."""
    path = normalise_path(path)
    if path == access.document.path:
        return access.document
    rev, now = await take_rev(tx, access.workspace_id), runtime.clock.now()
    placement = await place(tx, access.workspace, [path], besides=access.document_id)
    placement.claim(path, access.document_id)
    await queries.put_at(tx, access.workspace, {access.document_id: path}, rev=rev, at=now)
    await note(tx, access.workspace, rev, "move", [access.document_id], at=now)
    return replace(access.document, path=path, rev=rev, updated_at=now)


async def delete_documents(runtime: Runtime, tx: Transaction, access: WorkspaceAccess, ids: Sequence[str]) -> None:
    """Delete documents of the workspace: they keep their text and their path, without holding it."""
    rev, now = await take_rev(tx, access.workspace_id), runtime.clock.now()
    await queries.bury(tx, access, ids, rev=rev, at=now)
    await note(tx, access, rev, "delete", ids, at=now)
    await mark_files(runtime.jobs, tx, ids)
    event = DocumentsRemoved(document_ids=tuple(ids))
    tx.after_commit(lambda: runtime.fanout.publish(event))


async def restore_document(runtime: Runtime, tx: Transaction, access: DocumentAccess, path: str | None) -> Document:
    """Take a deleted document back, to where it stood or to `path`. One that is not deleted stays as it is.

    Raises `InvalidPathError`, `PathTakenError`, `PathIsFolderError`, and `NotDeletedError` when it stands elsewhere than at `path`.
    """
    wanted = access.document.path if path is None else normalise_path(path)
    if access.document.deleted_at is None:
        if wanted != access.document.path:
            raise NotDeletedError(f"The document stands at {access.document.path}. Move it instead.")
        return access.document
    rev = await take_rev(tx, access.workspace_id)
    placement = await place(tx, access.workspace, [wanted])
    placement.claim(wanted, access.document_id)
    await queries.revive(tx, access.workspace, {access.document_id: wanted}, rev=rev)
    await note(tx, access.workspace, rev, "restore", [access.document_id], at=runtime.clock.now())
    await mark_files(runtime.jobs, tx, [access.document_id])
    return replace(access.document, path=wanted, rev=rev, deleted_at=None)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one document of many was left as it is; `path` is None when there is no such document."""

    document_id: str
    path: str | None
    error: AppError


async def restore_many(
    runtime: Runtime, tx: Transaction, access: WorkspaceAccess, ids: Sequence[str]
) -> tuple[list[Document], list[Refusal]]:
    """Take deleted documents back to where they stood, as many as can be; those that are not deleted count as restored."""
    rev = await take_rev(tx, access.workspace_id)
    found = await queries.find_by_ids(tx.conn, access, list(dict.fromkeys(ids)))
    deleted = [document.path for document in found.values() if document.deleted_at is not None]
    placement = await place(tx, access, deleted)
    restored: list[Document] = []
    refused: list[Refusal] = []
    for document_id in dict.fromkeys(ids):
        document = found.get(document_id)
        if document is None:
            refused.append(Refusal(document_id, None, NotFoundError("There is no such document.")))
        elif document.deleted_at is None:
            restored.append(document)
        else:
            try:
                placement.claim(document.path, document_id)
            except AppError as error:
                refused.append(Refusal(document_id, document.path, error))
            else:
                restored.append(replace(document, rev=rev, deleted_at=None))
    revived = {document.id: document.path for document in restored if found[document.id].deleted_at is not None}
    if revived:
        await queries.revive(tx, access, revived, rev=rev)
        await note(tx, access, rev, "restore", revived, at=runtime.clock.now())
        await mark_files(runtime.jobs, tx, revived)
    return restored, refused
