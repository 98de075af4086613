"""What people do with their accounts.

Hashing a password takes some 25 ms of a core. The functions that do it therefore open their transaction themselves, after it: a
request's own transaction would hold the one writer's turn for as long. They commit before they return, so the answer still speaks
of what is on the disk.
"""

from typing import Literal

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.accounts import keys, limits, mails, queries, step_up
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.directory import endings
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
from mdreader.features.accounts.signing_in import (
    Grant,
    SecondStep,
    ask_for_mailed_code,
    end_sessions,
    hold_session,
    needs_mailed_code,
    sign_in,
)
from mdreader.features.accounts.tokens import REFRESH_SECONDS, RefreshToken
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import UnauthenticatedError
from mdreader.kernel.events import ProfileChanged, SessionEnded
from mdreader.kernel.ids import is_id, new_id
from mdreader.runtime import Runtime

MAX_KEYS = 100


async def sign_up(runtime: Runtime, data: SignupIn, client: Client) -> Grant | SecondStep:
    """Make an account and log in. The first one may be made even when sign-up is closed.

    Where addresses must be confirmed, one that is taken is answered like one that is not: its owner gets a mail that says so.
    """
    await limits.count(runtime.rate_limits, limits.SIGNUP_BY_ADDRESS, limits.address_key(client.address))
    await limits.count(runtime.rate_limits, limits.SIGNUP_BY_ACCOUNT, data.email)
    async with runtime.database.read() as conn:
        await check_signup_open(runtime, conn)
    check_policy(data.password, field="password")
    confirmed_first = runtime.policy.email_verification_required
    if confirmed_first:
        await limits.count(runtime.rate_limits, limits.MAILS_BY_ACCOUNT, f"signup:{data.email}")
    password_hash = await identity_of(runtime).passwords.hash(data.password)
    try:
        async with runtime.database.write() as tx:
            # Again, now that nobody else can be first.
            if not runtime.policy.signup_open and not await queries.is_first(tx):
                raise SignupClosedError
            now = runtime.clock.now()
            user = queries.User(new_id(), data.email, data.name, password_hash, now)
            try:
                await queries.insert_user(
                    tx, user_id=user.id, email=user.email, name=user.name, password_hash=password_hash, now=now
                )
            except IntegrityError:
                raise EmailTakenError from None
            return await sign_in(runtime, tx, user, method="signup", client=client)
    except EmailTakenError:
        if not confirmed_first:
            raise
    async with runtime.database.write() as tx:
        await mails.notify(runtime, tx, "email_taken", data.email, client)
        return await ask_for_mailed_code(runtime, tx, user_id=None, email=data.email, method="signup", client=client)


async def check_signup_open(runtime: Runtime, conn: AsyncConnection) -> None:
    """Raise `SignupClosedError` when nobody may sign up. The first account may always be made."""
    if not runtime.policy.signup_open and await queries.has_users(conn):
        raise SignupClosedError


async def log_in(runtime: Runtime, data: LoginIn, client: Client) -> Grant | SecondStep:
    """Begin a session, or ask for a second factor. Unknown addresses are counted, hashed for and answered like wrong passwords."""
    email, address = normalise_email(data.email), limits.address_key(client.address)
    await limits.count(runtime.rate_limits, limits.LOGIN_BY_ADDRESS, address)
    await limits.count(runtime.rate_limits, limits.LOGIN_BY_ACCOUNT, email)
    async with runtime.database.read() as conn:
        user = await queries.user_by_email(conn, email)
    verdict = await identity_of(runtime).passwords.verify(data.password, user and user.password_hash)
    if user is None or not verdict.right:
        raise InvalidCredentialsError
    if needs_mailed_code(runtime, user):
        # Whoever knows a password that opens nothing must not fill the mailbox of the address's owner with it.
        await limits.count(runtime.rate_limits, limits.MAILS_BY_ACCOUNT, f"second_step:{email}")
    async with runtime.database.write() as tx:
        # While the hash was computed the password may have been changed and every session ended: none may begin after that.
        current = await queries.user_by_id(tx.conn, user.id, lock=True)
        if current is None or current.password_hash != user.password_hash:
            raise InvalidCredentialsError
        if verdict.rehashed is not None:
            await queries.replace_password(
                tx, user.id, old_hash=user.password_hash, new_hash=verdict.rehashed, now=runtime.clock.now()
            )
        result = await sign_in(runtime, tx, current, method="password", client=client)
    # By address only failures count; the account's failures are forgotten.
    await runtime.rate_limits.refund(limits.LOGIN_BY_ADDRESS, address)
    await runtime.rate_limits.reset(limits.LOGIN_BY_ACCOUNT, email)
    return result


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
        await endings.end_there(runtime, tx, [session_id])
        tx.after_commit(lambda: runtime.fanout.publish(SessionEnded(session_ids=(session_id,))))


async def change_password(runtime: Runtime, actor: Actor, data: PasswordIn, client: Client) -> None:
    """Change the password and end every other session. Guessing the current one counts like guessing at log-in.

    An account that has none, or only one that its owner never showed, gets its first with a sign-in of just now.
    """
    check_policy(data.new_password, field="new_password")
    async with runtime.database.read() as conn:
        user = await read_profile(conn, actor)
    passwords = identity_of(runtime).passwords
    guessed = user.has_password or data.current_password is not None
    if guessed:
        await limits.count(runtime.rate_limits, limits.LOGIN_BY_ACCOUNT, actor.email)
        if not (await passwords.verify(data.current_password or "", user.password_hash or None)).right:
            raise WrongPasswordError
    else:
        await step_up.require(runtime, actor, None)
    new_hash, now = await passwords.hash(data.new_password), runtime.clock.now()
    async with runtime.database.write() as tx:
        current = await hold_session(runtime, tx, actor)
        # What was shown must still be what opens the account: an address that was claimed meanwhile makes a password doubtful.
        if (current.password_hash, current.password_unproven) != (user.password_hash, user.password_unproven):
            raise WrongPasswordError
        await queries.replace_password(tx, user.id, old_hash=user.password_hash, new_hash=new_hash, now=now)
        await queries.prove_password(tx, user.id)
        await end_sessions(runtime, tx, user.id, keep=actor.session_id)
        await mails.notify(runtime, tx, "password_changed", user.email, client)
    if guessed:  # this one is taken back; what others have guessed stays counted
        await runtime.rate_limits.refund(limits.LOGIN_BY_ACCOUNT, actor.email)


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
    runtime: Runtime, actor: Actor, *, name: str, scope: Literal["read", "write"], password: str | None
) -> tuple[queries.StoredKey, str]:
    """Make an API key, with a sign-in of just now or the password; the key itself is answered here and nowhere else again."""
    await step_up.require(runtime, actor, password)
    key, now = keys.new_key(), runtime.clock.now()
    stored = queries.StoredKey(new_id(), name, scope, key[: keys.SHOWN_CHARACTERS], now, None)
    async with runtime.database.write() as tx:
        await hold_session(runtime, tx, actor)
        if await queries.count_keys(tx.conn, actor.user_id) >= MAX_KEYS:
            raise TooManyKeysError
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
