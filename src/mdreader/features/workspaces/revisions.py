"""The revision of a workspace: a number that every change takes, so that whoever keeps a copy can ask what came after."""

from typing import Final

from sqlalchemy import bindparam, update

from mdreader.db.engine import Transaction
from mdreader.features.workspaces.tables import workspaces

_TAKE: Final = (
    update(workspaces)
    .where(workspaces.c.id == bindparam("workspace_id"))
    .values(rev=workspaces.c.rev + 1)
    .returning(workspaces.c.rev)
)


async def take_rev(tx: Transaction, workspace_id: str) -> int:
    """The next revision, for all that this transaction changes.

    Take it before anything is checked: it holds the workspace's row, so that whoever else changes the same workspace waits until
    this transaction has ended, whatever the database, and what was checked stays true.
    """
    rev: int = (await tx.conn.execute(_TAKE, {"workspace_id": workspace_id})).scalar_one()
    return rev
