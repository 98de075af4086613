"""What people do with their passkeys."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from mdreader.db.engine import Transaction
from mdreader.features.accounts import challenges, limits, mails, queries, step_up
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.errors import (
    CeremonyExpiredError,
    PasskeyKnownError,
    PasskeyNotFoundError,
    PasskeyRefusedError,
    TooManyPasskeysError,
)
from mdreader.features.accounts.passkeys import queries as stored
from mdreader.features.accounts.passkeys import webauthn
from mdreader.features.accounts.signing_in import Grant, begin_session, hold_session
from mdreader.kernel.actor import Actor
from mdreader.kernel.ids import new_id
from mdreader.runtime import Runtime

SECONDS: Final = 5 * 60
MAX_PASSKEYS: Final = 50


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What the browser is asked, and the token with which its answer comes back."""

    token: str
    options: dict[str, Any]


async def begin_creation(runtime: Runtime, actor: Actor, password: str | None, client: Client) -> Ceremony:
    """Ask the browser for a new passkey."""
    user = await step_up.require(runtime, actor, password)
    async with runtime.database.write() as tx:
        await hold_session(runtime, tx, actor)
        known = await stored.credential_ids(tx.conn, user.id)
        if len(known) >= MAX_PASSKEYS:
            raise TooManyPasskeysError
        options, state = webauthn.begin_creation(
            client.base, user_id=user.id, email=user.email, name=user.name, known=known
        )
        issued = await challenges.issue(runtime, tx, "passkey_creation", user_id=user.id, data=state, seconds=SECONDS)
    return Ceremony(issued.token, options)


async def finish_creation(
    runtime: Runtime, actor: Actor, *, token: str, credential: dict[str, Any], name: str, client: Client
) -> stored.StoredPasskey:
    """Keep the passkey that the browser made."""
    found = await _take(runtime, "passkey_creation", token)
    if found.user_id != actor.user_id:
        raise CeremonyExpiredError
    made = webauthn.finish_creation(client.base, found.data, credential)
    passkey = stored.StoredPasskey(new_id(), name, runtime.clock.now(), None, made.synced)
    async with runtime.database.write() as tx:
        user = await hold_session(runtime, tx, actor)
        if len(await stored.credential_ids(tx.conn, actor.user_id)) >= MAX_PASSKEYS:
            raise TooManyPasskeysError
        try:
            await stored.insert_passkey(
                tx,
                passkey,
                user_id=actor.user_id,
                credential_id=made.credential_id,
                credential=made.credential,
                sign_count=made.sign_count,
            )
        except IntegrityError:
            raise PasskeyKnownError from None
        # What is written by hand goes to an address only when it is known to be the writer's own.
        named = {} if user.email_verified_at is None else {"name": name}
        await mails.notify(runtime, tx, "passkey_added", user.email, client, **named)
    return passkey


async def begin_sign_in(runtime: Runtime, client: Client) -> Ceremony:
    """Ask the browser for any passkey of this site."""
    await limits.count(runtime.rate_limits, limits.CEREMONIES_BY_ADDRESS, limits.address_key(client.address))
    options, state = webauthn.begin_sign_in(client.base)
    async with runtime.database.write() as tx:
        issued = await challenges.issue(runtime, tx, "passkey_sign_in", user_id=None, data=state, seconds=SECONDS)
    return Ceremony(issued.token, options)


async def finish_sign_in(runtime: Runtime, *, token: str, credential: dict[str, Any], client: Client) -> Grant:
    """Sign in whoever's passkey it is. It was verified by the device, so it is two factors."""
    found = await _take(runtime, "passkey_sign_in", token)
    credential_id = webauthn.credential_id_of(credential)
    async with runtime.database.write() as tx:
        kept = await stored.by_credential(tx.conn, credential_id)
        user = await queries.user_by_id(tx.conn, kept.user_id, lock=True) if kept else None
        if kept is None or user is None:
            raise PasskeyRefusedError
        use = webauthn.finish_sign_in(
            client.base,
            found.data,
            credential,
            credential=kept.credential,
            user_id=user.id,
            sign_count=kept.sign_count,
        )
        if not await stored.note_use(
            tx,
            kept.id,
            old_count=kept.sign_count,
            sign_count=use.sign_count,
            synced=use.synced,
            now=runtime.clock.now(),
        ):
            raise PasskeyRefusedError
        return await begin_session(runtime, tx, user, method="passkey", client=client)


async def _take(runtime: Runtime, purpose: challenges.Purpose, token: str) -> challenges.Challenge:
    """Use the ceremony up, whatever comes of it: a challenge is answered once."""
    async with runtime.database.write() as tx:
        found = await challenges.take(runtime, tx, purpose, token)
    if found is None:
        raise CeremonyExpiredError
    return found


async def rename(tx: Transaction, actor: Actor, passkey_id: str, name: str) -> stored.StoredPasskey:
    """Call a passkey otherwise."""
    passkey = await stored.rename_passkey(tx, actor.user_id, passkey_id, name)
    if passkey is None:
        raise PasskeyNotFoundError
    return passkey


async def remove(runtime: Runtime, actor: Actor, passkey_id: str, password: str | None) -> None:
    """Forget a passkey. A mailed link stays as a way in, so nobody locks themselves out."""
    await step_up.require(runtime, actor, password)
    async with runtime.database.write() as tx:
        if not await stored.delete_passkey(tx, actor.user_id, passkey_id):
            raise PasskeyNotFoundError
