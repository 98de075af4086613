"""What the operator and the server itself ask, who may read all of the database: whose is a workspace, and does it stand."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, false, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.features.workspaces.tables import memberships, workspaces

_NAMED: Final = (
    select(workspaces.c.id, memberships.c.user_id)
    .join(memberships, memberships.c.workspace_id == workspaces.c.id)
    .where(
        or_(workspaces.c.id == bindparam("reference"), workspaces.c.name == bindparam("reference")),
        workspaces.c.deleted_at.is_(None),
        workspaces.c.away.is_(false()),
        memberships.c.role == "owner",
    )
    .order_by(workspaces.c.id, memberships.c.created_at.desc(), memberships.c.user_id.desc())
)
_STANDING: Final = select(workspaces.c.id).where(
    workspaces.c.id.in_(bindparam("ids", expanding=True)), workspaces.c.deleted_at.is_(None)
)


@dataclass(frozen=True, slots=True)
class Owned:
    """A workspace, and who has owned it the longest."""

    workspace_id: str
    user_id: str


async def find_owned(conn: AsyncConnection, reference: str) -> list[Owned]:
    """The workspaces, not deleted, with this id or name."""
    rows = await conn.execute(_NAMED, {"reference": reference})
    # The last row of a workspace wins: the one of its oldest owner.
    return [Owned(workspace_id, user_id) for workspace_id, user_id in dict(rows.tuples().all()).items()]


async def standing(conn: AsyncConnection, workspace_ids: Collection[str]) -> set[str]:
    """Those of these workspaces that are not deleted."""
    return set(await conn.scalars(_STANDING, {"ids": list(workspace_ids)}))
