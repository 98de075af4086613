"""HTTP routes of import and export."""

import unicodedata
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from mdreader.features.accounts.current import CurrentActor
from mdreader.features.transfer import schemas, service
from mdreader.features.transfer.export import export_zip
from mdreader.features.workspaces.access import Right, require_workspace
from mdreader.features.workspaces.queries import get_workspace
from mdreader.http.dependencies import RuntimeDep
from mdreader.http.errors import problems
from mdreader.http.routes import make_router

router = make_router("/api/workspaces/{workspace_id}", "transfer")

_GONE = problems({404: "No such workspace, or the person who asks does not belong to it."})


@router.post(
    "/import",
    operation_id="import_documents",
    responses=_GONE
    | problems({403: "The role does not include this.", 413: "`import_too_large`: send it in several calls."}),
)
async def import_documents(
    workspace_id: str, body: schemas.ImportIn, actor: CurrentActor, runtime: RuntimeDep
) -> schemas.ImportOut:
    """Bring Markdown files in. The same call again doubles nothing, so that one whose answer was lost can be repeated."""
    files = [service.File(item.path, item.content) for item in body.documents]
    outcomes = await service.import_files(runtime, actor, workspace_id, files, overwrite=body.overwrite)
    items = [
        schemas.ImportedOut(
            path=file.path,
            status=outcome.status,
            id=outcome.document_id,
            code=outcome.error.code if outcome.error else None,
            detail=outcome.error.detail if outcome.error else None,
        )
        for file, outcome in zip(files, outcomes, strict=True)
    ]
    return schemas.ImportOut(items=items)


@router.get(
    "/export",
    operation_id="export_workspace",
    response_class=StreamingResponse,
    responses=_GONE | {200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def export_workspace(workspace_id: str, actor: CurrentActor, runtime: RuntimeDep) -> StreamingResponse:
    """Download every document as it is now, byte for byte, in a ZIP. One without its directory at the end was cut off."""
    async with runtime.database.read() as conn:
        access = await require_workspace(conn, actor, workspace_id, Right.READ)
        workspace = await get_workspace(conn, access)
    headers = {"Content-Disposition": disposition(workspace.name)}
    return StreamingResponse(export_zip(runtime, actor, workspace_id), media_type="application/zip", headers=headers)


def disposition(name: str) -> str:
    """The header that names the download (RFC 6266): in ASCII for old clients, then in full."""
    name = "".join("-" if character in '/\\:*?"<>|' else character for character in name).strip(". ") or "workspace"
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().strip() or "workspace"
    return f"attachment; filename=\"{ascii_name}.zip\"; filename*=UTF-8''{quote(name, safe='')}.zip"
