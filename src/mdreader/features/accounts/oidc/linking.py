"""Linking an account elsewhere to one here."""

from dataclasses import dataclass

from mdreader.db.engine import Transaction
from mdreader.features.accounts import mails
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.oidc import queries as stored
from mdreader.kernel.ids import new_id
from mdreader.runtime import Runtime


@dataclass(frozen=True, slots=True)
class NewIdentity:
    """An account elsewhere that somebody showed and that is linked to nothing yet. Plain values: it may wait for a second factor."""

    provider: str
    provider_name: str
    issuer: str
    subject: str
    email: str | None


async def link(
    runtime: Runtime, tx: Transaction, identity: NewIdentity, *, user_id: str, email: str, client: Client
) -> None:
    """Link, and tell the owner at `email`. Raises `IntegrityError` when it was linked to somebody else meanwhile."""
    known = await stored.by_subject(tx.conn, identity.issuer, identity.subject)
    if known is not None and known.user_id == user_id:
        return
    now = runtime.clock.now()
    row = stored.StoredIdentity(new_id(), user_id, identity.provider, identity.email, now, now)
    await stored.insert_identity(tx, row, issuer=identity.issuer, subject=identity.subject)
    await mails.notify(runtime, tx, "identity_linked", email, client, provider=identity.provider_name)
