"""What people do with workspaces and their members."""

from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.accounts.people import find_by_email
from mdreader.features.workspaces import queries
from mdreader.features.workspaces.access import Role, WorkspaceAccess
from mdreader.features.workspaces.changes import Change, record_changes
from mdreader.features.workspaces.errors import (
    AddressUnconfirmedError,
    AlreadyMemberError,
    LastOwnerError,
    MemberNotFoundError,
    UserNotFoundError,
)
from mdreader.features.workspaces.queries import Member, Workspace
from mdreader.features.workspaces.revisions import take_rev
from mdreader.kernel.actor import Actor
from mdreader.kernel.events import MembershipChanged, WorkspaceRemoved
from mdreader.kernel.ids import new_id
from mdreader.runtime import Runtime

# The job after a workspace was deleted or restored, for whoever keeps something of it outside of the database.
STANDING: Final = "workspaces.standing"


async def create_workspace(runtime: Runtime, tx: Transaction, actor: Actor, name: str) -> Workspace:
    """Make a workspace; who makes it owns it."""
    workspace_id, now = new_id(), runtime.clock.now()
    cells = runtime.policy.cells
    cell = None if cells is None else cells.own
    await queries.insert_workspace(tx, workspace_id=workspace_id, name=name, user_id=actor.user_id, now=now, cell=cell)
    await queries.insert_member(tx, workspace_id, user_id=actor.user_id, role="owner", now=now)
    rev = await take_rev(tx, workspace_id)
    made = [Change("workspace", "create", workspace_id), Change("member", "add", actor.user_id)]
    await record_changes(tx, workspace_id, rev, made, user_id=actor.user_id, at=now)
    return Workspace(workspace_id, name, "owner", now, None)


async def rename_workspace(runtime: Runtime, tx: Transaction, access: WorkspaceAccess, name: str) -> Workspace:
    """Change the name."""
    rev = await take_rev(tx, access.workspace_id)
    await queries.rename_workspace(tx, access, name)
    await _record(runtime, tx, access, rev, Change("workspace", "rename", access.workspace_id))
    return await queries.get_workspace(tx.conn, access)


async def _standing_changed(runtime: Runtime, tx: Transaction, access: WorkspaceAccess) -> None:
    # Without a unique key: a restore while the deletion is being worked through needs a job of its own.
    await runtime.jobs.enqueue(tx, STANDING, {"workspace_id": access.workspace_id})


async def delete_workspace(runtime: Runtime, tx: Transaction, access: WorkspaceAccess) -> None:
    """Put the workspace away for everybody. Its members and documents stay as they are, for when it is restored."""
    rev = await take_rev(tx, access.workspace_id)
    await queries.set_deleted(tx, access, runtime.clock.now())
    await _record(runtime, tx, access, rev, Change("workspace", "delete", access.workspace_id))
    await _standing_changed(runtime, tx, access)
    tx.after_commit(lambda: runtime.fanout.publish(WorkspaceRemoved(workspace_id=access.workspace_id)))


async def restore_workspace(runtime: Runtime, tx: Transaction, access: WorkspaceAccess) -> Workspace:
    """Bring the workspace back; one that is not deleted stays as it is."""
    rev = await take_rev(tx, access.workspace_id)
    found = await queries.get_workspace(tx.conn, access)
    if found.deleted_at is None:
        return found
    await queries.set_deleted(tx, access, None)
    await _record(runtime, tx, access, rev, Change("workspace", "restore", access.workspace_id))
    await _standing_changed(runtime, tx, access)
    return replace(found, deleted_at=None)


async def add_member(runtime: Runtime, tx: Transaction, access: WorkspaceAccess, *, email: str, role: Role) -> Member:
    """Let somebody who has an account in. Raises `UserNotFoundError`, `AddressUnconfirmedError` and `AlreadyMemberError`."""
    rev = await take_rev(tx, access.workspace_id)
    person = await find_by_email(tx.conn, email)
    if person is None:
        raise UserNotFoundError(f"Nobody has an account with the address {email}. Ask them to sign up first.")
    if not person.confirmed and not runtime.mail.kept_here:
        # Anybody can sign up with anybody's address. Where mails are sent, who has it can show that; elsewhere nobody could.
        raise AddressUnconfirmedError
    if await queries.get_member(tx.conn, access, person.id) is not None:
        raise AlreadyMemberError(f"{person.name} is a member already. Change their role instead.")
    await queries.insert_member(tx, access.workspace_id, user_id=person.id, role=role, now=runtime.clock.now())
    await _record(runtime, tx, access, rev, Change("member", "add", person.id))
    _announce(runtime, tx, access, person.id)
    return Member(person.id, person.name, person.email, role)


async def change_role(runtime: Runtime, tx: Transaction, access: WorkspaceAccess, user_id: str, role: Role) -> Member:
    """Give a member another role. Raises `MemberNotFoundError` and `LastOwnerError`."""
    rev = await take_rev(tx, access.workspace_id)
    member = await _member(tx.conn, access, user_id)
    if member.role == role:
        return member
    if member.role == "owner":
        await _check_other_owner(tx.conn, access)
    await queries.set_role(tx, access, user_id, role)
    await _record(runtime, tx, access, rev, Change("member", "change", user_id))
    _announce(runtime, tx, access, user_id)
    return Member(user_id, member.name, member.email, role)


async def remove_member(runtime: Runtime, tx: Transaction, access: WorkspaceAccess, user_id: str) -> None:
    """Take a member out, or leave. Raises `MemberNotFoundError` and `LastOwnerError`."""
    rev = await take_rev(tx, access.workspace_id)
    member = await _member(tx.conn, access, user_id)
    if member.role == "owner":
        await _check_other_owner(tx.conn, access)
    await queries.delete_member(tx, access, user_id)
    await _record(runtime, tx, access, rev, Change("member", "remove", user_id))
    _announce(runtime, tx, access, user_id)


async def _member(conn: AsyncConnection, access: WorkspaceAccess, user_id: str) -> Member:
    member = await queries.get_member(conn, access, user_id)
    if member is None:
        raise MemberNotFoundError
    return member


async def _check_other_owner(conn: AsyncConnection, access: WorkspaceAccess) -> None:
    # Two owners who leave in the same moment take turns: `take_rev` came first.
    if await queries.count_owners(conn, access) < 2:  # noqa: PLR2004 - the one who goes, and another
        raise LastOwnerError("Make somebody else an owner first, or delete the workspace.")


async def _record(runtime: Runtime, tx: Transaction, access: WorkspaceAccess, rev: int, change: Change) -> None:
    await record_changes(tx, access.workspace_id, rev, [change], user_id=access.user_id, at=runtime.clock.now())


def _announce(runtime: Runtime, tx: Transaction, access: WorkspaceAccess, user_id: str) -> None:
    event = MembershipChanged(workspace_id=access.workspace_id, user_id=user_id)
    tx.after_commit(lambda: runtime.fanout.publish(event))
