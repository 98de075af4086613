"""Who a request comes from, whatever keeps the accounts."""

from typing import Protocol

from mdreader.kernel.actor import Actor


class Identity(Protocol):
    """Turns a credential into a person."""

    async def authenticate(self, token: str, *, peer: str) -> Actor:
        """Who holds `token`: an access token, an API key or a local operator's token.

        `peer` is the client's address, or empty when a proxy stands between; it matters to an operator's token alone. Raises
        `UnauthenticatedError`. The answer is never older than a second: a session that ended or a key that was revoked by then
        is refused.
        """
        ...
