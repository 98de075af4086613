"""What one part tells the others after a commit. Each event is small, and a hint: the database stays the truth."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Final, get_args


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


@dataclass(frozen=True, slots=True)
class EventsMissed:
    """Events of other servers may have been lost: what was concluded from hearing nothing is to be looked at again."""


Event = SessionEnded | MembershipChanged | DocumentsRemoved | WorkspaceRemoved | ProfileChanged | EventsMissed

_KINDS: Final = {kind.__name__: kind for kind in get_args(Event)}


def encode_event(event: Event) -> bytes:
    """`event` as JSON: its kind and its fields."""
    return json.dumps({"kind": type(event).__name__, **asdict(event)}, separators=(",", ":")).encode()


def decode_event(data: bytes) -> Event | None:
    """The event that `data` carries; None for one that this version does not know, as while servers of two versions run.

    Fields that this version does not know are left out.
    """
    try:
        said = json.loads(data)
        kind = _KINDS[said["kind"]]
        known = {
            field.name: tuple(said[field.name]) if isinstance(said[field.name], list) else said[field.name]
            for field in fields(kind)
            if field.name in said
        }
        event: Event = kind(**known)
    except (ValueError, KeyError, TypeError):
        return None
    return event
