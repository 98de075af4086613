"""What workspaces ask of the database. Instants in milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, delete, false, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.accounts.people import PEOPLE
from mdreader.features.workspaces.access import Role, WorkspaceAccess
from mdreader.features.workspaces.tables import memberships, workspaces


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace as one of its members sees it; `role` is theirs."""

    id: str
    name: str
    role: Role
    created_at: int
    deleted_at: int | None


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a workspace."""

    user_id: str
    name: str
    email: str
    role: Role


_WORKSPACE: Final = (
    select(workspaces.c.id, workspaces.c.name, memberships.c.role, workspaces.c.created_at, workspaces.c.deleted_at)
    .join(memberships, memberships.c.workspace_id == workspaces.c.id)
    .where(memberships.c.user_id == bindparam("user_id"))
)
_ONE: Final = _WORKSPACE.where(workspaces.c.id == bindparam("workspace_id"))
_HERE: Final = _WORKSPACE.where(workspaces.c.away.is_(false()))
_LIVE: Final = _HERE.where(workspaces.c.deleted_at.is_(None)).order_by(workspaces.c.name, workspaces.c.id)
_DELETED: Final = _HERE.where(workspaces.c.deleted_at.is_not(None), memberships.c.role == "owner").order_by(
    workspaces.c.deleted_at.desc(), workspaces.c.id
)
_MEMBERS: Final = (
    select(memberships.c.user_id, PEOPLE.c.name, PEOPLE.c.email, memberships.c.role)
    .join(PEOPLE, PEOPLE.c.id == memberships.c.user_id)
    .where(memberships.c.workspace_id == bindparam("workspace_id"))
)
_ALL_MEMBERS: Final = _MEMBERS.order_by(memberships.c.created_at, memberships.c.user_id)
_ONE_MEMBER: Final = _MEMBERS.where(memberships.c.user_id == bindparam("user_id"))
_OWNERS: Final = select(func.count()).where(
    memberships.c.workspace_id == bindparam("workspace_id"), memberships.c.role == "owner"
)


async def insert_workspace(
    tx: Transaction, *, workspace_id: str, name: str, user_id: str, now: int, cell: str | None
) -> None:
    """Store a new workspace, without members. `cell` is the one that it is made in, if there are cells."""
    row = {"id": workspace_id, "name": name, "rev": 0, "created_at": now, "created_by": user_id, "cell": cell}
    await tx.conn.execute(insert(workspaces).values(row))


async def list_workspaces(conn: AsyncConnection, user_id: str) -> Sequence[Workspace]:
    """The workspaces that a person belongs to, by name."""
    return [Workspace(*row) for row in await conn.execute(_LIVE, {"user_id": user_id})]


async def list_deleted(conn: AsyncConnection, user_id: str) -> Sequence[Workspace]:
    """The deleted workspaces that a person may restore, the newest deletion first."""
    return [Workspace(*row) for row in await conn.execute(_DELETED, {"user_id": user_id})]


async def get_workspace(conn: AsyncConnection, access: WorkspaceAccess) -> Workspace:
    """The workspace, deleted or not."""
    row = (await conn.execute(_ONE, {"user_id": access.user_id, "workspace_id": access.workspace_id})).one()
    return Workspace(*row)


async def rename_workspace(tx: Transaction, access: WorkspaceAccess, name: str) -> None:
    """Change the name."""
    await tx.conn.execute(update(workspaces).where(workspaces.c.id == access.workspace_id).values(name=name))


async def set_deleted(tx: Transaction, access: WorkspaceAccess, at: int | None) -> None:
    """Delete the workspace, or restore it with None."""
    await tx.conn.execute(update(workspaces).where(workspaces.c.id == access.workspace_id).values(deleted_at=at))


async def list_members(conn: AsyncConnection, access: WorkspaceAccess) -> Sequence[Member]:
    """Who belongs to the workspace, the longest first."""
    return [Member(*row) for row in await conn.execute(_ALL_MEMBERS, {"workspace_id": access.workspace_id})]


async def get_member(conn: AsyncConnection, access: WorkspaceAccess, user_id: str) -> Member | None:
    """One member."""
    found = await conn.execute(_ONE_MEMBER, {"workspace_id": access.workspace_id, "user_id": user_id})
    row = found.one_or_none()
    return None if row is None else Member(*row)


async def count_owners(conn: AsyncConnection, access: WorkspaceAccess) -> int:
    """How many owners there are."""
    return int((await conn.execute(_OWNERS, {"workspace_id": access.workspace_id})).scalar_one())


async def insert_member(tx: Transaction, workspace_id: str, *, user_id: str, role: Role, now: int) -> None:
    """Let a person in. Takes an id instead of an access, as the first member comes before there can be one."""
    row = {"workspace_id": workspace_id, "user_id": user_id, "role": role, "created_at": now}
    await tx.conn.execute(insert(memberships).values(row))


async def set_role(tx: Transaction, access: WorkspaceAccess, user_id: str, role: Role) -> None:
    """Give a member another role."""
    own = (memberships.c.workspace_id == access.workspace_id, memberships.c.user_id == user_id)
    await tx.conn.execute(update(memberships).where(*own).values(role=role))


async def delete_member(tx: Transaction, access: WorkspaceAccess, user_id: str) -> None:
    """Take a member out."""
    own = (memberships.c.workspace_id == access.workspace_id, memberships.c.user_id == user_id)
    await tx.conn.execute(delete(memberships).where(*own))
