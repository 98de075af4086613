"""The gate to documents: the workspaces' gate, asked in the statement that reads the document."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import has_company
from mdreader.features.documents.records import COLUMNS, Document
from mdreader.features.documents.tables import documents
from mdreader.features.workspaces.access import (
    MEMBERSHIP,
    MEMBERSHIPS,
    RIGHTS,
    Right,
    Role,
    WorkspaceAccess,
    effective_role,
    grant,
    hold,
)
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import NotFoundError
from mdreader.kernel.ids import is_id


@dataclass(frozen=True, slots=True)
class DocumentAccess:
    """That a member may do up to `workspace.right` with the document. Made by the gate alone."""

    workspace: WorkspaceAccess
    document: Document

    @property
    def document_id(self) -> str:
        """The document's id."""
        return self.document.id

    @property
    def workspace_id(self) -> str:
        """The id of the workspace it stands in."""
        return self.workspace.workspace_id

    @property
    def user_id(self) -> str:
        """Who asks."""
        return self.workspace.user_id

    @property
    def role(self) -> Role:
        """What the one who asks is in the workspace."""
        return self.workspace.role

    def allows(self, right: Right) -> bool:
        """Whether `right` is included."""
        return self.workspace.allows(right)


_DOCUMENT: Final = (
    select(*COLUMNS, MEMBERSHIP.c.role)
    .join(MEMBERSHIP, MEMBERSHIP.c.workspace_id == documents.c.workspace_id)
    .where(documents.c.id == bindparam("document_id"))
)


_ROLES: Final = (
    select(documents.c.id, MEMBERSHIPS.c.user_id, MEMBERSHIPS.c.role)
    .join(MEMBERSHIPS, MEMBERSHIPS.c.workspace_id == documents.c.workspace_id)
    .where(
        tuple_(MEMBERSHIPS.c.user_id, documents.c.id).in_(bindparam("pairs", expanding=True)),
        documents.c.deleted_at.is_(None),
    )
)
PAIRS_AT_ONCE: Final = 200

_HOLD: Final = hold(
    select(documents.c.workspace_id).where(documents.c.id == bindparam("document_id")).scalar_subquery()
)


async def rights_now(conn: AsyncConnection, pairs: Sequence[tuple[Actor, str]]) -> list[Right | None]:
    """What each actor may do with the document beside it; None for nothing. For looking again at what the gate let in."""
    keys = sorted({(actor.user_id, document_id) for actor, document_id in pairs})
    roles: dict[tuple[str, str], Role] = {}
    for start in range(0, len(keys), PAIRS_AT_ONCE):
        rows = await conn.execute(_ROLES, {"pairs": keys[start : start + PAIRS_AT_ONCE]})
        roles |= {(row.user_id, row.id): row.role for row in rows}
    found = [roles.get((actor.user_id, document_id)) for actor, document_id in pairs]
    return [
        None if role is None else RIGHTS[effective_role(actor, role)]
        for (actor, _), role in zip(pairs, found, strict=True)
    ]


async def require_document(
    conn: AsyncConnection, actor: Actor, document_id: str, right: Right, *, even_deleted: bool = False
) -> DocumentAccess:
    """The access of `actor`, which includes `right`. Raises `NotFoundError` (also when it is deleted) and `ForbiddenError`."""
    row = None
    if is_id(document_id):
        if has_company(conn):
            await conn.execute(_HOLD, {"document_id": document_id})
        row = (await conn.execute(_DOCUMENT, {"actor_id": actor.user_id, "document_id": document_id})).first()
    if row is not None:
        *columns, role = row
        document = Document(*columns)
        if document.deleted_at is None or even_deleted:
            return DocumentAccess(grant(actor, document.workspace_id, role, right), document)
    raise NotFoundError("There is no such document.")
