"""Signing in with a password that a directory checks: the same flows and answers as with our own."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from mdreader.features.accounts import challenges, limits, mails, queries, service, step_up
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.codes.service import Proof as MailedProof
from mdreader.features.accounts.directory import queries as kept
from mdreader.features.accounts.directory.people import admit
from mdreader.features.accounts.directory.refusals import directory_of, told
from mdreader.features.accounts.directory.sealing import seal, seal_json, unseal, unseal_json
from mdreader.features.accounts.errors import (
    InvalidCodeError,
    InvalidLinkError,
    InvalidRefreshTokenError,
    RecoveryCodesElsewhereError,
    SecondStepOverError,
    WrongPasswordError,
)
from mdreader.features.accounts.schemas import LoginIn, PasswordIn, SignupIn, normalise_email
from mdreader.features.accounts.second_factor import service as second_factor
from mdreader.features.accounts.second_factor import totp
from mdreader.features.accounts.second_factor.service import NewApp, Proof
from mdreader.features.accounts.signing_in import (
    SECOND_STEP_SECONDS,
    Grant,
    Method,
    SecondStep,
    begin_session,
    end_sessions,
)
from mdreader.features.accounts.tokens import RefreshToken
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import UnauthenticatedError
from mdreader.ports.directory import CodeNeeded, DirectoryRefusedError, SignedIn
from mdreader.runtime import Runtime

RESEND: Final = "accounts.directory_resend"
_STEP: Final = "second step"


async def sign_up(runtime: Runtime, data: SignupIn, client: Client) -> Grant | SecondStep:
    """Make an account there; its code is mailed from there, and asked for here. An address that is taken is answered the same."""
    await limits.count(runtime.rate_limits, limits.SIGNUP_BY_ADDRESS, limits.address_key(client.address))
    async with runtime.database.read() as conn:
        await service.check_signup_open(runtime, conn)
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ACCOUNT, f"signup:{data.email}")
    taken = False
    try:
        await directory_of(runtime).passwords.sign_up(data.email, data.password, data.name)
    except DirectoryRefusedError as error:
        if error.reason != "taken":
            raise told(error) from error
        taken = True
    state = {"email": data.email, "password": data.password, "name": data.name}
    return await _ask(runtime, "signup", state, data.email, "email_code", resend=taken)


async def resend(runtime: Runtime, email: str) -> None:
    """Have the directory mail another code, if there is an account that waits for one."""
    try:
        await directory_of(runtime).passwords.resend(email)
    except DirectoryRefusedError as error:
        if error.reason == "too_many":
            raise told(error) from error
        # Confirmed, or nobody's: what is answered does not tell.


async def _ask(
    runtime: Runtime, method: str, state: dict[str, Any], email: str, ask: Method, *, resend: bool = False
) -> SecondStep:
    """`resend`: later, so that the answer takes as long for an address that is taken as for one that is not."""
    data = {"method": method, "directory": seal_json(runtime.secret, state, purpose=_STEP)}
    async with runtime.database.write() as tx:
        issued = await challenges.issue(
            runtime, tx, "second_step", user_id=None, email=email, data=data, seconds=SECOND_STEP_SECONDS
        )
        if resend:
            await runtime.jobs.enqueue(tx, RESEND, {"email": email}, unique_key=email)
    return SecondStep(issued.token, (ask,))


async def log_in(runtime: Runtime, data: LoginIn, client: Client) -> Grant | SecondStep:
    """Let the directory check the password; begin a session, or ask for what it asks for."""
    email, address = normalise_email(data.email), limits.address_key(client.address)
    await limits.count(runtime.rate_limits, limits.LOGIN_BY_ADDRESS, address)
    await limits.count(runtime.rate_limits, limits.LOGIN_BY_ACCOUNT, email)
    try:
        result = await _check(runtime, email, data.password, method="password", client=client)
    except DirectoryRefusedError as error:
        if error.reason != "unconfirmed":
            raise told(error) from error
        await resend(runtime, email)
        result = await _ask(runtime, "password", {"email": email, "password": data.password}, email, "email_code")
    await runtime.rate_limits.refund(limits.LOGIN_BY_ADDRESS, address)
    await runtime.rate_limits.reset(limits.LOGIN_BY_ACCOUNT, email)
    return result


async def _check(
    runtime: Runtime, email: str, password: str, *, method: str, client: Client, name: str | None = None
) -> Grant | SecondStep:
    """`name` is what somebody who just signed up is called: a pool may keep that from its tokens."""
    outcome = await directory_of(runtime).passwords.log_in(email, password)
    if isinstance(outcome, CodeNeeded):
        return await _ask(runtime, method, {"state": outcome.state}, email, "totp")
    if name is not None:
        outcome = replace(outcome, profile=replace(outcome.profile, name=name))
    return await _begin(runtime, outcome, method=method, client=client)


async def _begin(runtime: Runtime, signed_in: SignedIn, *, method: str, client: Client) -> Grant:
    try:
        return await _try_to_begin(runtime, signed_in, method=method, client=client)
    except IntegrityError:
        # The same person came in for the first time twice at once; now there is the account.
        return await _try_to_begin(runtime, signed_in, method=method, client=client)


async def _try_to_begin(runtime: Runtime, signed_in: SignedIn, *, method: str, client: Client) -> Grant:
    async with runtime.database.write() as tx:
        user = await admit(runtime, tx, directory_of(runtime).issuer, signed_in.profile)
        grant = await begin_session(runtime, tx, user, method=method, client=client)
        if signed_in.refresh_token is not None:
            sealed = seal(runtime.secret, signed_in.refresh_token, purpose=grant.session_id)
            await kept.keep(tx, grant.session_id, sealed)
    return grant


async def complete_sign_in(runtime: Runtime, token: str, proof: Proof, client: Client) -> Grant | SecondStep:
    """The second step: the code of a mail, or of the person's app, which the directory checks."""
    address = limits.address_key(client.address)
    async with runtime.database.read() as conn:
        known = await challenges.peek(runtime, conn, "second_step", token)
    if known is not None and "directory" not in known.data:
        return await second_factor.complete_sign_in(runtime, token, proof, client)  # of a way in of our own
    await limits.count(runtime.rate_limits, limits.CODES_BY_ADDRESS, address)
    async with runtime.database.write() as tx:
        found = await challenges.attempt(runtime, tx, "second_step", token)
    state = _state(runtime, found)
    if found is None or state is None:
        raise SecondStepOverError
    # Apart: anybody may sign up with somebody's address and mistype, and must not use up the tries of its owner's app.
    counted = f"{'step' if 'state' in state else 'confirm'}:{found.email}"
    await limits.count(runtime.rate_limits, limits.CODES_BY_ACCOUNT, counted)
    code, passwords = "".join((proof.code or "").split()), directory_of(runtime).passwords
    if not code:
        raise InvalidCodeError
    try:
        if "state" in state:
            outcome = await passwords.answer(state["state"], code)
            result: Grant | SecondStep = await _begin(runtime, outcome, method=found.data["method"], client=client)
        else:
            await passwords.confirm(state["email"], code)
            # The code was right and is used up: what follows can be refused no more by a mistyped one.
            result = await _after_confirmation(runtime, found, state, client)
    except DirectoryRefusedError as error:
        raise told(error) from error
    async with runtime.database.write() as tx:
        await challenges.discard(tx, found)
    await runtime.rate_limits.refund(limits.CODES_BY_ADDRESS, address)
    await runtime.rate_limits.reset(limits.CODES_BY_ACCOUNT, counted)
    return result


async def _after_confirmation(
    runtime: Runtime, found: challenges.Challenge, state: dict[str, Any], client: Client
) -> Grant | SecondStep:
    try:
        return await _check(
            runtime,
            state["email"],
            state["password"],
            method=found.data["method"],
            client=client,
            name=state.get("name"),
        )
    except DirectoryRefusedError as error:
        # Another sign-up of this address came first, with another password: the address is confirmed, and they log in.
        raise SecondStepOverError from error


def _state(runtime: Runtime, found: challenges.Challenge | None) -> dict[str, Any] | None:
    sealed = found.data.get("directory") if found else None
    return None if sealed is None else unseal_json(runtime.secret, sealed, purpose=_STEP)


async def mail_code_again(runtime: Runtime, token: str, client: Client) -> None:
    """Have the directory mail another code."""
    async with runtime.database.read() as conn:
        found = await challenges.peek(runtime, conn, "second_step", token)
    if found is not None and "directory" not in found.data:
        await second_factor.mail_code_again(runtime, token, client)
        return
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ADDRESS, limits.address_key(client.address))
    state = _state(runtime, found)
    if state is None or "email" not in state:
        raise SecondStepOverError
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ACCOUNT, f"second_step:{state['email']}")
    await resend(runtime, state["email"])


async def refresh_session(runtime: Runtime, token: RefreshToken) -> Grant:
    """As with our own accounts, when the directory still lets the person in: it is asked every time."""
    directory = directory_of(runtime)
    async with runtime.database.read() as conn:
        found = await kept.kept(conn, token.session_id)
        subject = None if found is None else await kept.subject_of(conn, directory.issuer, found.user_id)
    newer: str | None = None
    if found is not None and subject is not None:
        sealed = found.refresh_token
        theirs = None if sealed is None else unseal(runtime.secret, sealed, purpose=token.session_id)
        try:
            if theirs is not None:
                newer = (await directory.sessions.refresh(theirs, subject)).refresh_token
            elif not (await directory.sessions.standing(subject)).enabled:
                raise DirectoryRefusedError("session")
        except DirectoryRefusedError as error:
            if error.reason == "too_many":
                raise told(error) from error
            async with runtime.database.write() as tx:
                await service.end_session(runtime, tx, token.session_id)
            raise InvalidRefreshTokenError from error
    grant = await service.refresh_session(runtime, token)
    if newer is not None:
        async with runtime.database.write() as tx:
            await kept.keep_newer(tx, token.session_id, seal(runtime.secret, newer, purpose=token.session_id))
    return grant


async def mail_reset(runtime: Runtime, email: str, client: Client) -> None:
    """Have the directory mail a code that sets a new password, if it knows the address."""
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ADDRESS, limits.address_key(client.address))
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ACCOUNT, f"password_reset:{email}")
    try:
        await directory_of(runtime).recovery.forgot(email)
    except DirectoryRefusedError as error:
        raise told(error) from error


async def reset_password(runtime: Runtime, proof: MailedProof, password: str, client: Client) -> None:
    """Set a new password with a mailed code, and end every session."""
    if proof.email is None or proof.code is None:
        raise InvalidLinkError
    await limits.count(runtime.rate_limits, limits.CODES_BY_ADDRESS, limits.address_key(client.address))
    await limits.count(runtime.rate_limits, limits.CODES_BY_ACCOUNT, f"password_reset:{proof.email}")
    try:
        await directory_of(runtime).recovery.reset(proof.email, "".join(proof.code.split()), password)
    except DirectoryRefusedError as error:
        raise told(error) from error
    async with runtime.database.write() as tx:
        user = await queries.user_by_email(tx.conn, proof.email)
        if user is not None:
            await end_sessions(runtime, tx, user.id)
            await challenges.discard_all(tx, user.id, "magic_link", "second_step")
            await mails.notify(runtime, tx, "password_changed", user.email, client)
    await runtime.rate_limits.refund(limits.CODES_BY_ADDRESS, limits.address_key(client.address))
    await runtime.rate_limits.reset(limits.CODES_BY_ACCOUNT, f"password_reset:{proof.email}")


async def change_password(runtime: Runtime, actor: Actor, data: PasswordIn, client: Client) -> None:
    """Change the password there, and end every other session here."""
    await limits.count(runtime.rate_limits, limits.LOGIN_BY_ACCOUNT, actor.email)
    access_token = await _access_token(runtime, actor)
    try:
        await directory_of(runtime).recovery.change(access_token, data.current_password or "", data.new_password)
    except DirectoryRefusedError as error:
        raise WrongPasswordError from error if error.reason == "credentials" else told(error, field="new_password")
    async with runtime.database.write() as tx:
        await end_sessions(runtime, tx, actor.user_id, keep=actor.session_id)
        await mails.notify(runtime, tx, "password_changed", actor.email, client)
    await runtime.rate_limits.reset(limits.LOGIN_BY_ACCOUNT, actor.email)


async def _access_token(runtime: Runtime, actor: Actor) -> str:
    """A fresh access token of the directory for this session; who came in another way signs in with the password first."""
    directory = directory_of(runtime)
    async with runtime.database.read() as conn:
        if await queries.live_session(conn, actor.session_id or "", runtime.clock.now()) is None:
            raise UnauthenticatedError("The session is over. Log in again.")
        found = await kept.kept(conn, actor.session_id or "")
        subject = await kept.subject_of(conn, directory.issuer, actor.user_id)
    sealed = None if found is None else found.refresh_token
    token = None if sealed is None else unseal(runtime.secret, sealed, purpose=actor.session_id or "")
    if token is None or subject is None:
        raise step_up.needs_password()
    try:
        signed_in = await directory.sessions.refresh(token, subject)
    except DirectoryRefusedError as error:
        raise step_up.needs_password() from error
    if signed_in.refresh_token is not None:
        async with runtime.database.write() as tx:
            sealed = seal(runtime.secret, signed_in.refresh_token, purpose=actor.session_id or "")
            await kept.keep_newer(tx, actor.session_id or "", sealed)
    return signed_in.access_token


async def begin(runtime: Runtime, actor: Actor, password: str | None) -> NewApp:
    """A secret for an authenticator app, which the directory makes."""
    await step_up.require(runtime, actor, password)
    access_token = await _access_token(runtime, actor)
    try:
        secret = await directory_of(runtime).second_factor.begin(access_token)
    except DirectoryRefusedError as error:
        raise told(error) from error
    return NewApp(secret, totp.uri(secret, actor.email))


async def confirm(runtime: Runtime, actor: Actor, code: str, client: Client) -> list[str]:
    """The app shows its first code. There are no recovery codes: who loses the app turns to whoever runs the directory."""
    await limits.count(runtime.rate_limits, limits.CODES_BY_ACCOUNT, f"totp:{actor.user_id}")
    access_token = await _access_token(runtime, actor)
    try:
        await directory_of(runtime).second_factor.enable(access_token, "".join(code.split()))
    except DirectoryRefusedError as error:
        raise told(error) from error
    async with runtime.database.write() as tx:
        await mails.notify(runtime, tx, "totp_enabled", actor.email, client)
    await runtime.rate_limits.reset(limits.CODES_BY_ACCOUNT, f"totp:{actor.user_id}")
    return []


async def disable(runtime: Runtime, actor: Actor, proof: Proof, client: Client) -> None:
    """Remove the authenticator app; it takes a code of it."""
    await limits.count(runtime.rate_limits, limits.CODES_BY_ACCOUNT, f"totp:{actor.user_id}")
    access_token = await _access_token(runtime, actor)
    try:
        await directory_of(runtime).second_factor.disable(access_token, "".join((proof.code or "").split()))
    except DirectoryRefusedError as error:
        raise told(error) from error
    async with runtime.database.write() as tx:
        await mails.notify(runtime, tx, "totp_disabled", actor.email, client)
    await runtime.rate_limits.reset(limits.CODES_BY_ACCOUNT, f"totp:{actor.user_id}")


async def renew_recovery_codes(runtime: Runtime, actor: Actor, code: str) -> list[str]:  # noqa: ARG001 - the signature of all ways
    """The directory has none."""
    raise RecoveryCodesElsewhereError
