"""What workspaces say and hear over HTTP."""

from pydantic import BaseModel, Field

from mdreader.features.accounts.schemas import Email, Name
from mdreader.features.workspaces.access import Role


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
