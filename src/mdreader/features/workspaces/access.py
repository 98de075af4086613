"""The one permission gate.

Every query about a workspace takes a `WorkspaceAccess`, and only the gate makes one: what has not been through it cannot be asked
for. A stranger to a workspace learns nothing of it (404); a member who lacks the right is told so (403).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Literal, get_args

from sqlalchemy import ColumnElement, Select, bindparam, false, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import has_company
from mdreader.features.workspaces.tables import memberships, workspaces
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import ForbiddenError, NotFoundError
from mdreader.kernel.ids import is_id

Role = Literal["owner", "editor", "commenter", "viewer"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)


class Right(IntEnum):
    """What one may do; each includes those below it."""

    READ = 1  # read documents, see who else is a member
    COMMENT = 2  # comment on documents
    WRITE = 3  # make, edit, move, delete and restore documents
    MANAGE = 4  # rename the workspace, add and remove members, change their roles
    OWN = 5  # delete and restore the workspace


RIGHTS: Final[dict[Role, Right]] = {
    "viewer": Right.READ,
    "commenter": Right.COMMENT,
    "editor": Right.WRITE,
    "owner": Right.OWN,
}


@dataclass(frozen=True, slots=True)
class WorkspaceAccess:
    """That `user_id` may do up to `right` in the workspace. Made by the gate alone."""

    workspace_id: str
    user_id: str
    role: Role
    right: Right

    def allows(self, right: Right) -> bool:
        """Whether `right` is included."""
        return self.right >= right


# To join on `membership.c.workspace_id`, so that a feature's own statement answers "what, and may they" at once. It has a row
# for each workspace that is here, not deleted, and that the user bound as `actor_id` belongs to.
MEMBERSHIP: Final = (
    select(memberships.c.workspace_id, memberships.c.role)
    .join(workspaces, workspaces.c.id == memberships.c.workspace_id)
    .where(
        memberships.c.user_id == bindparam("actor_id"),
        workspaces.c.deleted_at.is_(None),
        workspaces.c.away.is_(false()),
    )
    .subquery("membership")
)

# The same of many people at once, with `user_id` beside the role.
MEMBERSHIPS: Final = (
    select(memberships.c.workspace_id, memberships.c.user_id, memberships.c.role)
    .join(workspaces, workspaces.c.id == memberships.c.workspace_id)
    .where(workspaces.c.deleted_at.is_(None), workspaces.c.away.is_(false()))
    .subquery("memberships_now")
)

# What the user bound as `actor_id` belonged to when it went to another cell, and which one that is.
AWAY: Final = (
    select(memberships.c.workspace_id, workspaces.c.cell)
    .join(workspaces, workspaces.c.id == memberships.c.workspace_id)
    .where(
        memberships.c.user_id == bindparam("actor_id"),
        workspaces.c.deleted_at.is_(None),
        workspaces.c.away.is_(true()),
    )
    .subquery("away")
)

_ROLE: Final = select(MEMBERSHIP.c.role).where(MEMBERSHIP.c.workspace_id == bindparam("workspace_id"))


def hold(workspace_id: ColumnElement[str]) -> Select[Any]:
    """Locks a workspace as a change of it does. The gate of a write transaction does that first, where transactions run side by side.

    A right that is taken away then waits for what was begun with it, or the gate for that; `take_rev` holds the same lock later on.
    """
    return select(workspaces.c.id).where(workspaces.c.id == workspace_id).with_for_update(key_share=True)


_HOLD: Final = hold(bindparam("workspace_id"))
_ROLE_EVEN_DELETED: Final = (
    select(memberships.c.role, workspaces.c.deleted_at)
    .join(workspaces, workspaces.c.id == memberships.c.workspace_id)
    .where(
        memberships.c.user_id == bindparam("actor_id"),
        workspaces.c.id == bindparam("workspace_id"),
        workspaces.c.away.is_(false()),
    )
)


def effective_role(actor: Actor, role: Role) -> Role:
    """The role that counts: through a key of scope `read` nobody is more than a viewer."""
    return role if actor.scope == "write" else "viewer"


def grant(actor: Actor, workspace_id: str, role: Role, right: Right) -> WorkspaceAccess:
    """The access of a member with `role`; `ForbiddenError` when it does not include `right`.

    For gates that found the role by joining `MEMBERSHIP`.
    """
    effective = effective_role(actor, role)
    access = WorkspaceAccess(workspace_id, actor.user_id, effective, RIGHTS[effective])
    if not access.allows(right):
        needed = next(name for name in reversed(ROLES) if RIGHTS[name] >= right)
        raise ForbiddenError(f"This needs the role {needed}; here you are {effective}.")
    return access


async def require_workspace(conn: AsyncConnection, actor: Actor, workspace_id: str, right: Right) -> WorkspaceAccess:
    """The access of `actor`, which includes `right`. Raises `NotFoundError` and `ForbiddenError`."""
    role: Role | None = None
    if is_id(workspace_id):
        await _hold(conn, workspace_id)
        role = await conn.scalar(_ROLE, {"actor_id": actor.user_id, "workspace_id": workspace_id})
    if role is None:
        raise NotFoundError("There is no such workspace.")
    return grant(actor, workspace_id, role, right)


async def require_own_workspace(conn: AsyncConnection, actor: Actor, workspace_id: str) -> WorkspaceAccess:
    """The access of an owner, even to a workspace that is deleted; such a one is there for its owners alone."""
    row = None
    if is_id(workspace_id):
        await _hold(conn, workspace_id)
        found = await conn.execute(_ROLE_EVEN_DELETED, {"actor_id": actor.user_id, "workspace_id": workspace_id})
        row = found.one_or_none()
    if row is None or (row.deleted_at is not None and row.role != "owner"):
        raise NotFoundError("There is no such workspace.")
    return grant(actor, workspace_id, row.role, Right.OWN)


async def _hold(conn: AsyncConnection, workspace_id: str) -> None:
    if has_company(conn):
        await conn.execute(_HOLD, {"workspace_id": workspace_id})
