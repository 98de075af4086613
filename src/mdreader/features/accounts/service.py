"""What people do with their accounts.

Hashing a password takes some 25 ms of a core. The functions that do it therefore open their transaction themselves, after it: a
request's own transaction would hold the one writer's turn for as long. They commit before they return, so the answer still speaks
of what is on the disk.
"""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.accounts import keys, limits, queries
from mdreader.features.accounts.errors import (
    EmailTakenError,
    InvalidCredentialsError,
    InvalidRefreshTokenError,
    KeyNotFoundError,
    SignupClosedError,
    TooManyKeysError,
    WrongPasswordError,
)
from mdreader.features.accounts.identity import identity_of
from mdreader.features.accounts.passwords import check_policy
from mdreader.features.accounts.schemas import LoginIn, PasswordIn, SignupIn, normalise_email
from mdreader.features.accounts.tokens import REFRESH_SECONDS, RefreshToken
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import UnauthenticatedError
from mdreader.kernel.events import ProfileChanged, SessionEnded
from mdreader.kernel.ids import is_id, new_id
from mdreader.runtime import Runtime

MAX_KEYS = 100
USER_AGENT_CHARACTERS = 256


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from."""

    address: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Grant:
    """A session's newest tokens and whose they are."""

    user_id: str
    email: str
    name: str
    session_id: str
    access_token: str
    refresh_token: str


async def sign_up(runtime: Runtime, data: SignupIn, client: Client) -> Grant:
    """Make an account and log in. The first one may be made even when sign-up is closed."""
    await limits.count(runtime.rate_limits, limits.SIGNUP_BY_ADDRESS, limits.address_key(client.address))
    async with runtime.database.read() as conn:
        await _check_signup_open(runtime, conn)
    check_policy(data.password, field="password")
    password_hash = await identity_of(runtime).passwords.hash(data.password)
    user_id, now = new_id(), runtime.clock.now()
    async with runtime.database.write() as tx:
        # Again, now that nobody else can be first.
        await _check_signup_open(runtime, tx.conn)
        try:
            await queries.insert_user(
                tx, user_id=user_id, email=data.email, name=data.name, password_hash=password_hash, now=now
            )
        except IntegrityError:
            raise EmailTakenError from None
        return await _begin_session(runtime, tx, user_id=user_id, email=data.email, name=data.name, client=client)


async def _check_signup_open(runtime: Runtime, conn: AsyncConnection) -> None:
    if not runtime.policy.signup_open and await queries.has_users(conn):
        raise SignupClosedError


async def log_in(runtime: Runtime, data: LoginIn, client: Client) -> Grant:
    """Begin a session. Unknown addresses are counted, hashed for and answered like wrong passwords."""
    email, address = normalise_email(data.email), limits.address_key(client.address)
    await limits.count(runtime.rate_limits, limits.LOGIN_BY_ADDRESS, address)
    await limits.count(runtime.rate_limits, limits.LOGIN_BY_ACCOUNT, email)
    async with runtime.database.read() as conn:
        user = await queries.user_by_email(conn, email)
    verdict = await identity_of(runtime).passwords.verify(data.password, user and user.password_hash)
    if user is None or not verdict.right:
        raise InvalidCredentialsError
    async with runtime.database.write() as tx:
        # While the hash was computed the password may have been changed and every session ended: none may begin after that.
        current = await queries.user_by_id(tx.conn, user.id)
        if current is None or current.password_hash != user.password_hash:
            raise InvalidCredentialsError
        if verdict.rehashed is not None:
            await queries.replace_password(
                tx, user.id, old_hash=user.password_hash, new_hash=verdict.rehashed, now=runtime.clock.now()
            )
        grant = await _begin_session(
            runtime, tx, user_id=user.id, email=current.email, name=current.name, client=client
        )
    # By address only failures count; the account's failures are forgotten.
    await runtime.rate_limits.refund(limits.LOGIN_BY_ADDRESS, address)
    await runtime.rate_limits.reset(limits.LOGIN_BY_ACCOUNT, email)
    return grant


async def _begin_session(
    runtime: Runtime, tx: Transaction, *, user_id: str, email: str, name: str, client: Client
) -> Grant:
    session_id, now = new_id(), runtime.clock.now()
    tokens = identity_of(runtime).tokens
    refresh = tokens.refresh(session_id)
    await queries.insert_session(
        tx,
        session_id=session_id,
        user_id=user_id,
        refresh_hash=refresh.digest,
        user_agent=client.user_agent[:USER_AGENT_CHARACTERS],
        now=now,
        expires_at=now + REFRESH_SECONDS * 1000,
    )
    return Grant(user_id, email, name, session_id, tokens.access(user_id, session_id, now), refresh.text)


async def refresh_session(runtime: Runtime, token: RefreshToken) -> Grant:
    """Exchange the newest refresh token for the next. An older one was copied: then the session ends, which is committed first."""
    now = runtime.clock.now()
    tokens = identity_of(runtime).tokens
    following = tokens.refresh(token.session_id)
    async with runtime.database.write() as tx:
        rotated = await queries.rotate_refresh(
            tx,
            token.session_id,
            old_hash=token.digest,
            new_hash=following.digest,
            now=now,
            expires_at=now + REFRESH_SECONDS * 1000,
        )
        session = await queries.live_session(tx.conn, token.session_id, now)
        if not rotated and session is not None:
            await end_session(runtime, tx, token.session_id)
    if not rotated or session is None:
        raise InvalidRefreshTokenError
    return Grant(
        session.user_id,
        session.email,
        session.name,
        token.session_id,
        tokens.access(session.user_id, token.session_id, now),
        following.text,
    )


async def end_session(runtime: Runtime, tx: Transaction, session_id: str) -> None:
    """End a session now: its tokens no longer hold, its sockets close. One that is over already stays so."""
    if await queries.revoke_session(tx, session_id, runtime.clock.now()):
        tx.after_commit(lambda: runtime.fanout.publish(SessionEnded(session_ids=(session_id,))))


async def change_password(runtime: Runtime, actor: Actor, data: PasswordIn) -> None:
    """Change the password and end every other session. Guessing the current one counts like guessing at log-in."""
    check_policy(data.new_password, field="new_password")
    await limits.count(runtime.rate_limits, limits.LOGIN_BY_ACCOUNT, actor.email)
    async with runtime.database.read() as conn:
        user = await queries.user_by_id(conn, actor.user_id)
    if user is None:
        raise UnauthenticatedError
    passwords = identity_of(runtime).passwords
    if not (await passwords.verify(data.current_password, user.password_hash)).right:
        raise WrongPasswordError
    new_hash, now = await passwords.hash(data.new_password), runtime.clock.now()
    async with runtime.database.write() as tx:
        if not await queries.replace_password(tx, user.id, old_hash=user.password_hash, new_hash=new_hash, now=now):
            raise WrongPasswordError
        ended = await queries.revoke_other_sessions(tx, user.id, actor.session_id, now)
        if ended:
            tx.after_commit(lambda: runtime.fanout.publish(SessionEnded(session_ids=ended)))
    await runtime.rate_limits.reset(limits.LOGIN_BY_ACCOUNT, actor.email)


async def read_profile(conn: AsyncConnection, actor: Actor) -> queries.User:
    """The person who asks."""
    user = await queries.user_by_id(conn, actor.user_id)
    if user is None:
        raise UnauthenticatedError
    return user


async def rename(runtime: Runtime, tx: Transaction, actor: Actor, name: str) -> queries.User:
    """Change what the person who asks is called; those who write with them see it at once."""
    await queries.rename_user(tx, actor.user_id, name, runtime.clock.now())
    tx.after_commit(lambda: runtime.fanout.publish(ProfileChanged(user_id=actor.user_id, name=name)))
    return await read_profile(tx.conn, actor)


async def list_keys(runtime: Runtime, conn: AsyncConnection, actor: Actor) -> list[queries.StoredKey]:
    """The keys of the person who asks that hold."""
    uses = identity_of(runtime).key_uses
    return [
        key._replace(last_used_at=uses.latest(key.id, key.last_used_at))
        for key in await queries.list_keys(conn, actor.user_id)
    ]


async def create_key(
    runtime: Runtime, tx: Transaction, actor: Actor, *, name: str, scope: Literal["read", "write"]
) -> tuple[queries.StoredKey, str]:
    """Make an API key; the key itself is answered here and nowhere else again."""
    if await queries.count_keys(tx.conn, actor.user_id) >= MAX_KEYS:
        raise TooManyKeysError
    key, now = keys.new_key(), runtime.clock.now()
    stored = queries.StoredKey(new_id(), name, scope, key[: keys.SHOWN_CHARACTERS], now, None)
    await queries.insert_key(
        tx,
        key_id=stored.id,
        user_id=actor.user_id,
        name=name,
        scope=scope,
        prefix=stored.prefix,
        digest=keys.digest(key),
        now=now,
    )
    return stored, key


async def revoke_key(runtime: Runtime, tx: Transaction, actor: Actor, key_id: str) -> None:
    """End an API key now, and the sockets that it opened."""
    if not is_id(key_id) or not await queries.revoke_key(tx, actor.user_id, key_id, runtime.clock.now()):
        raise KeyNotFoundError
    tx.after_commit(lambda: runtime.fanout.publish(SessionEnded(key_ids=(key_id,))))
