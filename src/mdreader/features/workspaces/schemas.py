"""What workspaces say and hear over HTTP."""

from pydantic import BaseModel, Field

from mdreader.features.accounts.schemas import Email, Name
from mdreader.features.workspaces.access import Role
from mdreader.features.workspaces.changes import Kind, Op


class WorkspaceIn(BaseModel):
    """A new workspace, or a new name for one."""

    name: Name


class WorkspaceOut(BaseModel):
    """A workspace as the person who asks sees it."""

    id: str
    name: str
    role: Role = Field(
        description="What the person who asks may do here; through an API key of scope `read` never more than `viewer`."
    )
    created_at: str = Field(description="RFC 3339, UTC.")


class DeletedWorkspaceOut(WorkspaceOut):
    """A workspace that its owner may restore."""

    deleted_at: str = Field(description="RFC 3339, UTC.")


class WorkspacesOut(BaseModel):
    """All workspaces of the person who asks, by name."""

    items: list[WorkspaceOut]


class DeletedWorkspacesOut(BaseModel):
    """Deleted workspaces of which the person who asks is an owner, the newest deletion first."""

    items: list[DeletedWorkspaceOut]


class MemberIn(BaseModel):
    """Somebody who has an account, and what they may do."""

    email: Email
    role: Role


class RoleIn(BaseModel):
    """Another role for a member."""

    role: Role


class MemberOut(BaseModel):
    """A member."""

    user_id: str
    name: str
    email: str
    role: Role


class MembersOut(BaseModel):
    """All members, those who came first first."""

    items: list[MemberOut]


class ChangeOut(BaseModel):
    """One change. What the thing is now, one asks by its `id`; a later change of it may follow."""

    kind: Kind = Field(description="A document, a member (`id` is the user's) or the workspace itself.")
    op: Op
    id: str
    rev: int = Field(description="The workspace's revision; changes that were made together share one.")
    user_id: str | None = Field(description="Who did it, when that is known.")
    at: str = Field(description="RFC 3339, UTC.")


class ChangesOut(BaseModel):
    """Changes in order."""

    items: list[ChangeOut]
    next_cursor: str = Field(description="Where to go on, now or later; there is always one.")
    more: bool = Field(description="Whether there are further changes already.")
    epoch: str = Field(
        description="Another one than before: nothing that was read before holds (410 `resync` says so too)."
    )
