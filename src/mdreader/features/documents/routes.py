"""HTTP routes of documents and folders."""

from typing import Annotated, Any, cast

from fastapi import Header, Query, Request, Response, status

from mdreader.features.accounts.current import CurrentActor
from mdreader.features.documents import bodies, folders, queries, schemas, service
from mdreader.features.documents.access import require_document
from mdreader.features.documents.etags import parse_condition, quoted
from mdreader.features.workspaces.access import Right, require_workspace
from mdreader.features.workspaces.revisions import current_rev
from mdreader.http.dependencies import ReadDep, RuntimeDep, WriteDep
from mdreader.http.errors import problems
from mdreader.http.routes import make_router
from mdreader.kernel.errors import PreconditionRequiredError
from mdreader.kernel.paging import decode_cursor, encode_cursor

router = make_router("/api", "documents")

_GONE = problems({404: "No such document or workspace, or the person who asks does not belong to it."})
_EDITED = {**_GONE, **problems({403: "The role does not include this."})}
_TAKEN = problems({409: "`path_taken` or `path_is_folder`: something stands there."})
_UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "Unchanged since the ETag in If-None-Match."}}

Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.", max_length=8192)]
Limit = Annotated[int, Query(ge=1, le=1000, description="Items a page.")]
IfMatch = Annotated[str | None, Header(description="The ETag that came with the text, or several, or `*` for any.")]
IfNoneMatch = Annotated[str | None, Header(description="ETags of texts that the client has.")]


@router.get(
    "/documents/{document_id}",
    operation_id="get_document",
    response_model=schemas.DocumentTextOut,
    responses=_GONE | _UNCHANGED | {200: {"headers": bodies.ETAG_HEADER}},
)
async def get_document(
    document_id: str, actor: CurrentActor, runtime: RuntimeDep, if_none_match: IfNoneMatch = None
) -> Response:
    """Read a document with its text as it is now."""
    access, live = await service.read_document(runtime, actor, document_id)
    return bodies.not_modified(live, if_none_match) or bodies.document_answer(access, live)


@router.get(
    "/documents/{document_id}/content",
    operation_id="get_content",
    response_class=Response,
    responses=_GONE
    | _UNCHANGED
    | {200: {"headers": bodies.ETAG_HEADER, "content": {"text/markdown": {"schema": {"type": "string"}}}}},
)
async def get_content(
    document_id: str, actor: CurrentActor, runtime: RuntimeDep, if_none_match: IfNoneMatch = None
) -> Response:
    """Read the exact text, byte for byte."""
    _, live = await service.read_document(runtime, actor, document_id)
    return bodies.not_modified(live, if_none_match) or bodies.text_answer(live)


@router.put(
    "/documents/{document_id}/content",
    operation_id="put_content",
    response_model=schemas.DocumentOut,
    openapi_extra=bodies.TEXT_BODY,
    responses=_EDITED
    | {200: {"headers": bodies.ETAG_HEADER}}
    | problems(
        {
            412: "`etag_mismatch`: the text has changed; the header ETag has its current tag.",
            413: "Over the size limit of a document; nothing was stored.",
            415: "Neither text/markdown nor JSON, or not in UTF-8.",
            428: "`if_match_required`.",
        }
    ),
)
async def put_content(
    document_id: str, request: Request, actor: CurrentActor, runtime: RuntimeDep, if_match: IfMatch = None
) -> Response:
    """Replace the text. It becomes a minimal change to the live text, which people who type in it see at once."""
    async with runtime.database.read() as conn:
        access = await require_document(conn, actor, document_id, Right.WRITE)
    if if_match is None:
        raise PreconditionRequiredError(
            "Send the ETag that came with the text as If-Match, or * to overwrite whatever is there."
        )
    text = await bodies.read_text(request, runtime.policy.max_document_bytes)
    document, live = await service.write_text(runtime, access, text, parse_condition(if_match))
    return bodies.written_answer(document, live)


@router.patch("/documents/{document_id}", operation_id="move_document", responses=_EDITED | _TAKEN)
async def move_document(
    document_id: str, body: schemas.PathIn, actor: CurrentActor, runtime: RuntimeDep, tx: WriteDep
) -> schemas.DocumentOut:
    """Move or rename a document."""
    access = await require_document(tx.conn, actor, document_id, Right.WRITE)
    return schemas.document_out(await service.move_document(runtime, tx, access, body.path))


@router.delete(
    "/documents/{document_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="delete_document",
    responses=_EDITED,
)
async def delete_document(document_id: str, actor: CurrentActor, runtime: RuntimeDep, tx: WriteDep) -> None:
    """Delete a document; it can be restored from the trash."""
    access = await require_document(tx.conn, actor, document_id, Right.WRITE)
    await service.delete_documents(runtime, tx, access.workspace, [document_id])


@router.post(
    "/documents/{document_id}/restore",
    operation_id="restore_document",
    responses=_EDITED | problems({409: "`path_taken`, `path_is_folder`, or `not_deleted` when it stands elsewhere."}),
)
async def restore_document(
    document_id: str, actor: CurrentActor, runtime: RuntimeDep, tx: WriteDep, body: schemas.RestoreIn | None = None
) -> schemas.DocumentOut:
    """Take a deleted document back, to where it stood or to another path."""
    access = await require_document(tx.conn, actor, document_id, Right.WRITE, even_deleted=True)
    return schemas.document_out(await service.restore_document(runtime, tx, access, body.path if body else None))


@router.head("/documents/{document_id}", include_in_schema=False)
async def head_document(
    document_id: str, actor: CurrentActor, runtime: RuntimeDep, if_none_match: IfNoneMatch = None
) -> Response:
    return bodies.without_body(await get_document(document_id, actor, runtime, if_none_match))


@router.head("/documents/{document_id}/content", include_in_schema=False)
async def head_content(
    document_id: str, actor: CurrentActor, runtime: RuntimeDep, if_none_match: IfNoneMatch = None
) -> Response:
    return bodies.without_body(await get_content(document_id, actor, runtime, if_none_match))


@router.post(
    "/workspaces/{workspace_id}/documents",
    status_code=status.HTTP_201_CREATED,
    operation_id="create_document",
    responses=_EDITED | _TAKEN | problems({413: "Over the size limit of a document; nothing was stored."}),
)
async def create_document(
    workspace_id: str, body: schemas.DocumentIn, actor: CurrentActor, runtime: RuntimeDep, tx: WriteDep
) -> schemas.DocumentOut:
    """Make a document. Folders come and go with the paths of documents."""
    access = await require_workspace(tx.conn, actor, workspace_id, Right.WRITE)
    new = service.NewDocument(body.path, body.content)
    return schemas.document_out(await service.create_document(runtime, tx, access, new))


@router.get(
    "/workspaces/{workspace_id}/documents",
    operation_id="list_documents",
    response_model=schemas.DocumentsOut,
    responses=_GONE | _UNCHANGED | {200: {"headers": bodies.ETAG_HEADER}},
)
async def list_documents(
    workspace_id: str,
    actor: CurrentActor,
    conn: ReadDep,
    response: Response,
    *,
    cursor: Cursor = None,
    limit: Limit = 200,
    if_none_match: IfNoneMatch = None,
) -> schemas.DocumentsOut | Response:
    """List documents by path, without their texts. What is added or deleted between two pages moves no other.

    The ETag changes with the workspace, so that asking again costs next to nothing while nothing happens.
    """
    access = await require_workspace(conn, actor, workspace_id, Right.READ)
    # Before the list: what changes in between is then found by the next question.
    version = str(await current_rev(conn, access))
    if if_none_match is not None and parse_condition(if_none_match).matches_weakly(version):
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers={"ETag": quoted(version)})
    response.headers["ETag"] = quoted(version)
    after = "" if cursor is None else str(decode_cursor(cursor, str)[0])
    found = await queries.list_page(conn, access, after=after, limit=limit + 1)
    more = encode_cursor(found[limit - 1].path) if len(found) > limit else None
    return schemas.DocumentsOut(items=[schemas.document_out(item) for item in found[:limit]], next_cursor=more)


@router.get("/workspaces/{workspace_id}/trash", operation_id="list_trash", responses=_EDITED)
async def list_trash(
    workspace_id: str, actor: CurrentActor, conn: ReadDep, cursor: Cursor = None, limit: Limit = 200
) -> schemas.TrashOut:
    """List deleted documents, the newest deletion first; for those who may restore them."""
    access = await require_workspace(conn, actor, workspace_id, Right.WRITE)
    before = None if cursor is None else cast("tuple[int, str]", decode_cursor(cursor, int, str))
    found = await queries.list_trash(conn, access, before=before, limit=limit + 1)
    items = [(item, item.deleted_at or 0) for item in found]
    more = None
    if len(items) > limit:
        last, deleted_at = items[limit - 1]
        more = encode_cursor(deleted_at, last.id)
    return schemas.TrashOut(items=[schemas.deleted_out(item, at) for item, at in items[:limit]], next_cursor=more)


@router.post("/workspaces/{workspace_id}/documents/restore", operation_id="restore_documents", responses=_EDITED)
async def restore_documents(
    workspace_id: str, body: schemas.RestoreManyIn, actor: CurrentActor, runtime: RuntimeDep, tx: WriteDep
) -> schemas.RestoredOut:
    """Take deleted documents back to where they stood: as many as can be, with the reason for each that could not."""
    access = await require_workspace(tx.conn, actor, workspace_id, Right.WRITE)
    restored, refused = await service.restore_many(runtime, tx, access, body.document_ids)
    return schemas.RestoredOut(
        items=[schemas.document_out(document) for document in restored],
        conflicts=[
            schemas.RestoreConflictOut(
                document_id=one.document_id, path=one.path, code=one.error.code, detail=one.error.detail
            )
            for one in refused
        ],
    )


@router.post(
    "/workspaces/{workspace_id}/folders/move",
    operation_id="move_folder",
    responses=_EDITED | problems({409: "`path_taken`: nothing was moved; `conflicts` lists what is in the way."}),
)
async def move_folder(
    workspace_id: str, body: schemas.FolderMoveIn, actor: CurrentActor, runtime: RuntimeDep, tx: WriteDep
) -> schemas.FolderMovedOut:
    """Rename or move a folder with everything inside, also into one that exists: all of it, or nothing."""
    access = await require_workspace(tx.conn, actor, workspace_id, Right.WRITE)
    moved = await folders.move_folder(runtime, tx, access, from_path=body.from_path, to_path=body.to_path)
    return schemas.FolderMovedOut(moved=moved)


@router.post("/workspaces/{workspace_id}/folders/delete", operation_id="delete_folder", responses=_EDITED)
async def delete_folder(
    workspace_id: str, body: schemas.FolderIn, actor: CurrentActor, runtime: RuntimeDep, tx: WriteDep
) -> schemas.FolderDeletedOut:
    """Delete everything inside a folder."""
    access = await require_workspace(tx.conn, actor, workspace_id, Right.WRITE)
    return schemas.FolderDeletedOut(document_ids=await folders.delete_folder(runtime, tx, access, body.path))
