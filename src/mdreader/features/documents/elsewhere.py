"""What is not here because it lives in another cell: who had a right to it is told where, nobody else learns that it exists.

Only what the gate did not find is looked up, and only where there are cells: elsewhere it costs nothing.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from mdreader.features.accounts.current import authenticate
from mdreader.features.documents.tables import documents
from mdreader.features.workspaces.access import AWAY
from mdreader.features.workspaces.cells import find_elsewhere
from mdreader.http.dependencies import get_runtime
from mdreader.http.errors import app_error, problem
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import AppError
from mdreader.kernel.ids import is_id
from mdreader.runtime import Runtime

CODE: Final = "other_cell"

_ELSEWHERE: Final = (
    select(AWAY.c.cell)
    .join(documents, documents.c.workspace_id == AWAY.c.workspace_id)
    .where(documents.c.id == bindparam("document_id"), documents.c.deleted_at.is_(None))
)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A cell, and the address that people open there."""

    cell: str
    address: str


async def find(
    runtime: Runtime, actor: Actor, *, workspace_id: str | None = None, document_id: str | None = None
) -> Elsewhere | None:
    """Where a workspace or a document is that `actor` had a right to when it went; None when it did not go, or they had none."""
    cells = runtime.policy.cells
    if cells is None:
        return None
    async with runtime.database.read() as conn:
        if workspace_id is not None and is_id(workspace_id):
            found = await find_elsewhere(conn, actor.user_id, workspace_id)
        elif document_id is not None and is_id(document_id):
            found = await _document(conn, actor.user_id, document_id)
        else:
            return None
    if found is None:
        return None
    cell = found[0] or cells.first
    address = cells.address(cell)
    return None if address is None else Elsewhere(cell, address)


async def _document(conn: AsyncConnection, user_id: str, document_id: str) -> tuple[str | None] | None:
    row = (await conn.execute(_ELSEWHERE, {"actor_id": user_id, "document_id": document_id})).one_or_none()
    return None if row is None else (row.cell,)


async def answer_not_found(request: Request, error: Exception) -> Response:
    """The answer to a `NotFoundError` where there are cells: 307 or 421 for what lives elsewhere, else what it is without cells.

    A browser's `fetch` gets 421: it would follow 307 to another origin without its cookies, and show nothing but a failed request.
    """
    assert isinstance(error, AppError)  # noqa: S101 - registered for this type alone
    runtime = get_runtime(request)
    names = request.path_params
    found = None
    if "workspace_id" in names or "document_id" in names:
        try:
            actor = await authenticate(request)  # as the route did before
            found = await find(
                runtime, actor, workspace_id=names.get("workspace_id"), document_id=names.get("document_id")
            )
        except AppError as trouble:
            return await app_error(request, trouble)
    if found is None:
        return await app_error(request, error)
    query = f"?{request.url.query}" if request.url.query else ""
    location = f"{found.address}{request.url.path}{query}"
    browser = "sec-fetch-mode" in request.headers
    return problem(
        421 if browser else 307,
        CODE,
        "This lives in another cell",
        f"It moved to {found.address}. Log in there and go on.",
        headers={} if browser else {"Location": location},
        cell=found.cell,
        address=found.address,
    )
