"""What was changed in a workspace, in the order of its revisions: written with the change itself, read by cursor.

A revision is taken under the workspace's row lock, which the transaction holds until it is committed. So whoever can read revision n
can read every one before it, and a cursor can pass none, on either database. (A serial id or a time stamp can be passed: what took the
lower one may be committed later.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import bindparam, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.workspaces.access import WorkspaceAccess
from mdreader.features.workspaces.errors import ResyncNeededError
from mdreader.features.workspaces.tables import changes, workspaces
from mdreader.kernel.ids import new_id

Kind = Literal["document", "member", "workspace"]
Op = Literal["create", "write", "move", "delete", "restore", "add", "change", "remove", "rename"]


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to what; what it is now, one asks by its id.

    To a document: `create`, `write`, `move`, `delete`, `restore`. To a member, by the user's id: `add`, `change` (of the role),
    `remove`. To the workspace itself: `create`, `rename`, `delete`, `restore`.
    """

    kind: Kind
    op: Op
    entity_id: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A change as it was written down: `rev` of the workspace, `at` in milliseconds, `user_id` None when that is not known."""

    rev: int
    position: int
    kind: Kind
    op: Op
    entity_id: str
    user_id: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where to go on reading: the change at `position` of revision `rev`, or the first after it."""

    epoch: str
    rev: int
    position: int


@dataclass(frozen=True, slots=True)
class Page:
    """Changes, and the cursor that follows them; `more` when there are some already."""

    items: Sequence[Recorded]
    next: Cursor
    more: bool


_INSERT: Final = insert(changes)
_HERE: Final = select(workspaces.c.rev, workspaces.c.epoch).where(workspaces.c.id == bindparam("workspace_id"))
_FROM: Final = tuple_(changes.c.rev, changes.c.position) >= tuple_(bindparam("rev"), bindparam("position"))
# One statement, for one moment: what is pruned between two would be missed.
_PAGE: Final = (
    select(
        workspaces.c.rev,
        workspaces.c.epoch,
        workspaces.c.horizon,
        *(changes.c[name] for name in Recorded.__dataclass_fields__),
    )
    .select_from(workspaces.outerjoin(changes, (changes.c.workspace_id == workspaces.c.id) & _FROM))
    .where(workspaces.c.id == bindparam("workspace_id"))
    .order_by(changes.c.rev, changes.c.position)
    .limit(bindparam("limit"))
)
_NEW_EPOCH: Final = update(workspaces).values(epoch=bindparam("new_epoch"))


async def record_changes(
    tx: Transaction, workspace_id: str, rev: int, made: Sequence[Change], *, user_id: str | None, at: int
) -> None:
    """Write down what `tx` changes, once for each revision that it takes; `at` in milliseconds."""
    same = {"workspace_id": workspace_id, "rev": rev, "user_id": user_id, "at": at}
    rows = [
        {**same, "position": position, "kind": one.kind, "op": one.op, "entity_id": one.entity_id}
        for position, one in enumerate(made)
    ]
    if rows:
        await tx.conn.execute(_INSERT, rows)


async def read_changes(conn: AsyncConnection, access: WorkspaceAccess, cursor: Cursor | None, *, limit: int) -> Page:
    """Up to `limit` changes from `cursor` on. Without one: none, and the cursor of this moment, to go on from a list that is read now.

    What is read may not be on the disk yet: `Database.settled` before anybody is shown it. Raises `ResyncNeededError`.
    """
    if cursor is None:
        rev, epoch = (await conn.execute(_HERE, {"workspace_id": access.workspace_id})).one()
        return Page([], Cursor(epoch, rev + 1, 0), more=False)
    bound = {"workspace_id": access.workspace_id, "rev": cursor.rev, "position": cursor.position, "limit": limit + 1}
    rows = (await conn.execute(_PAGE, bound)).all()
    rev, epoch, horizon = rows[0][:3]
    # A cursor from the future: the database was restored from a backup.
    if cursor.epoch != epoch or cursor.rev <= horizon or cursor.rev > rev + 1:
        raise ResyncNeededError("Read everything anew, beginning with a request for changes without a cursor.")
    found = [Recorded(*row[3:]) for row in rows if row[3] is not None]
    items, more = found[:limit], len(found) > limit
    if not items:
        return Page([], cursor, more=False)
    last = items[-1]
    # All of a revision is there at once: when nothing is left, the last one was read to its end.
    return Page(items, Cursor(epoch, last.rev, last.position + 1) if more else Cursor(epoch, last.rev + 1, 0), more)


async def begin_epoch(tx: Transaction) -> None:
    """Void every cursor of every workspace: after a backup was restored, revisions are taken a second time."""
    await tx.conn.execute(_NEW_EPOCH, {"new_epoch": new_id()})
