"""What holds once and not for long: links and codes in mails, second steps, ceremonies of passkeys and providers.

A challenge has a token of 256 random bits, stored as SHA-256, and may have a code of six digits, stored as an HMAC with a key of the
server: a million possibilities are tried in no time by somebody with a copy of the database, and in five attempts by nobody.
Each belongs to one purpose, so that none passes for another, and is deleted by its use.
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.db.engine import Transaction
from mdreader.features.accounts.tables import challenges
from mdreader.features.accounts.tokens import derive_key
from mdreader.kernel.ids import new_id
from mdreader.runtime import Runtime

Purpose = Literal[
    "magic_link", "password_reset", "verify_email", "second_step", "passkey_creation", "passkey_sign_in", "oidc"
]

SECONDS: Final = 15 * 60
ATTEMPTS: Final = 5
CODE_DIGITS: Final = 6
TOKEN_BYTES: Final = 32
TOKEN_CHARACTERS: Final = 43

_COLUMNS: Final = (challenges.c.id, challenges.c.user_id, challenges.c.email, challenges.c.code_hash, challenges.c.data)


@dataclass(frozen=True, slots=True)
class Issued:
    """A challenge as it goes out, the only time that its secrets are known. `code` is empty when there is none."""

    id: str
    token: str
    code: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge that holds. `user_id` is None when it was made for an address that nobody has."""

    id: str
    user_id: str | None
    email: str | None
    code_hash: bytes | None
    data: dict[str, Any]


async def issue(
    runtime: Runtime,
    tx: Transaction,
    purpose: Purpose,
    *,
    user_id: str | None,
    email: str | None = None,
    with_code: bool = False,
    data: dict[str, Any] | None = None,
    seconds: int = SECONDS,
) -> Issued:
    """Make a challenge, and forget those of anybody that are over. Without a `user_id` it is a decoy that costs the same work."""
    challenge_id, now = new_id(), runtime.clock.now()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}" if with_code else ""
    await tx.conn.execute(delete(challenges).where(challenges.c.expires_at <= now))
    row = {
        "id": challenge_id,
        "purpose": purpose,
        "user_id": user_id,
        "email": email,
        "token_hash": _digest(token),
        "code_hash": _code_hash(runtime, challenge_id, code) if with_code else None,
        "data": json.dumps(data or {}),
        "created_at": now,
        "expires_at": now + seconds * 1000,
    }
    await tx.conn.execute(insert(challenges).values(row))
    return Issued(challenge_id, token, code)


async def peek(runtime: Runtime, conn: AsyncConnection, purpose: Purpose, token: str) -> Challenge | None:
    """The challenge behind `token`, which stays; None when it does not hold."""
    statement = select(*_COLUMNS).where(*_holding(runtime, purpose), challenges.c.token_hash == _digest(token))
    row = (await conn.execute(statement)).one_or_none()
    return None if row is None else _challenge(row)


async def by_id(runtime: Runtime, conn: AsyncConnection, purpose: Purpose, challenge_id: str) -> Challenge | None:
    """As `peek`, for a part of our own that keeps the id: it opens nothing."""
    statement = select(*_COLUMNS).where(*_holding(runtime, purpose), challenges.c.id == challenge_id)
    row = (await conn.execute(statement)).one_or_none()
    return None if row is None else _challenge(row)


async def take(runtime: Runtime, tx: Transaction, purpose: Purpose, token: str) -> Challenge | None:
    """Use up the challenge behind `token`: of many at once one gets it. None when it does not hold."""
    statement = (
        delete(challenges)
        .where(*_holding(runtime, purpose), challenges.c.token_hash == _digest(token))
        .returning(*_COLUMNS)
    )
    row = (await tx.conn.execute(statement)).one_or_none()
    return None if row is None else _challenge(row)


async def attempt(runtime: Runtime, tx: Transaction, purpose: Purpose, token: str) -> Challenge | None:
    """Count a try at what belongs to `token`, before it is looked at; None when the challenge is over or was tried too often.

    The caller commits, whatever comes of the try, and calls `discard` when it was right.
    """
    return await _count(runtime, tx, purpose, challenges.c.token_hash == _digest(token))


async def guess(runtime: Runtime, tx: Transaction, purpose: Purpose, *, email: str, code: str) -> Challenge | None:
    """Try `code` at the newest challenge of an address, and use it up when it is right. The caller commits in either case."""
    newest = (
        select(challenges.c.id)
        .where(*_holding(runtime, purpose), challenges.c.email == email)
        .order_by(challenges.c.created_at.desc(), challenges.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = await _count(runtime, tx, purpose, challenges.c.id == newest)
    if found is None or not code_is_right(runtime, found, code):
        return None
    await discard(tx, found)
    return found


def code_is_right(runtime: Runtime, challenge: Challenge, code: str) -> bool:
    """Whether `code` is the one that was mailed; spaces in what people type do not count."""
    given = _code_hash(runtime, challenge.id, "".join(code.split()))
    return challenge.code_hash is not None and hmac.compare_digest(given, challenge.code_hash)


async def discard(tx: Transaction, challenge: Challenge) -> None:
    """A challenge was met: it holds no longer."""
    await tx.conn.execute(delete(challenges).where(challenges.c.id == challenge.id))


async def renew_code(runtime: Runtime, tx: Transaction, challenge: Challenge) -> str:
    """Another code for a challenge; the old one is void, the attempts at it still count."""
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    await tx.conn.execute(
        update(challenges)
        .where(challenges.c.id == challenge.id)
        .values(code_hash=_code_hash(runtime, challenge.id, code))
    )
    return code


async def discard_all(tx: Transaction, user_id: str, *purposes: Purpose) -> None:
    """Void every open challenge of these purposes that a person has."""
    await tx.conn.execute(delete(challenges).where(challenges.c.user_id == user_id, challenges.c.purpose.in_(purposes)))


async def _count(runtime: Runtime, tx: Transaction, purpose: Purpose, condition: Any) -> Challenge | None:
    statement = (
        update(challenges)
        .where(*_holding(runtime, purpose), challenges.c.attempts < ATTEMPTS, condition)
        .values(attempts=challenges.c.attempts + 1)
        .returning(*_COLUMNS)
    )
    row = (await tx.conn.execute(statement)).one_or_none()
    return None if row is None else _challenge(row)


def _holding(runtime: Runtime, purpose: Purpose) -> tuple[Any, ...]:
    return (challenges.c.purpose == purpose, challenges.c.expires_at > runtime.clock.now())


def _challenge(row: Any) -> Challenge:
    return Challenge(row.id, row.user_id, row.email, row.code_hash, json.loads(row.data))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _code_hash(runtime: Runtime, challenge_id: str, code: str) -> bytes:
    # Bound to its challenge, so that equal codes have different hashes.
    key = derive_key(runtime.secret, "mailed-code")
    return hmac.digest(key, f"{challenge_id}:{code}".encode("utf-8", "surrogatepass"), "sha256")
