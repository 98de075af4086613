"""The text of documents as it is now, whether people are typing in it or not.

`documents` stands below live editing and reaches the text through this port.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from mdreader.db.engine import Transaction


@dataclass(frozen=True, slots=True)
class LiveText:
    """A document's text at one committed moment.

    `text` is exact: line ends and byte order mark as they go out. `etag` is the unquoted hash of its UTF-8 bytes; `size` counts those.
    """

    text: str
    etag: str
    size: int
    eol: Literal["lf", "crlf"]
    epoch: str


@dataclass(frozen=True, slots=True)
class Seed:
    """A new document's first text."""

    document_id: str
    text: str


# What is to be written in the same transaction as a text. It may be called again when that transaction could not be committed.
Record = Callable[[Transaction, LiveText], Awaitable[None]]


class LiveDocuments(Protocol):
    """Reads and writes the live text."""

    async def seed(self, tx: Transaction, seeds: Sequence[Seed], user_id: str) -> list[LiveText]:
        """Store the first text of new documents inside the transaction that creates them; answers in the same order."""
        ...

    async def read(self, document_id: str) -> LiveText:
        """The committed text. `NotFoundError` when the document was never seeded."""
        ...

    async def replace(
        self, document_id: str, text: str, *, user_id: str, expected_etag: str | None, record: Record | None = None
    ) -> LiveText:
        """Turn the live text into `text` by a minimal diff, committed and shown to everybody in the room before this returns.

        `PreconditionFailedError` (its `headers` carry the current `ETag`) when `expected_etag` is given and is not the current one.
        `record` runs in the transaction that stores the text, unless nothing had to be stored; when it raises, nothing is.
        """
        ...
