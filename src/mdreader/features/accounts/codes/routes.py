"""HTTP routes of mailed links and codes."""

from fastapi import APIRouter, status

from mdreader.features.accounts.answers import BY_PERSON, LIMITED, ExchangeDep, MaybeSession, SessionMode, SignIn
from mdreader.features.accounts.codes import service
from mdreader.features.accounts.codes.schemas import EmailIn, MailedIn, ResetIn, SentOut, VerifyIn
from mdreader.features.accounts.current import SessionActor
from mdreader.features.accounts.directory.standing import checked
from mdreader.features.accounts.ways_in import recovery_of
from mdreader.http.errors import problems
from mdreader.kernel.errors import UnauthenticatedError

router = APIRouter()

_REFUSED = LIMITED | problems({403: "`invalid_link` or `invalid_code`"})


@router.post(
    "/auth/magic-link", status_code=status.HTTP_202_ACCEPTED, operation_id="mail_magic_link", responses=LIMITED
)
async def mail_magic_link(data: EmailIn, exchange: ExchangeDep) -> SentOut:
    """Mail a link and a code that sign in. Addresses without an account are answered the same."""
    await service.mail_magic_link(exchange.runtime, data.email, exchange.client)
    return SentOut()


@router.post(
    "/auth/magic-link/confirm",
    operation_id="confirm_magic_link",
    responses=_REFUSED | problems({409: "`directory_link`: sign in with the password that the directory checks."}),
)
async def confirm_magic_link(
    data: MailedIn, exchange: ExchangeDep, actor: MaybeSession, session: SessionMode = None
) -> SignIn:
    """Sign in with a mailed link or code."""
    proof = service.Proof(data.token, data.email, data.code)
    result = await service.confirm_magic_link(exchange.runtime, proof, exchange.client, actor)
    result = await checked(exchange.runtime, result, by_mail=True)
    return exchange.sign_in(result, session)


@router.post(
    "/auth/password/forgot", status_code=status.HTTP_202_ACCEPTED, operation_id="mail_reset", responses=LIMITED
)
async def mail_reset(data: EmailIn, exchange: ExchangeDep) -> SentOut:
    """Mail a link and a code that set a new password. Addresses without an account are answered the same."""
    await recovery_of(exchange.runtime).mail_reset(exchange.runtime, data.email, exchange.client)
    return SentOut()


@router.post(
    "/auth/password/reset",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="reset_password",
    responses=_REFUSED,
)
async def reset_password(data: ResetIn, exchange: ExchangeDep) -> None:
    """Set a new password with a mailed link or code; every session ends, and every API key unless they are to stay."""
    proof, runtime = service.Proof(data.token, data.email, data.code), exchange.runtime
    await recovery_of(runtime).reset_password(
        runtime, proof, data.password, exchange.client, revoke_keys=data.revoke_keys
    )


@router.post(
    "/me/email/verification",
    status_code=status.HTTP_202_ACCEPTED,
    operation_id="mail_verification",
    responses=BY_PERSON | LIMITED | problems({409: "`already_verified`"}),
)
async def mail_verification(actor: SessionActor, exchange: ExchangeDep) -> SentOut:
    """Mail me a link and a code that confirm my address."""
    await service.mail_verification(exchange.runtime, actor, exchange.client)
    return SentOut()


@router.post(
    "/auth/verify",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="verify_email",
    responses=LIMITED | problems({403: "`invalid_link`, `invalid_code`, `password_needed` or `wrong_password`"}),
)
async def verify_email(data: VerifyIn, exchange: ExchangeDep, actor: MaybeSession) -> None:
    """Confirm an address with a mailed link or code, signed in to its account or with its password."""
    if data.token is None and actor is None:
        raise UnauthenticatedError("Log in to confirm the address with a code.")
    proof = service.Proof(data.token, actor.email if actor else None, data.code)
    await service.verify_email(exchange.runtime, proof, exchange.client, actor, data.password)
