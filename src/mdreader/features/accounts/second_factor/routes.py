"""HTTP routes of the second factor."""

from fastapi import APIRouter, Response, status

from mdreader.features.accounts.answers import BY_PERSON, LIMITED, ExchangeDep, SessionMode, SignIn
from mdreader.features.accounts.codes.schemas import SentOut
from mdreader.features.accounts.current import SessionActor
from mdreader.features.accounts.second_factor import service
from mdreader.features.accounts.second_factor.schemas import (
    AgainIn,
    CodeIn,
    NewAppOut,
    PasswordProofIn,
    RecoveryCodesOut,
    RemovalIn,
    SecondStepIn,
)
from mdreader.features.accounts.ways_in import second_factor_of
from mdreader.http.dependencies import RuntimeDep
from mdreader.http.errors import problems

router = APIRouter()

_OVER = LIMITED | problems({403: "`invalid_code`, or `mfa_expired`: begin anew"})
_WITH_CODE = BY_PERSON | LIMITED | problems({404: "There is no authenticator app."})


@router.post("/auth/mfa", operation_id="complete_sign_in", responses=_OVER)
async def complete_sign_in(data: SecondStepIn, exchange: ExchangeDep, session: SessionMode = None) -> SignIn:
    """The second step of signing in."""
    proof = service.Proof(data.code, data.recovery_code)
    factor = second_factor_of(exchange.runtime)
    result = await factor.complete_sign_in(exchange.runtime, data.mfa_token, proof, exchange.client)
    return exchange.sign_in(result, session)


@router.post("/auth/mfa/resend", status_code=status.HTTP_202_ACCEPTED, operation_id="mail_code_again", responses=_OVER)
async def mail_code_again(data: AgainIn, exchange: ExchangeDep) -> SentOut:
    """Mail another code for a second step that asks for a mailed one."""
    await second_factor_of(exchange.runtime).mail_code_again(exchange.runtime, data.mfa_token, exchange.client)
    return SentOut()


@router.post(
    "/me/totp",
    operation_id="begin_totp",
    responses=BY_PERSON | LIMITED | problems({409: "`totp_enabled`"}),
)
async def begin_totp(
    actor: SessionActor, runtime: RuntimeDep, response: Response, data: PasswordProofIn | None = None
) -> NewAppOut:
    """A secret for an authenticator app; nothing changes before its first code is shown."""
    made = await second_factor_of(runtime).begin(runtime, actor, data.password if data else None)
    response.headers["Cache-Control"] = "no-store"
    return NewAppOut(secret=made.secret, uri=made.uri)


@router.post(
    "/me/totp/confirm",
    operation_id="confirm_totp",
    responses=_WITH_CODE | problems({403: "`invalid_code`", 409: "`totp_enabled`"}),
)
async def confirm_totp(
    actor: SessionActor, data: CodeIn, exchange: ExchangeDep, response: Response
) -> RecoveryCodesOut:
    """The app's first code: from now on it is asked for."""
    factor = second_factor_of(exchange.runtime)
    codes = await factor.confirm(exchange.runtime, actor, data.code, exchange.client)
    response.headers["Cache-Control"] = "no-store"
    return RecoveryCodesOut(recovery_codes=codes)


@router.delete("/me/totp", status_code=status.HTTP_204_NO_CONTENT, operation_id="disable_totp", responses=_WITH_CODE)
async def disable_totp(actor: SessionActor, data: RemovalIn, exchange: ExchangeDep) -> None:
    """Remove the authenticator app; it takes a code of it, or a recovery code."""
    proof = service.Proof(data.code, data.recovery_code, data.password)
    await second_factor_of(exchange.runtime).disable(exchange.runtime, actor, proof, exchange.client)


@router.post("/me/totp/recovery-codes", operation_id="renew_recovery_codes", responses=_WITH_CODE)
async def renew_recovery_codes(
    actor: SessionActor, data: CodeIn, runtime: RuntimeDep, response: Response
) -> RecoveryCodesOut:
    """Other recovery codes; the old ones end."""
    codes = await second_factor_of(runtime).renew_recovery_codes(runtime, actor, data.code)
    response.headers["Cache-Control"] = "no-store"
    return RecoveryCodesOut(recovery_codes=codes)
