"""Who holds a token, where a directory gives out tokens of its own beside ours."""

import json
from base64 import urlsafe_b64decode
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy.exc import IntegrityError

from mdreader.db.engine import Database
from mdreader.features.accounts import keys, queries
from mdreader.features.accounts.directory import queries as directory_queries
from mdreader.features.accounts.directory.people import admit, links_that_are_over
from mdreader.features.accounts.identity import REMEMBERED_TOKENS, EmbeddedIdentity
from mdreader.features.accounts.tokens import ALGORITHM, OPERATOR_PREFIX
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import UnauthenticatedError
from mdreader.ports.directory import Claims, Directory, DirectoryRefusedError, Profile
from mdreader.runtime import Runtime

# Sessions of the directory's own tokens have ids that are made from these: the same sign-in, the same session.
_NAMESPACE: Final = UUID("6f1d2a52-8c3f-5b1e-9d57-0f2c7a6f4e10")
_HEAD_CHARACTERS: Final = 2048


class DirectoryIdentity(EmbeddedIdentity):
    """Our own sessions and API keys as ever; and access tokens of the directory, each sign-in of which is a session here.

    So that it can be seen and ended like any other: a token that is genuine and not expired is refused from then on.
    """

    def __init__(self, directory: Directory, *, database: Database, **options: Any) -> None:
        super().__init__(database=database, **options)
        self._directory = directory
        self._claims: dict[str, Claims] = {}
        self._runtime: Runtime | None = None

    def serve(self, runtime: Runtime) -> None:
        """Work with the rest of the house, which is put together after the identity."""
        self._runtime = runtime

    async def authenticate(self, token: str, *, peer: str) -> Actor:
        """Who holds `token`; see `ports.identity.Identity`."""
        if token not in self._claims and not _is_of_directory(token):
            return await super().authenticate(token, peer=peer)
        claims = self._claims.get(token)
        if claims is None or not claims.issued_at - 5 <= self._clock.now() / 1000 < claims.expires_at:
            self._claims.pop(token, None)
            claims = await self._directory.tokens.verify(token, "access", self._clock.now())
            self._claims[token] = claims
            if len(self._claims) > REMEMBERED_TOKENS:
                del self._claims[next(iter(self._claims))]
        session_id = str(uuid5(_NAMESPACE, f"{self._directory.issuer} {claims.subject} {claims.family}"))
        actor = await self.sessions.by_session(session_id, None)
        if actor is None:
            await self._begin(claims, token, session_id)
            actor = await self.sessions.by_session(session_id, None)
        if actor is None:
            raise UnauthenticatedError("The session is over. Log in again.")
        return actor

    async def _begin(self, claims: Claims, token: str, session_id: str) -> None:
        """Begin the session of a sign-in that was not seen before, or prolong it for a newer token of the same."""
        assert self._runtime is not None  # noqa: S101 - bootstrap calls `serve`
        runtime, issuer = self._runtime, self._directory.issuer
        async with runtime.database.read() as conn:
            state = await directory_queries.session_state(conn, session_id)
            known = await directory_queries.find(conn, issuer, claims.subject)
        if state is not None and state[1] is not None:
            raise UnauthenticatedError("The session is over. Log in again.")
        expires_at, now = claims.expires_at * 1000, runtime.clock.now()
        if state is not None:
            async with runtime.database.write() as tx:
                await directory_queries.prolong(tx, session_id, now=now, expires_at=expires_at)
            return
        if known is not None and known.valid_after is not None and claims.signed_in_at * 1000 <= known.valid_after:
            raise UnauthenticatedError("The session is over. Log in again.")
        try:
            profile = await self._directory.sessions.profile(token)
        except DirectoryRefusedError as error:
            raise UnauthenticatedError("The session is over. Log in again.") from error
        if profile.subject != claims.subject:
            raise UnauthenticatedError("The token is not its holder's.")
        try:
            await self._admit(runtime, profile, session_id, claims)
        except IntegrityError:  # twice at once; now the account or the session is there
            await self._admit(runtime, profile, session_id, claims)

    async def _admit(self, runtime: Runtime, profile: Profile, session_id: str, claims: Claims) -> None:
        over = await links_that_are_over(runtime, profile.subject, profile.email)
        async with runtime.database.write() as tx:
            user = await admit(runtime, tx, self._directory.issuer, profile, over=over)
            await queries.insert_session_once(
                tx,
                session_id=session_id,
                user_id=user.id,
                method=queries.DIRECTORY,
                # When the person showed something, however old the sign-in is when it is first seen here: step-up asks for that.
                began=claims.signed_in_at * 1000,
                now=runtime.clock.now(),
                expires_at=claims.expires_at * 1000,
            )


def _is_of_directory(token: str) -> bool:
    """Whether somebody else than we has made this token, by what its head says; nothing of it is believed yet."""
    if token.startswith((keys.PREFIX, OPERATOR_PREFIX)):
        return False
    head = token[:_HEAD_CHARACTERS].partition(".")[0]
    try:
        parsed = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError:
        return False
    return isinstance(parsed, dict) and parsed.get("alg") != ALGORITHM
