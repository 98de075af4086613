"""What documents ask of the database. Instants in milliseconds.

What reads or changes documents at somebody's wish takes their access; what keeps the books about a text takes an id.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Text, bindparam, column, func, insert, literal, select, update, values
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.documents.paths import ancestors, below
from mdreader.features.documents.records import COLUMNS, Document, document
from mdreader.features.documents.tables import documents
from mdreader.features.workspaces.access import WorkspaceAccess

# How many paths or ids one statement names. SQLite takes 32,766 parameters.
CHUNK: Final = 1000

_IN_WORKSPACE: Final = documents.c.workspace_id == bindparam("in_workspace")
_LIVE: Final = documents.c.deleted_at.is_(None)

_PAGE: Final = (
    select(*COLUMNS)
    .where(_IN_WORKSPACE, _LIVE, documents.c.path > bindparam("after"))
    .order_by(documents.c.path)
    .limit(bindparam("limit"))
)
_BELOW: Final = (
    select(*COLUMNS)
    .where(_IN_WORKSPACE, _LIVE, documents.c.path > bindparam("first"), documents.c.path < bindparam("last"))
    .order_by(documents.c.path)
)
_BY_PATH: Final = select(*COLUMNS).where(_IN_WORKSPACE, _LIVE, documents.c.path.in_(bindparam("paths", expanding=True)))
_BY_ID: Final = select(*COLUMNS).where(_IN_WORKSPACE, documents.c.id.in_(bindparam("ids", expanding=True)))
_TRASH: Final = (
    select(*COLUMNS)
    .where(_IN_WORKSPACE, documents.c.deleted_at.is_not(None))
    .order_by(documents.c.deleted_at.desc(), documents.c.id.desc())
    .limit(bindparam("limit"))
)
_TRASH_AFTER: Final = _TRASH.where(
    (documents.c.deleted_at < bindparam("before_at"))
    | ((documents.c.deleted_at == bindparam("before_at")) & (documents.c.id < bindparam("before_id")))
)
_STANDING: Final = select(documents.c.path, documents.c.id).where(
    _IN_WORKSPACE, _LIVE, documents.c.path.in_(bindparam("paths", expanding=True))
)
_WORKSPACE_OF: Final = select(documents.c.workspace_id).where(documents.c.id == bindparam("document_id"))
_OF: Final = documents.c.id == bindparam("of")
_RECORD: Final = (
    update(documents)
    .where(_OF)
    .values(
        title=bindparam("title"),
        size=bindparam("size"),
        rev=bindparam("rev"),
        updated_at=bindparam("at"),
        updated_by=func.coalesce(bindparam("by"), documents.c.updated_by),
    )
    .returning(*COLUMNS)
)
_OF_WORKSPACE: Final = _OF & _IN_WORKSPACE
_PUT: Final = (
    update(documents)
    .where(_OF_WORKSPACE)
    .values(path=bindparam("path"), rev=bindparam("rev"), updated_at=bindparam("at"), updated_by=bindparam("by"))
)
_BURY: Final = (
    update(documents)
    .where(_OF_WORKSPACE)
    .values(rev=bindparam("rev"), deleted_at=bindparam("at"), deleted_by=bindparam("by"))
)
_REVIVE: Final = (
    update(documents)
    .where(_OF_WORKSPACE)
    .values(path=bindparam("path"), rev=bindparam("rev"), deleted_at=None, deleted_by=None)
)
_IMPORTED: Final = update(documents).where(_OF_WORKSPACE).values(imported_etag=bindparam("etag"))


def _chunks(items: Sequence[str]) -> Iterable[Sequence[str]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))


async def list_page(conn: AsyncConnection, access: WorkspaceAccess, *, after: str, limit: int) -> list[Document]:
    """Up to `limit` documents whose paths sort behind `after`, by path."""
    found = await conn.execute(_PAGE, {"in_workspace": access.workspace_id, "after": after, "limit": limit})
    return [document(row) for row in found]


async def list_trash(
    conn: AsyncConnection, access: WorkspaceAccess, *, before: tuple[int, str] | None, limit: int
) -> list[Document]:
    """Up to `limit` deleted documents, the newest deletion first; `before` is (deleted_at, id) of the last one seen."""
    bound: dict[str, Any] = {"in_workspace": access.workspace_id, "limit": limit}
    if before is None:
        return [document(row) for row in await conn.execute(_TRASH, bound)]
    bound |= {"before_at": before[0], "before_id": before[1]}
    return [document(row) for row in await conn.execute(_TRASH_AFTER, bound)]


async def list_below(conn: AsyncConnection, access: WorkspaceAccess, folder: str) -> list[Document]:
    """Every document inside `folder`, at any depth, by path."""
    first, last = below(folder)
    found = await conn.execute(_BELOW, {"in_workspace": access.workspace_id, "first": first, "last": last})
    return [document(row) for row in found]


async def find_by_paths(conn: AsyncConnection, access: WorkspaceAccess, paths: Sequence[str]) -> dict[str, Document]:
    """The documents that stand at `paths` (normalised), by path."""
    found: dict[str, Document] = {}
    for chunk in _chunks(paths):
        rows = await conn.execute(_BY_PATH, {"in_workspace": access.workspace_id, "paths": list(chunk)})
        found |= {row.path: document(row) for row in rows}
    return found


async def find_by_ids(conn: AsyncConnection, access: WorkspaceAccess, ids: Sequence[str]) -> dict[str, Document]:
    """The documents of the workspace with these ids, deleted ones too, by id."""
    found: dict[str, Document] = {}
    for chunk in _chunks(ids):
        rows = await conn.execute(_BY_ID, {"in_workspace": access.workspace_id, "ids": list(chunk)})
        found |= {row.id: document(row) for row in rows}
    return found


async def find_standing(conn: AsyncConnection, access: WorkspaceAccess, paths: Iterable[str]) -> dict[str, str]:
    """The ids of the documents that stand at `paths` or at a folder on the way to one of them, by path."""
    wanted = {step for path in paths for step in (path, *ancestors(path))}
    standing: dict[str, str] = {}
    for chunk in _chunks(sorted(wanted)):
        rows = await conn.execute(_STANDING, {"in_workspace": access.workspace_id, "paths": list(chunk)})
        standing |= {row.path: row.id for row in rows}
    return standing


async def find_folders(
    conn: AsyncConnection,
    access: WorkspaceAccess,
    paths: Sequence[str],
    *,
    besides: str | None = None,
    outside: str | None = None,
) -> set[str]:
    """Those of `paths` below which documents stand; the document with the id `besides` and what is inside `outside` do not count."""
    counting = [documents.c.workspace_id == access.workspace_id, _LIVE]
    if besides is not None:
        counting.append(documents.c.id != besides)
    if outside is not None:
        first, last = below(outside)
        counting.append((documents.c.path < first) | (documents.c.path > last))
    folders: set[str] = set()
    for chunk in _chunks(paths):
        wanted = values(column("path", Text), name="wanted").data([(path,) for path in chunk]).cte("candidate")
        inside = select(literal(1)).where(
            *counting, documents.c.path > wanted.c.path + "/", documents.c.path < wanted.c.path + "0"
        )
        folders.update((await conn.execute(select(wanted.c.path).where(inside.exists()))).scalars())
    return folders


async def insert_documents(tx: Transaction, access: WorkspaceAccess, items: Sequence[Document], *, now: int) -> None:
    """Store new documents, without their texts."""
    by = access.user_id
    rows = [
        {
            "id": item.id,
            "workspace_id": access.workspace_id,
            "path": item.path,
            "title": item.own_title,
            "rev": item.rev,
            "size": item.size,
            "imported_etag": None,
            "created_at": now,
            "created_by": by,
            "updated_at": now,
            "updated_by": by,
        }
        for item in items
    ]
    await tx.conn.execute(insert(documents), rows)


async def put_at(tx: Transaction, access: WorkspaceAccess, paths: Mapping[str, str], *, rev: int, at: int) -> None:
    """Put documents, by id, at other paths; in this order, as no two may stand at one path in between."""
    same = {"in_workspace": access.workspace_id, "rev": rev, "at": at, "by": access.user_id}
    await tx.conn.execute(_PUT, [{"of": of, "path": path, **same} for of, path in paths.items()])


async def bury(tx: Transaction, access: WorkspaceAccess, ids: Sequence[str], *, rev: int, at: int) -> None:
    """Delete documents; the rows stay as tombstones."""
    same = {"in_workspace": access.workspace_id, "rev": rev, "at": at, "by": access.user_id}
    await tx.conn.execute(_BURY, [{"of": of, **same} for of in ids])


async def revive(tx: Transaction, access: WorkspaceAccess, paths: Mapping[str, str], *, rev: int) -> None:
    """Take deleted documents, by id, back to life at these paths."""
    same = {"in_workspace": access.workspace_id, "rev": rev}
    await tx.conn.execute(_REVIVE, [{"of": of, "path": path, **same} for of, path in paths.items()])


async def mark_imported(tx: Transaction, access: WorkspaceAccess, etags: Mapping[str, str]) -> None:
    """Note with which text, by its ETag, documents were imported."""
    rows = [{"of": of, "in_workspace": access.workspace_id, "etag": etag} for of, etag in etags.items()]
    await tx.conn.execute(_IMPORTED, rows)


async def workspace_of(conn: AsyncConnection, document_id: str) -> str | None:
    """The workspace of a document, deleted or not."""
    found: str | None = await conn.scalar(_WORKSPACE_OF, {"document_id": document_id})
    return found


async def record(
    tx: Transaction, document_id: str, *, title: str, size: int, rev: int, at: int, by: str | None
) -> Document | None:
    """Note what a text is now; with `by` None, who wrote last stays as it was."""
    bound = {"of": document_id, "title": title, "size": size, "rev": rev, "at": at, "by": by}
    row = (await tx.conn.execute(_RECORD, bound)).one_or_none()
    return None if row is None else document(row)
