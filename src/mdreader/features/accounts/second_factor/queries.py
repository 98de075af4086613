"""What the second factor asks of the database."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.accounts.tables import recovery_codes, totp_secrets


class StoredSecret(NamedTuple):
    """An authenticator app's secret, encrypted; `confirmed_at` is None until its first code was shown."""

    secret: bytes
    last_step: int
    confirmed_at: int | None


async def is_enabled(conn: AsyncConnection, user_id: str) -> bool:
    """Whether signing in asks for a code."""
    statement = select(totp_secrets.c.user_id).where(
        totp_secrets.c.user_id == user_id, totp_secrets.c.confirmed_at.is_not(None)
    )
    return (await conn.execute(statement)).first() is not None


async def read_secret(conn: AsyncConnection, user_id: str) -> StoredSecret | None:
    """The secret, confirmed or not."""
    columns = totp_secrets.c
    statement = select(columns.secret, columns.last_step, columns.confirmed_at).where(columns.user_id == user_id)
    row = (await conn.execute(statement)).one_or_none()
    return None if row is None else StoredSecret(*row)


async def begin(tx: Transaction, user_id: str, secret: bytes, now: int) -> None:
    """Put a secret that is not confirmed yet in the place of an earlier such one."""
    await forget(tx, user_id)
    await tx.conn.execute(insert(totp_secrets).values(user_id=user_id, secret=secret, created_at=now))


async def use_step(tx: Transaction, user_id: str, step: int) -> bool:
    """Note that the code of `step` was used; False when it or a later one was before: a code works once."""
    result = await tx.conn.execute(
        update(totp_secrets)
        .where(totp_secrets.c.user_id == user_id, totp_secrets.c.last_step < step)
        .values(last_step=step)
    )
    return result.rowcount == 1


async def confirm(tx: Transaction, user_id: str, now: int) -> None:
    """From now on signing in asks for a code."""
    await tx.conn.execute(update(totp_secrets).where(totp_secrets.c.user_id == user_id).values(confirmed_at=now))


async def forget(tx: Transaction, user_id: str) -> None:
    """Delete the secret and the recovery codes."""
    await tx.conn.execute(delete(totp_secrets).where(totp_secrets.c.user_id == user_id))
    await tx.conn.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))


async def replace_recovery_codes(tx: Transaction, user_id: str, hashes: Iterable[bytes]) -> None:
    """The old codes end."""
    await tx.conn.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    await tx.conn.execute(insert(recovery_codes), [{"user_id": user_id, "hash": digest} for digest in hashes])


async def use_recovery_code(tx: Transaction, user_id: str, digest: bytes) -> bool:
    """Use up a code; False when there is no such one (any more)."""
    result = await tx.conn.execute(
        delete(recovery_codes).where(recovery_codes.c.user_id == user_id, recovery_codes.c.hash == digest)
    )
    return result.rowcount == 1


async def count_recovery_codes(conn: AsyncConnection, user_id: str) -> int:
    """How many are left."""
    statement = select(func.count()).where(recovery_codes.c.user_id == user_id)
    return int((await conn.execute(statement)).scalar_one())
