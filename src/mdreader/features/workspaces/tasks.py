"""What is done for workspaces in the background."""

from typing import Final

from sqlalchemy import bindparam, delete, select, update

from mdreader.features.workspaces.tables import changes, workspaces
from mdreader.jobs.context import JobContext
from mdreader.jobs.registry import Payload, Registry, Schedule
from mdreader.runtime import Runtime

PRUNE: Final = "changes.prune"
KEEP_DAYS: Final = 90
# What one transaction looks at: everybody's keystrokes wait for it.
CHUNK: Final = 1000
_WORKSPACES: Final = 100
_DAY: Final = 24 * 3600 * 1000

_FIRST_AT: Final = (
    select(changes.c.at)
    .where(changes.c.workspace_id == workspaces.c.id)
    .order_by(changes.c.rev, changes.c.position)
    .limit(1)
    .scalar_subquery()
)
_NEXT: Final = (
    select(workspaces.c.id, _FIRST_AT.label("first_at"))
    .where(workspaces.c.id > bindparam("after"))
    .order_by(workspaces.c.id)
    .limit(_WORKSPACES)
)
_HOLD: Final = select(workspaces.c.id).where(workspaces.c.id == bindparam("of")).with_for_update(key_share=True)
_OLDEST: Final = (
    select(changes.c.rev, changes.c.at)
    .where(changes.c.workspace_id == bindparam("of"))
    .order_by(changes.c.rev, changes.c.position)
    .limit(bindparam("limit"))
)
_DELETE: Final = delete(changes).where(changes.c.workspace_id == bindparam("of"), changes.c.rev <= bindparam("to"))
_MOVE: Final = update(workspaces).where(workspaces.c.id == bindparam("of")).values(horizon=bindparam("to"))


def register(registry: Registry[Runtime]) -> None:
    """What workspaces have done."""
    registry.add(PRUNE, prune_changes, max_attempts=3)
    registry.repeat(Schedule("changes.prune", PRUNE, daily_at="03:40"))


async def prune_changes(ctx: JobContext[Runtime], _payload: Payload) -> None:
    """Forget changes that are older than `KEEP_DAYS`, workspace by workspace, and move the horizon behind which cursors are void."""
    before = ctx.now() - KEEP_DAYS * _DAY
    after = str((ctx.checkpoint_data or {}).get("after", ""))
    deleted = 0
    while True:
        async with ctx.runtime.database.read() as conn:
            rows = (await conn.execute(_NEXT, {"after": after})).all()
        for workspace_id, first_at in rows:
            more = first_at is not None and first_at < before
            while more:
                gone, more = await _prune(ctx, workspace_id, before)
                deleted += gone
                ctx.progress(deleted)
        if len(rows) < _WORKSPACES:
            return
        after = rows[-1].id
        await ctx.checkpoint({"after": after})


async def _prune(ctx: JobContext[Runtime], workspace_id: str, before: int) -> tuple[int, bool]:
    """Delete the oldest changes of a workspace, whole revisions of them; how many, and whether there may be more."""
    async with ctx.write() as tx:
        await tx.conn.execute(_HOLD, {"of": workspace_id})
        rows = (await tx.conn.execute(_OLDEST, {"of": workspace_id, "limit": CHUNK})).all()
        # Up to the first that is to stay. Times may go back when a clock is set; revisions never do.
        kept = next((row.rev for row in rows if row.at >= before), None)
        to = kept - 1 if kept is not None else rows[-1].rev if rows else 0
        if not rows or to < rows[0].rev:
            return 0, False
        await tx.conn.execute(_MOVE, {"of": workspace_id, "to": to})
        gone = (await tx.conn.execute(_DELETE, {"of": workspace_id, "to": to})).rowcount
        return gone, len(rows) == CHUNK and kept is None
