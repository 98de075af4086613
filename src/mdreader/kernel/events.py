"""What one part tells the others after a commit. Each event is small, and a hint: the database stays the truth."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """Sessions (log-ins) or API keys that no longer hold; their sockets close."""

    session_ids: tuple[str, ...] = ()
    key_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MembershipChanged:
    """A person's role in a workspace was given, changed or taken away."""

    workspace_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class DocumentsRemoved:
    """Documents that were deleted (tombstones)."""

    document_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkspaceRemoved:
    """A workspace that was deleted."""

    workspace_id: str


@dataclass(frozen=True, slots=True)
class ProfileChanged:
    """A user goes by another name."""

    user_id: str
    name: str


Event = SessionEnded | MembershipChanged | DocumentsRemoved | WorkspaceRemoved | ProfileChanged
