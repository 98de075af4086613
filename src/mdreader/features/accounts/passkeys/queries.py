"""What passkeys ask of the database."""

from typing import NamedTuple

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.accounts.tables import passkeys


class StoredPasskey(NamedTuple):
    """A passkey as its owner sees it."""

    id: str
    name: str
    created_at: int
    last_used_at: int | None
    synced: bool


class KeptPasskey(NamedTuple):
    """A passkey as it is checked."""

    id: str
    user_id: str
    credential: bytes
    sign_count: int


_STORED = (
    passkeys.c.id,
    passkeys.c.name,
    passkeys.c.created_at,
    passkeys.c.last_used_at,
    passkeys.c.synced,
)


async def list_passkeys(conn: AsyncConnection, user_id: str) -> list[StoredPasskey]:
    """Somebody's passkeys, oldest first."""
    statement = select(*_STORED).where(passkeys.c.user_id == user_id).order_by(passkeys.c.created_at, passkeys.c.id)
    return [StoredPasskey(*row) for row in await conn.execute(statement)]


async def credential_ids(conn: AsyncConnection, user_id: str) -> list[bytes]:
    """What authenticators call somebody's passkeys."""
    rows = await conn.execute(select(passkeys.c.credential_id).where(passkeys.c.user_id == user_id))
    return [bytes(one) for one in rows.scalars()]


async def by_credential(conn: AsyncConnection, credential_id: bytes) -> KeptPasskey | None:
    """The passkey that an authenticator calls so."""
    columns = passkeys.c
    statement = select(columns.id, columns.user_id, columns.credential, columns.sign_count).where(
        columns.credential_id == credential_id
    )
    row = (await conn.execute(statement)).one_or_none()
    return None if row is None else KeptPasskey(row.id, row.user_id, bytes(row.credential), row.sign_count)


async def insert_passkey(
    tx: Transaction,
    stored: StoredPasskey,
    *,
    user_id: str,
    credential_id: bytes,
    credential: bytes,
    sign_count: int,
) -> None:
    """Raises `IntegrityError` when it is known."""
    row = {
        **stored._asdict(),
        "user_id": user_id,
        "credential_id": credential_id,
        "credential": credential,
        "sign_count": sign_count,
    }
    await tx.conn.execute(insert(passkeys).values(row))


async def note_use(
    tx: Transaction, passkey_id: str, *, old_count: int, sign_count: int, synced: bool, now: int
) -> bool:
    """Remember a use; False when the passkey is gone or was used meanwhile."""
    result = await tx.conn.execute(
        update(passkeys)
        .where(passkeys.c.id == passkey_id, passkeys.c.sign_count == old_count)
        .values(sign_count=sign_count, synced=synced, last_used_at=now)
    )
    return result.rowcount == 1


async def rename_passkey(tx: Transaction, user_id: str, passkey_id: str, name: str) -> StoredPasskey | None:
    """Call one of somebody's passkeys otherwise; None when there is no such one."""
    result = await tx.conn.execute(
        update(passkeys)
        .where(passkeys.c.id == passkey_id, passkeys.c.user_id == user_id)
        .values(name=name)
        .returning(*_STORED)
    )
    row = result.one_or_none()
    return None if row is None else StoredPasskey(*row)


async def delete_passkey(tx: Transaction, user_id: str, passkey_id: str) -> bool:
    """Forget one of somebody's passkeys; False when there is no such one."""
    result = await tx.conn.execute(delete(passkeys).where(passkeys.c.id == passkey_id, passkeys.c.user_id == user_id))
    return result.rowcount == 1
