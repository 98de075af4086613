"""Who is asking."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Actor:
    """An authenticated person, with the credential that was used.

    Exactly one of `session_id` and `key_id` is set; a local operator (the CLI on the data folder) has neither.
    `scope` is `read` for a read-only API key: the permission gate then grants no more than a viewer has.
    """

    user_id: str
    name: str
    email: str
    session_id: str | None = None
    key_id: str | None = None
    scope: Literal["read", "write"] = "write"
