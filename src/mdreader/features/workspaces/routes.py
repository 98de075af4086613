"""HTTP routes of workspaces and members."""

from typing import Annotated, cast

from fastapi import Query, status

from mdreader.features.accounts.current import CurrentActor
from mdreader.features.workspaces import queries, service
from mdreader.features.workspaces.access import Right, effective_role, require_own_workspace, require_workspace
from mdreader.features.workspaces.changes import Cursor, Recorded, read_changes
from mdreader.features.workspaces.queries import Member, Workspace
from mdreader.features.workspaces.schemas import (
    ChangeOut,
    ChangesOut,
    DeletedWorkspaceOut,
    DeletedWorkspacesOut,
    MemberIn,
    MemberOut,
    MembersOut,
    RoleIn,
    WorkspaceIn,
    WorkspaceOut,
    WorkspacesOut,
)
from mdreader.http.dependencies import ReadDep, RuntimeDep, WriteDep
from mdreader.http.errors import problems
from mdreader.http.routes import make_router
from mdreader.kernel.actor import Actor
from mdreader.kernel.clock import iso
from mdreader.kernel.paging import decode_cursor, encode_cursor

router = make_router("/api/workspaces", "workspaces")

_GONE = problems({404: "No such workspace, or the person who asks does not belong to it."})
_MANAGED = {**_GONE, **problems({403: "Only an owner may do this."})}
_LAST_OWNER = problems({409: "`last_owner`: nobody would be left to manage the workspace."})


def _workspace_out(actor: Actor, found: Workspace) -> WorkspaceOut:
    role = effective_role(actor, found.role)
    return WorkspaceOut(id=found.id, name=found.name, role=role, created_at=iso(found.created_at))


def _member_out(member: Member) -> MemberOut:
    return MemberOut(user_id=member.user_id, name=member.name, email=member.email, role=member.role)


def _change_out(one: Recorded) -> ChangeOut:
    return ChangeOut(kind=one.kind, op=one.op, id=one.entity_id, rev=one.rev, user_id=one.user_id, at=iso(one.at))


@router.get("", operation_id="list_workspaces")
async def list_workspaces(actor: CurrentActor, conn: ReadDep) -> WorkspacesOut:
    """List the workspaces that one belongs to."""
    found = await queries.list_workspaces(conn, actor.user_id)
    return WorkspacesOut(items=[_workspace_out(actor, item) for item in found])


@router.post("", status_code=status.HTTP_201_CREATED, operation_id="create_workspace")
async def create_workspace(body: WorkspaceIn, actor: CurrentActor, runtime: RuntimeDep, tx: WriteDep) -> WorkspaceOut:
    """Make a workspace and own it."""
    return _workspace_out(actor, await service.create_workspace(runtime, tx, actor, body.name))


@router.get("/deleted", operation_id="list_deleted_workspaces")
async def list_deleted_workspaces(actor: CurrentActor, conn: ReadDep) -> DeletedWorkspacesOut:
    """List the deleted workspaces that one may restore."""
    found = await queries.list_deleted(conn, actor.user_id)
    return DeletedWorkspacesOut(
        items=[
            DeletedWorkspaceOut(**_workspace_out(actor, item).model_dump(), deleted_at=iso(item.deleted_at))
            for item in found
            if item.deleted_at is not None
        ]
    )


@router.get("/{workspace_id}", operation_id="get_workspace", responses=_GONE)
async def get_workspace(workspace_id: str, actor: CurrentActor, conn: ReadDep) -> WorkspaceOut:
    """Read a workspace's name and one's role in it."""
    access = await require_workspace(conn, actor, workspace_id, Right.READ)
    return _workspace_out(actor, await queries.get_workspace(conn, access))


@router.patch("/{workspace_id}", operation_id="rename_workspace", responses=_MANAGED)
async def rename_workspace(
    workspace_id: str, body: WorkspaceIn, actor: CurrentActor, runtime: RuntimeDep, tx: WriteDep
) -> WorkspaceOut:
    """Rename a workspace."""
    access = await require_workspace(tx.conn, actor, workspace_id, Right.MANAGE)
    return _workspace_out(actor, await service.rename_workspace(runtime, tx, access, body.name))


@router.delete(
    "/{workspace_id}", status_code=status.HTTP_204_NO_CONTENT, operation_id="delete_workspace", responses=_MANAGED
)
async def delete_workspace(workspace_id: str, actor: CurrentActor, runtime: RuntimeDep, tx: WriteDep) -> None:
    """Delete a workspace for everybody; an owner may restore it."""
    access = await require_workspace(tx.conn, actor, workspace_id, Right.OWN)
    await service.delete_workspace(runtime, tx, access)


@router.post("/{workspace_id}/restore", operation_id="restore_workspace", responses=_MANAGED)
async def restore_workspace(workspace_id: str, actor: CurrentActor, runtime: RuntimeDep, tx: WriteDep) -> WorkspaceOut:
    """Restore a deleted workspace with its documents and members."""
    access = await require_own_workspace(tx.conn, actor, workspace_id)
    return _workspace_out(actor, await service.restore_workspace(runtime, tx, access))


@router.get(
    "/{workspace_id}/changes",
    operation_id="list_changes",
    responses=_GONE | problems({410: "`resync`: the changes since this cursor are not known any more."}),
)
async def list_changes(
    workspace_id: str,
    actor: CurrentActor,
    runtime: RuntimeDep,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the answer before.", max_length=8192)] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Items an answer.")] = 200,
) -> ChangesOut:
    """Read what was changed since a cursor, in order. Without one: nothing, and the cursor of now; take it before a list is read."""
    after = None if cursor is None else Cursor(*cast("tuple[str, int, int]", decode_cursor(cursor, str, int, int)))
    async with runtime.database.read() as conn:
        access = await require_workspace(conn, actor, workspace_id, Right.READ)
        page = await read_changes(conn, access, after, limit=limit)
    # Who has seen a revision must never see another one in its place, after a power cut.
    await runtime.database.settled()
    return ChangesOut(
        items=[_change_out(one) for one in page.items],
        next_cursor=encode_cursor(page.next.epoch, page.next.rev, page.next.position),
        more=page.more,
        epoch=page.next.epoch,
    )


@router.get("/{workspace_id}/members", operation_id="list_members", responses=_GONE)
async def list_members(workspace_id: str, actor: CurrentActor, conn: ReadDep) -> MembersOut:
    """List the members of a workspace."""
    access = await require_workspace(conn, actor, workspace_id, Right.READ)
    return MembersOut(items=[_member_out(member) for member in await queries.list_members(conn, access)])


@router.post(
    "/{workspace_id}/members",
    status_code=status.HTTP_201_CREATED,
    operation_id="add_member",
    responses=_MANAGED
    | problems(
        {
            404: "No such workspace, or `user_not_found`: nobody has an account with this address.",
            409: "`already_member`: change the role instead. `address_unconfirmed`: whoever signed up with it may be anybody.",
        }
    ),
)
async def add_member(
    workspace_id: str, body: MemberIn, actor: CurrentActor, runtime: RuntimeDep, tx: WriteDep
) -> MemberOut:
    """Add somebody who has an account."""
    access = await require_workspace(tx.conn, actor, workspace_id, Right.MANAGE)
    return _member_out(await service.add_member(runtime, tx, access, email=body.email, role=body.role))


@router.patch("/{workspace_id}/members/{user_id}", operation_id="change_role", responses=_MANAGED | _LAST_OWNER)
async def change_role(  # noqa: PLR0917 - FastAPI passes them by name
    workspace_id: str, user_id: str, body: RoleIn, actor: CurrentActor, runtime: RuntimeDep, tx: WriteDep
) -> MemberOut:
    """Change what a member may do; open documents follow within a second."""
    access = await require_workspace(tx.conn, actor, workspace_id, Right.MANAGE)
    return _member_out(await service.change_role(runtime, tx, access, user_id, body.role))


@router.delete(
    "/{workspace_id}/members/{user_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="remove_member",
    responses=_MANAGED | _LAST_OWNER,
)
async def remove_member(
    workspace_id: str, user_id: str, actor: CurrentActor, runtime: RuntimeDep, tx: WriteDep
) -> None:
    """Remove a member, or leave with one's own id."""
    right = Right.READ if user_id == actor.user_id else Right.MANAGE
    access = await require_workspace(tx.conn, actor, workspace_id, right)
    await service.remove_member(runtime, tx, access, user_id)
