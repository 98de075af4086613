"""What other features may know of people: who is behind an address, and a name and address beside rows of their own."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.features.accounts.tables import users

# To join on `people.c.id`, so that nobody else reads the table of users with its password hashes.
PEOPLE: Final = select(users.c.id, users.c.email, users.c.name).subquery("people")

_BY_EMAIL: Final = select(users.c.id, users.c.email, users.c.name, users.c.email_verified_at).where(
    users.c.email == bindparam("email")
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account; `confirmed` when they have shown that the address is theirs."""

    id: str
    email: str
    name: str
    confirmed: bool


async def find_by_email(conn: AsyncConnection, email: str) -> Person | None:
    """Who signed up with `email`, in its normalised form (`schemas.Email`)."""
    row = (await conn.execute(_BY_EMAIL, {"email": email})).one_or_none()
    return None if row is None else Person(row.id, row.email, row.name, row.email_verified_at is not None)
