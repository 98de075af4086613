"""What accounts ask of the database. Instants in milliseconds."""

import secrets
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from sqlalchemy import and_, bindparam, delete, func, insert, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.accounts.tables import api_keys, identities, passkeys, sessions, users

# Sessions of a directory's own tokens. Those that were ended are kept until the last of these tokens has expired: as long as a
# sign-in there can be renewed, which a pool's settings say and at most allow for ten years.
DIRECTORY: Final = "directory"
DIRECTORY_SIGN_IN: Final = 3650 * 24 * 3600 * 1000


class User(NamedTuple):
    """An account."""

    id: str
    email: str
    name: str
    password_hash: str
    created_at: int
    email_verified_at: int | None = None
    password_unproven: bool = False
    is_operator: bool = False

    @property
    def has_password(self) -> bool:
        """Whether the person who owns the address is known to have set a password."""
        return self.password_hash != "" and not self.password_unproven


class LiveSession(NamedTuple):
    """A session that neither ended nor expired, with whose it is."""

    user_id: str
    expires_at: int
    name: str
    email: str


class LiveKey(NamedTuple):
    """An API key that was not revoked, with whose it is: `name` is its owner's."""

    id: str
    user_id: str
    scope: Literal["read", "write"]
    name: str
    email: str


class StoredKey(NamedTuple):
    """An API key as its owner sees it."""

    id: str
    name: str
    scope: Literal["read", "write"]
    prefix: str
    created_at: int
    last_used_at: int | None


# Built once: making a statement costs more than running it on a small table.
_USER = select(
    users.c.id,
    users.c.email,
    users.c.name,
    users.c.password_hash,
    users.c.created_at,
    users.c.email_verified_at,
    users.c.password_unproven,
    users.c.is_operator,
)
_USER_BY_EMAIL = _USER.where(users.c.email == bindparam("email"))
_USER_BY_ID = _USER.where(users.c.id == bindparam("user_id"))
# Whoever has the person's row is the only one who signs them in or ends their sessions; rows that point to it may come meanwhile.
_LOCKED_BY_EMAIL = _USER_BY_EMAIL.with_for_update(key_share=True)
_LOCKED_BY_ID = _USER_BY_ID.with_for_update(key_share=True)
_ANY_USER = select(users.c.id).limit(1)
_LIVE_SESSION = (
    select(sessions.c.user_id, sessions.c.expires_at, users.c.name, users.c.email)
    .join(users, users.c.id == sessions.c.user_id)
    .where(
        sessions.c.id == bindparam("session_id"),
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > bindparam("now"),
    )
)
_ROTATE = (
    update(sessions)
    .where(
        sessions.c.id == bindparam("of_session"),
        sessions.c.refresh_hash == bindparam("old_hash"),
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > bindparam("now"),
    )
    .values(refresh_hash=bindparam("new_hash"), last_used_at=bindparam("now"), expires_at=bindparam("new_expiry"))
)
_LIVE_KEY = (
    select(api_keys.c.id, api_keys.c.user_id, api_keys.c.scope, users.c.name, users.c.email)
    .join(users, users.c.id == api_keys.c.user_id)
    .where(api_keys.c.hash == bindparam("hash"), api_keys.c.revoked_at.is_(None))
)


async def user_by_email(conn: AsyncConnection, email: str, *, lock: bool = False) -> User | None:
    """The account with this address; `lock` as in `user_by_id`."""
    row = (await conn.execute(_LOCKED_BY_EMAIL if lock else _USER_BY_EMAIL, {"email": email})).one_or_none()
    return None if row is None else User(*row)


async def user_by_id(conn: AsyncConnection, user_id: str, *, lock: bool = False) -> User | None:
    """The account with this id. With `lock`, in a write transaction, nobody else signs in to it or ends its sessions before the end.

    The account is locked before anything of it (challenges, sessions, passkeys, identities), so that no two wait for each other.
    """
    row = (await conn.execute(_LOCKED_BY_ID if lock else _USER_BY_ID, {"user_id": user_id})).one_or_none()
    return None if row is None else User(*row)


async def has_users(conn: AsyncConnection) -> bool:
    """Whether anybody signed up yet."""
    return (await conn.execute(_ANY_USER)).first() is not None


async def is_first(tx: Transaction) -> bool:
    """Whether nobody signed up yet; then nobody else does before this transaction ends."""
    if await has_users(tx.conn):
        return False
    await tx.take_turn("first account")
    return not await has_users(tx.conn)


async def insert_user(
    tx: Transaction,
    *,
    user_id: str,
    email: str,
    name: str,
    password_hash: str,
    now: int,
    email_verified_at: int | None = None,
) -> None:
    """The first account ever is the operator's. Raises `IntegrityError` when the address is taken."""
    first = await is_first(tx)
    row = {
        "is_operator": first,
        "id": user_id,
        "email": email,
        "name": name,
        "password_hash": password_hash,
        "created_at": now,
        "updated_at": now,
        "email_verified_at": email_verified_at,
    }
    await tx.conn.execute(insert(users).values(row))


async def replace_password(tx: Transaction, user_id: str, *, old_hash: str, new_hash: str, now: int) -> bool:
    """Put `new_hash` where `old_hash` still stands; False when somebody else changed it meanwhile."""
    result = await tx.conn.execute(
        update(users)
        .where(users.c.id == user_id, users.c.password_hash == old_hash)
        .values(password_hash=new_hash, updated_at=now)
    )
    return result.rowcount == 1


async def confirm_address(tx: Transaction, user_id: str, now: int) -> None:
    """The person showed that the account's address is theirs; the first time counts."""
    await tx.conn.execute(
        update(users).where(users.c.id == user_id, users.c.email_verified_at.is_(None)).values(email_verified_at=now)
    )


async def change_address(tx: Transaction, user_id: str, email: str, now: int) -> None:
    """The account goes by another address, which is confirmed. Raises `IntegrityError` when somebody has it."""
    values = {"email": email, "email_verified_at": now, "updated_at": now}
    await tx.conn.execute(update(users).where(users.c.id == user_id).values(values))


async def doubt_password(tx: Transaction, user_id: str) -> None:
    """The password, if there is one, may have been set by somebody who does not own the address."""
    await tx.conn.execute(
        update(users).where(users.c.id == user_id, users.c.password_hash != "").values(password_unproven=True)
    )


async def prove_password(tx: Transaction, user_id: str) -> None:
    """The password is known to be that of the address's owner."""
    await tx.conn.execute(update(users).where(users.c.id == user_id).values(password_unproven=False))


async def forget_other_ways_in(tx: Transaction, user_id: str) -> None:
    """Delete passkeys and linked identities."""
    await tx.conn.execute(delete(passkeys).where(passkeys.c.user_id == user_id))
    await tx.conn.execute(delete(identities).where(identities.c.user_id == user_id))


async def revoke_keys(tx: Transaction, user_id: str, now: int) -> tuple[str, ...]:
    """End all API keys of a user; the ids of those that held."""
    result = await tx.conn.execute(
        update(api_keys)
        .where(api_keys.c.user_id == user_id, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(api_keys.c.id)
    )
    return tuple(result.scalars())


async def rename_user(tx: Transaction, user_id: str, name: str, now: int) -> None:
    """Change what a person is called."""
    await tx.conn.execute(update(users).where(users.c.id == user_id).values(name=name, updated_at=now))


async def live_session(conn: AsyncConnection, session_id: str, now: int) -> LiveSession | None:
    """The session with this id, when it is alive at `now`."""
    row = (await conn.execute(_LIVE_SESSION, {"session_id": session_id, "now": now})).one_or_none()
    return None if row is None else LiveSession(*row)


async def hold_session(tx: Transaction, user_id: str, session_id: str, now: int) -> User | None:
    """The account, when this session of it is alive at `now`; then nobody ends it before this transaction ends."""
    user = await user_by_id(tx.conn, user_id, lock=True)
    statement = select(sessions.c.id).where(
        sessions.c.id == session_id,
        sessions.c.user_id == user_id,
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > now,
    )
    held = (await tx.conn.execute(statement.with_for_update())).first()
    return None if held is None else user


async def session_began(conn: AsyncConnection, session_id: str) -> int | None:
    """When somebody signed in with this session."""
    return (await conn.execute(select(sessions.c.created_at).where(sessions.c.id == session_id))).scalar_one_or_none()


async def insert_session(
    tx: Transaction,
    *,
    session_id: str,
    user_id: str,
    refresh_hash: bytes,
    user_agent: str,
    now: int,
    expires_at: int,
    address: str = "",
    method: str = "password",
    began: int | None = None,
) -> None:
    """Begin a session, and forget this user's sessions that are over: nothing can come of their tokens any more.

    Tokens of a directory's sign-in that was ended here may come as long as it renews them there; the row refuses them.
    """
    ended = sessions.c.revoked_at.is_not(None)
    kept = and_(sessions.c.method == DIRECTORY, ended, sessions.c.created_at > now - DIRECTORY_SIGN_IN)
    await tx.conn.execute(
        delete(sessions).where(sessions.c.user_id == user_id, or_(sessions.c.expires_at <= now, ended), not_(kept))
    )
    row = {
        "id": session_id,
        "user_id": user_id,
        "refresh_hash": refresh_hash,
        "user_agent": user_agent,
        "address": address,
        "method": method,
        "created_at": now if began is None else began,
        "last_used_at": now,
        "expires_at": expires_at,
    }
    await tx.conn.execute(insert(sessions).values(row))


async def insert_session_once(
    tx: Transaction, *, session_id: str, user_id: str, method: str, began: int, now: int, expires_at: int
) -> None:
    """Begin a session whose id is known beforehand; one that is there stays. It has no refresh token of ours.

    `began`: when the person signed in, before `now`.
    """
    known = await tx.conn.execute(select(sessions.c.id).where(sessions.c.id == session_id))
    if known.first() is None:
        await insert_session(
            tx,
            session_id=session_id,
            user_id=user_id,
            refresh_hash=secrets.token_bytes(32),  # of nothing
            user_agent="",
            method=method,
            began=began,
            now=now,
            expires_at=expires_at,
        )


async def rotate_refresh(
    tx: Transaction, session_id: str, *, old_hash: bytes, new_hash: bytes, now: int, expires_at: int
) -> bool:
    """Put the new refresh token where the old one is the newest and the session is alive; False when it is not so."""
    values = {
        "of_session": session_id,
        "old_hash": old_hash,
        "new_hash": new_hash,
        "now": now,
        "new_expiry": expires_at,
    }
    return (await tx.conn.execute(_ROTATE, values)).rowcount == 1


async def revoke_session(tx: Transaction, session_id: str, now: int) -> bool:
    """End one session; False when it was over already."""
    result = await tx.conn.execute(
        update(sessions).where(sessions.c.id == session_id, sessions.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    return result.rowcount == 1


async def revoke_other_sessions(tx: Transaction, user_id: str, keep: str | None, now: int) -> tuple[str, ...]:
    """End all sessions of a user but `keep`; the ids of those that were alive."""
    result = await tx.conn.execute(
        update(sessions)
        .where(sessions.c.user_id == user_id, sessions.c.id != (keep or ""), sessions.c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(sessions.c.id)
    )
    return tuple(result.scalars())


async def live_key(conn: AsyncConnection, digest: bytes) -> LiveKey | None:
    """The API key with this hash, when it holds."""
    row = (await conn.execute(_LIVE_KEY, {"hash": digest})).one_or_none()
    return None if row is None else LiveKey(*row)


async def list_keys(conn: AsyncConnection, user_id: str) -> list[StoredKey]:
    """The keys that hold, oldest first."""
    columns = api_keys.c
    statement = (
        select(columns.id, columns.name, columns.scope, columns.prefix, columns.created_at, columns.last_used_at)
        .where(columns.user_id == user_id, columns.revoked_at.is_(None))
        .order_by(columns.created_at, columns.id)
    )
    return [StoredKey(*row) for row in await conn.execute(statement)]


async def count_keys(conn: AsyncConnection, user_id: str) -> int:
    """How many keys hold."""
    statement = select(func.count()).where(api_keys.c.user_id == user_id, api_keys.c.revoked_at.is_(None))
    return int((await conn.execute(statement)).scalar_one())


async def insert_key(
    tx: Transaction, *, key_id: str, user_id: str, name: str, scope: str, prefix: str, digest: bytes, now: int
) -> None:
    """Store a key's hash."""
    row = {
        "id": key_id,
        "user_id": user_id,
        "name": name,
        "scope": scope,
        "prefix": prefix,
        "hash": digest,
        "created_at": now,
    }
    await tx.conn.execute(insert(api_keys).values(row))


async def revoke_key(tx: Transaction, user_id: str, key_id: str, now: int) -> bool:
    """End one of a user's keys; False when there is no such key that holds."""
    result = await tx.conn.execute(
        update(api_keys)
        .where(api_keys.c.id == key_id, api_keys.c.user_id == user_id, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return result.rowcount == 1


async def touch_keys(tx: Transaction, used: Mapping[str, int]) -> None:
    """Note when keys, by id, were used last."""
    statement = update(api_keys).where(api_keys.c.id == bindparam("key_id")).values(last_used_at=bindparam("used_at"))
    await tx.conn.execute(statement, [{"key_id": key_id, "used_at": at} for key_id, at in used.items()])
