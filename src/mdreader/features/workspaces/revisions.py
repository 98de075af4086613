"""The revision of a workspace: a number that every change takes, so that whoever keeps a copy can ask what came after."""

from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.workspaces.access import WorkspaceAccess
from mdreader.features.workspaces.tables import workspaces

_TAKE: Final = (
    update(workspaces)
    .where(workspaces.c.id == bindparam("workspace_id"))
    .values(rev=workspaces.c.rev + 1)
    .returning(workspaces.c.rev)
)


_READ: Final = select(workspaces.c.rev).where(workspaces.c.id == bindparam("workspace_id"))


async def current_rev(conn: AsyncConnection, access: WorkspaceAccess) -> int:
    """The newest revision: while it stays, nothing in the workspace's lists has changed."""
    rev: int = (await conn.execute(_READ, {"workspace_id": access.workspace_id})).scalar_one()
    return rev


SEVERAL: Final = "several workspaces"
"""The turn (`Transaction.take_turn`) of transactions that change more than one workspace: else two could wait in a circle."""


async def take_rev(tx: Transaction, workspace_id: str) -> int:
    """The next revision, for all that this transaction changes.

    Take it before anything is checked: it holds the workspace's row, so that whoever else changes the same workspace waits until
    this transaction has ended, whatever the database, and what was checked stays true.
    """
    rev: int = (await tx.conn.execute(_TAKE, {"workspace_id": workspace_id})).scalar_one()
    return rev
