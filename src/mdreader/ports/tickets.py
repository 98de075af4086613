"""Single-use tickets: a socket opens with one instead of a token, so that no long-lived secret stands in an address."""

from collections.abc import Collection
from typing import Final, Protocol

from mdreader.kernel.actor import Actor

PREFIX: Final = "mdt_"
TTL_SECONDS: Final = 60
# Open tickets of one person; beyond, the oldest go. More tabs than that do not come back within a minute.
PER_PERSON: Final = 200


class Tickets(Protocol):
    """Tickets of one document each, redeemed once on whichever server it is."""

    async def issue(self, actor: Actor, document_id: str) -> str:
        """A ticket with which `actor` can open a socket on this document once, within `TTL_SECONDS`."""
        ...

    async def redeem(self, ticket: str, document_id: str) -> Actor | None:
        """Who the ticket was given to, once; None when it is unknown, used, expired or for another document.

        `UnavailableError` when that cannot be told now.
        """
        ...

    async def revoke(self, session_ids: Collection[str], key_ids: Collection[str]) -> None:
        """Forget what was issued to sessions or keys that no longer hold: else a ticket would open a socket after a log-out."""
        ...
