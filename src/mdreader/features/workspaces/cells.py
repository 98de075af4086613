"""The router table: which cell a workspace lives in. Each cell has its own copy, and refuses what it says is not its own.

`cell` is the truth and the same in all copies; `away` is what follows from it here, so that the gate compares nothing.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.workspaces.access import AWAY
from mdreader.features.workspaces.tables import workspaces
from mdreader.kernel.cells import Cells

# SQLite takes 32,766 parameters at once; this is for both.
AT_ONCE: Final = 500
READ_AT_ONCE: Final = 5_000

_ELSEWHERE: Final = select(AWAY.c.cell).where(AWAY.c.workspace_id == bindparam("workspace_id"))


@dataclass(frozen=True, slots=True)
class Assigned:
    """What came of assigning workspaces: how many are new there, and the ids that are not workspaces."""

    changed: int
    unknown: tuple[str, ...]


async def find_elsewhere(conn: AsyncConnection, user_id: str, workspace_id: str) -> tuple[str | None] | None:
    """The cell of a workspace that lives elsewhere, as the table has it; None when it does not, or is no business of this person."""
    row = (await conn.execute(_ELSEWHERE, {"actor_id": user_id, "workspace_id": workspace_id})).one_or_none()
    return None if row is None else (row.cell,)


async def settle(tx: Transaction, cells: Cells) -> None:
    """Let `away` follow from `cell`. At each start: the database may be a copy of another cell's."""
    lives_here = workspaces.c.cell == cells.own
    if cells.own == cells.first:
        lives_here = or_(lives_here, workspaces.c.cell.is_(None))
    away = case((lives_here, False), else_=True)
    await tx.conn.execute(update(workspaces).where(workspaces.c.away != away).values(away=away))


async def assign(tx: Transaction, cells: Cells, workspace_ids: Sequence[str], cell: str) -> Assigned:
    """Say that workspaces live in `cell` from now on; nothing is said when one of the ids is unknown."""
    wanted = list(dict.fromkeys(workspace_ids))
    known: dict[str, str | None] = {}
    for start in range(0, len(wanted), AT_ONCE):
        some = select(workspaces.c.id, workspaces.c.cell).where(workspaces.c.id.in_(wanted[start : start + AT_ONCE]))
        known |= {row.id: row.cell for row in await tx.conn.execute(some)}
    unknown = tuple(one for one in wanted if one not in known)
    if unknown:
        return Assigned(0, unknown)
    changing = [one for one in wanted if (known[one] or cells.first) != cell]
    for start in range(0, len(wanted), AT_ONCE):
        some_ids = wanted[start : start + AT_ONCE]
        values = {"cell": cell, "away": cell != cells.own}
        await tx.conn.execute(update(workspaces).where(workspaces.c.id.in_(some_ids)).values(values))
    return Assigned(len(changing), ())


async def every(conn: AsyncConnection) -> AsyncIterator[tuple[str, str | None]]:
    """The whole table by id, as it is stored; deleted workspaces are in it, too."""
    statement = select(workspaces.c.id, workspaces.c.cell).order_by(workspaces.c.id).limit(READ_AT_ONCE)
    last = ""
    while rows := (await conn.execute(statement.where(workspaces.c.id > last))).all():
        for row in rows:
            yield row.id, row.cell
        last = rows[-1].id


async def count(conn: AsyncConnection, cells: Cells) -> dict[str, int]:
    """How many workspaces live in each cell, as far as this one knows; deleted ones are counted, too."""
    rows = await conn.execute(select(workspaces.c.cell, func.count()).group_by(workspaces.c.cell))
    found = dict.fromkeys(cells.addresses, 0)
    for cell, number in rows:
        name = cell or cells.first
        found[name] = found.get(name, 0) + number
    return found
