"""What people do with folders, which are nothing but the beginnings of paths."""

from mdreader.db.engine import Transaction
from mdreader.features.documents import queries, service
from mdreader.features.documents.errors import FolderIntoItselfError, FolderNotFoundError, PathTakenError
from mdreader.features.documents.paths import Placement, is_below, normalise_path
from mdreader.features.documents.records import Document
from mdreader.features.workspaces.access import WorkspaceAccess
from mdreader.features.workspaces.revisions import take_rev
from mdreader.kernel.errors import ConflictError
from mdreader.runtime import Runtime

# How many of the documents in the way an error names.
_NAMED = 100


async def move_folder(
    runtime: Runtime, tx: Transaction, access: WorkspaceAccess, *, from_path: str, to_path: str
) -> int:
    """Move everything inside one folder into another, which may exist: all of it, or nothing. Answers how many documents moved.

    Raises `FolderNotFoundError`, `FolderIntoItselfError`, `InvalidPathError` when a path becomes too long, and `PathTakenError`, whose
    `extra` lists the `conflicts`.
    """
    source, target = normalise_path(from_path), normalise_path(to_path)
    if is_below(target, source):
        raise FolderIntoItselfError(f"{target} is inside {source}.")
    rev = await take_rev(tx, access.workspace_id)
    moving = await _inside(tx, access, source)
    if source == target:
        return 0
    # Shorter paths first: out of `a/a` into `a`, one leaves the place that another takes.
    moving.sort(key=lambda document: len(document.path))
    paths = {document.id: normalise_path(target + document.path[len(source) :]) for document in moving}
    await _check_free(tx, access, source, paths)
    now = runtime.clock.now()
    await queries.put_at(tx, access, paths, rev=rev, at=now)
    await service.note(tx, access, rev, "move", paths, at=now)
    return len(paths)


async def _check_free(tx: Transaction, access: WorkspaceAccess, source: str, paths: dict[str, str]) -> None:
    standing = await queries.find_standing(tx.conn, access, paths.values())
    folders = await queries.find_folders(tx.conn, access, list(paths.values()), outside=source)
    # What moves away is in nobody's way.
    placement = Placement({path: of for path, of in standing.items() if of not in paths}, folders)
    conflicts = []
    for document_id, path in paths.items():
        try:
            placement.claim(path, document_id)
        except ConflictError as error:
            conflicts.append({"document_id": document_id, "path": path, "code": error.code, "detail": error.detail})
    if conflicts:
        raise PathTakenError(
            f"Nothing was moved: {len(conflicts)} of {len(paths)} documents have no place there, "
            f"the first because: {conflicts[0]['detail']}",
            extra={"conflicts": conflicts[:_NAMED]},
        )


async def delete_folder(runtime: Runtime, tx: Transaction, access: WorkspaceAccess, path: str) -> list[str]:
    """Delete everything inside a folder; the ids, with which it can be restored. Raises `FolderNotFoundError`."""
    documents = await _inside(tx, access, normalise_path(path))
    ids = [document.id for document in documents]
    await service.delete_documents(runtime, tx, access, ids)
    return ids


async def _inside(tx: Transaction, access: WorkspaceAccess, folder: str) -> list[Document]:
    found = await queries.list_below(tx.conn, access, folder)
    if not found:
        raise FolderNotFoundError(f"No document stands below {folder}.")
    return found
