"""HTTP routes of passkeys."""

from fastapi import APIRouter, status

from mdreader.features.accounts.answers import BY_PERSON, LIMITED, ExchangeDep, SessionMode, SignIn
from mdreader.features.accounts.current import SessionActor
from mdreader.features.accounts.directory.standing import checked
from mdreader.features.accounts.passkeys import queries, service
from mdreader.features.accounts.passkeys.schemas import (
    CeremonyOut,
    CredentialIn,
    NewPasskeyIn,
    PasskeyNameIn,
    PasskeyOut,
    PasskeysOut,
)
from mdreader.features.accounts.second_factor.schemas import PasswordProofIn
from mdreader.http.dependencies import ReadDep, RuntimeDep, WriteDep
from mdreader.http.errors import problems
from mdreader.kernel.clock import iso

router = APIRouter()

_REFUSED = problems({403: "`passkey_refused`, `passkeys_unavailable` or `ceremony_expired`"})
_ONE = BY_PERSON | problems({404: "No such passkey of this person."})


def _passkey(row: queries.StoredPasskey) -> PasskeyOut:
    return PasskeyOut(
        id=row.id,
        name=row.name,
        created_at=iso(row.created_at),
        last_used_at=None if row.last_used_at is None else iso(row.last_used_at),
        synced=row.synced,
    )


@router.get("/me/passkeys", operation_id="list_passkeys", responses=BY_PERSON)
async def list_passkeys(actor: SessionActor, conn: ReadDep) -> PasskeysOut:
    """My passkeys."""
    return PasskeysOut(items=[_passkey(row) for row in await queries.list_passkeys(conn, actor.user_id)])


@router.post(
    "/me/passkeys/begin",
    operation_id="begin_passkey",
    responses=BY_PERSON | LIMITED | _REFUSED | problems({409: "`too_many_passkeys`"}),
)
async def begin_passkey(actor: SessionActor, exchange: ExchangeDep, data: PasswordProofIn | None = None) -> CeremonyOut:
    """What the browser is asked for a new passkey."""
    begun = await service.begin_creation(exchange.runtime, actor, data.password if data else None, exchange.client)
    return CeremonyOut(ceremony=begun.token, options=begun.options)


@router.post(
    "/me/passkeys/finish",
    status_code=status.HTTP_201_CREATED,
    operation_id="finish_passkey",
    responses=BY_PERSON | _REFUSED | problems({409: "`passkey_known`"}),
)
async def finish_passkey(actor: SessionActor, data: NewPasskeyIn, exchange: ExchangeDep) -> PasskeyOut:
    """Keep the passkey that the browser made."""
    made = await service.finish_creation(
        exchange.runtime,
        actor,
        token=data.ceremony,
        credential=data.credential,
        name=data.name,
        client=exchange.client,
    )
    return _passkey(made)


@router.patch("/me/passkeys/{passkey_id}", operation_id="rename_passkey", responses=_ONE)
async def rename_passkey(passkey_id: str, actor: SessionActor, data: PasskeyNameIn, tx: WriteDep) -> PasskeyOut:
    """Call a passkey otherwise."""
    return _passkey(await service.rename(tx, actor, passkey_id, data.name))


@router.delete(
    "/me/passkeys/{passkey_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="remove_passkey",
    responses=_ONE | LIMITED,
)
async def remove_passkey(
    passkey_id: str, actor: SessionActor, runtime: RuntimeDep, data: PasswordProofIn | None = None
) -> None:
    """Forget a passkey."""
    await service.remove(runtime, actor, passkey_id, data.password if data else None)


@router.post("/auth/passkey/begin", operation_id="begin_passkey_sign_in", responses=LIMITED | _REFUSED)
async def begin_passkey_sign_in(exchange: ExchangeDep) -> CeremonyOut:
    """What the browser is asked to sign in with any passkey."""
    begun = await service.begin_sign_in(exchange.runtime, exchange.client)
    return CeremonyOut(ceremony=begun.token, options=begun.options)


@router.post("/auth/passkey/finish", operation_id="finish_passkey_sign_in", responses=LIMITED | _REFUSED)
async def finish_passkey_sign_in(data: CredentialIn, exchange: ExchangeDep, session: SessionMode = None) -> SignIn:
    """Sign in with a passkey."""
    grant = await service.finish_sign_in(
        exchange.runtime, token=data.ceremony, credential=data.credential, client=exchange.client
    )
    return exchange.sign_in(await checked(exchange.runtime, grant, two_factors=True), session)
