"""The embedded identity: accounts in our own database, tokens signed with our own secret."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv6Address, ip_address
from typing import Final, cast

from mdreader.db.engine import Database
from mdreader.features.accounts import keys
from mdreader.features.accounts.key_uses import KeyUses
from mdreader.features.accounts.oidc.client import ProviderClient
from mdreader.features.accounts.oidc.providers import Provider
from mdreader.features.accounts.passwords import Passwords
from mdreader.features.accounts.sessions import SessionCache
from mdreader.features.accounts.tokens import OPERATOR_PREFIX, AccessClaims, Tokens
from mdreader.kernel.actor import Actor
from mdreader.kernel.background import in_background
from mdreader.kernel.clock import Clock
from mdreader.kernel.errors import UnauthenticatedError
from mdreader.ports.fanout import Fanout
from mdreader.runtime import Runtime

# Verified access tokens whose signature need not be computed again, at about 900 bytes each.
REMEMBERED_TOKENS: Final = 10_000


class EmbeddedIdentity:
    """What the embedded accounts keep for as long as the server runs; see `running`."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        secret: bytes,
        passwords: Passwords | None = None,
        providers: Sequence[Provider] = (),
    ) -> None:
        self.providers = {provider.id: ProviderClient(provider) for provider in providers}
        self.tokens = Tokens(secret)
        self.passwords = passwords or Passwords()
        self.sessions = SessionCache(database, clock)
        self.key_uses = KeyUses(database)
        self._clock = clock
        self._verified: dict[str, AccessClaims] = {}

    @asynccontextmanager
    async def running(self, fanout: Fanout) -> AsyncIterator["EmbeddedIdentity"]:
        """Listen for sessions that end and write the uses of keys; at the end write the last ones and stop the threads."""
        unsubscribe = fanout.subscribe(self.sessions.on_event)
        try:
            async with in_background(self.key_uses.run()):
                yield self
        finally:
            unsubscribe()
            self.passwords.close()

    async def authenticate(self, token: str, *, peer: str) -> Actor:
        """Who holds `token`; see `ports.identity.Identity`."""
        claims = self._verified.get(token)
        if claims is None:
            if token.startswith(keys.PREFIX):
                return await self._by_key(token)
            if token.startswith(OPERATOR_PREFIX):
                return await self._by_operator(token, peer)
            claims = self.tokens.read_access(token, self._clock.now())
            self._verified[token] = claims
            if len(self._verified) > REMEMBERED_TOKENS:
                del self._verified[next(iter(self._verified))]
        elif not claims.holds(self._clock.now()):
            del self._verified[token]
            raise UnauthenticatedError("The access token has expired.")
        actor = await self.sessions.by_session(claims.session_id, claims.user_id)
        if actor is None:
            raise UnauthenticatedError("The session is over. Log in again.")
        return actor

    async def _by_key(self, key: str) -> Actor:
        actor = await self.sessions.by_key(keys.digest(key)) if keys.is_well_formed(key) else None
        if actor is None or actor.key_id is None:
            raise UnauthenticatedError("The API key is mistyped, unknown or revoked.")
        self.key_uses.note(actor.key_id, self._clock.now())
        return actor

    async def _by_operator(self, token: str, peer: str) -> Actor:
        if not is_loopback(peer):
            raise UnauthenticatedError("An operator's token holds on the server's own machine alone.")
        actor = await self.sessions.by_user(self.tokens.read_operator(token, self._clock.now()))
        if actor is None:
            raise UnauthenticatedError("There is no such user.")
        return actor


def identity_of(runtime: Runtime) -> EmbeddedIdentity:
    """The embedded identity behind the runtime's port, for the routes that it alone has: sign-up, log-in, keys."""
    return cast("EmbeddedIdentity", runtime.identity)


def is_loopback(address: str) -> bool:
    """Whether `address` is this machine's own; IPv4 inside IPv6 counts, a name or nothing does not."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return parsed.is_loopback
