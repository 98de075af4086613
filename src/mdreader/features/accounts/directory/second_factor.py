"""The second step of signing in, and the app that it asks for, where a directory checks both."""

from contextlib import suppress
from typing import Any

from mdreader.features.accounts import challenges, limits, mails, step_up
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.directory import queries as kept
from mdreader.features.accounts.directory.refusals import directory_of, told
from mdreader.features.accounts.directory.renewing import access_token
from mdreader.features.accounts.directory.standing import checked, is_directory, standing_of
from mdreader.features.accounts.directory.steps import begin as begin_session
from mdreader.features.accounts.directory.steps import check, mail_code_later, state_of
from mdreader.features.accounts.errors import (
    InvalidCodeError,
    ReauthenticationRequiredError,
    RecoveryCodesElsewhereError,
    SecondStepOverError,
    TotpEnabledError,
    TotpNotFoundError,
    WrongPasswordError,
)
from mdreader.features.accounts.identity import identity_of
from mdreader.features.accounts.second_factor import service as our_own
from mdreader.features.accounts.second_factor import totp
from mdreader.features.accounts.second_factor.service import NewApp, Proof
from mdreader.features.accounts.signing_in import Grant, SecondStep
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import UnavailableError
from mdreader.ports.directory import DirectoryRefusedError, SignedIn
from mdreader.runtime import Runtime


async def complete_sign_in(runtime: Runtime, token: str, proof: Proof, client: Client) -> Grant | SecondStep:
    """The second step: the code of a mail, or of the person's app, which the directory checks."""
    address = limits.address_key(client.address)
    async with runtime.database.read() as conn:
        known = await challenges.peek(runtime, conn, "second_step", token)
    if known is not None and "directory" not in known.data:
        return await _complete_ours(runtime, known.data["method"], token, proof, client)
    await limits.count(runtime.rate_limits, limits.CODES_BY_ADDRESS, address)
    async with runtime.database.write() as tx:
        found = await challenges.attempt(runtime, tx, "second_step", token)
    state = state_of(runtime, found)
    if found is None or state is None:
        raise SecondStepOverError
    # Apart: anybody may sign up with somebody's address and mistype, and must not use up the tries of its owner's app.
    counted = f"{'step' if 'state' in state else 'confirm'}:{found.email}"
    await limits.count(runtime.rate_limits, limits.CODES_BY_ACCOUNT, counted)
    code = "".join((proof.code or "").split())
    if not code:
        raise InvalidCodeError
    try:
        if "state" in state:
            outcome = await directory_of(runtime).passwords.answer(state["state"], code)
            result: Grant | SecondStep = await begin_session(
                runtime, outcome, method=found.data["method"], client=client
            )
        else:
            await _confirm(runtime, found, state, code)
            # The code was right and is used up: what follows can be refused no more by a mistyped one.
            result = await _after_confirmation(runtime, found, state, client)
    except DirectoryRefusedError as error:
        raise told(error) from error
    async with runtime.database.write() as tx:
        await challenges.discard(tx, found)
    await runtime.rate_limits.refund(limits.CODES_BY_ADDRESS, address)
    await runtime.rate_limits.reset(limits.CODES_BY_ACCOUNT, counted)
    return result


async def _complete_ours(runtime: Runtime, method: str, token: str, proof: Proof, client: Client) -> Grant | SecondStep:
    """The second step of a way in of our own, after which the directory is asked as without one."""
    grant = await our_own.complete_sign_in(runtime, token, proof, client)
    provider = identity_of(runtime).providers.get(method)
    itself = provider is not None and is_directory(runtime, provider.provider.issuer)
    return await checked(runtime, grant, two_factors=itself, by_mail=method == "magic_link")


async def _confirm(runtime: Runtime, found: challenges.Challenge, state: dict[str, Any], code: str) -> None:
    """The code of the mail: of the directory's for a sign-up that began with this very step, else of ours.

    Never the directory's for another sign-up of the same address: its code would confirm a password that somebody else has chosen.
    """
    passwords = directory_of(runtime).passwords
    if "subject" in state:
        await passwords.confirm(state["subject"], code)
        return
    if not challenges.code_is_right(runtime, found, code):
        raise InvalidCodeError
    try:
        await passwords.take_over(state["email"], state["password"], state.get("name"))
    except DirectoryRefusedError as error:
        if error.reason == "taken":  # confirmed meanwhile: they log in
            raise SecondStepOverError from error
        raise


async def _after_confirmation(
    runtime: Runtime, found: challenges.Challenge, state: dict[str, Any], client: Client
) -> Grant | SecondStep:
    try:
        return await check(
            runtime,
            state["email"],
            state["password"],
            method=found.data["method"],
            client=client,
            name=state.get("name"),
        )
    except DirectoryRefusedError as error:
        raise SecondStepOverError from error


async def mail_code_again(runtime: Runtime, token: str, client: Client) -> None:
    """Have another code mailed."""
    async with runtime.database.read() as conn:
        found = await challenges.peek(runtime, conn, "second_step", token)
    if found is not None and "directory" not in found.data:
        await our_own.mail_code_again(runtime, token, client)
        return
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ADDRESS, limits.address_key(client.address))
    state = state_of(runtime, found)
    if found is None or state is None or "email" not in state:
        raise SecondStepOverError
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ACCOUNT, f"second_step:{state['email']}")
    async with runtime.database.write() as tx:
        await mail_code_later(runtime, tx, found.id, client)


async def begin(runtime: Runtime, actor: Actor, password: str | None) -> NewApp:
    """A secret for an authenticator app, which the directory makes. One that is set up is removed first, which takes its code."""
    await step_up.require(runtime, actor, password)
    await _require_no_app(runtime, actor)
    token = await access_token(runtime, actor)
    try:
        secret = await directory_of(runtime).second_factor.begin(token)
    except DirectoryRefusedError as error:
        raise told(error) from error
    return NewApp(secret, totp.uri(secret, actor.email))


async def _require_no_app(runtime: Runtime, actor: Actor) -> None:
    """A directory puts a new app in the place of the old one without asking for it."""
    standing = await standing_of(runtime, actor.user_id)
    if standing is not None and standing.totp:
        raise TotpEnabledError


async def confirm(runtime: Runtime, actor: Actor, code: str, client: Client) -> list[str]:
    """The app shows its first code. There are no recovery codes: who loses the app turns to whoever runs the directory."""
    await limits.count(runtime.rate_limits, limits.CODES_BY_ACCOUNT, f"totp:{actor.user_id}")
    await _require_no_app(runtime, actor)
    token = await access_token(runtime, actor)
    try:
        await directory_of(runtime).second_factor.enable(token, "".join(code.split()))
    except DirectoryRefusedError as error:
        raise told(error) from error
    async with runtime.database.write() as tx:
        await mails.notify(runtime, tx, "totp_enabled", actor.email, client)
    await runtime.rate_limits.reset(limits.CODES_BY_ACCOUNT, f"totp:{actor.user_id}")
    return []


async def disable(runtime: Runtime, actor: Actor, proof: Proof, client: Client) -> None:
    """Remove the authenticator app; it takes the password and a code of it.

    A directory says only of a sign-in that it checks the code of the app that is set up. What confirms a new app takes the code of
    whichever was begun last, and somebody else may have begun one.
    """
    if proof.password is None:
        raise ReauthenticationRequiredError(extra={"has_password": True})
    await limits.count(runtime.rate_limits, limits.CODES_BY_ACCOUNT, f"totp:{actor.user_id}")
    signed_in = await _sign_in_again(runtime, actor, proof.password, "".join((proof.code or "").split()))
    try:
        await directory_of(runtime).second_factor.disable(signed_in.access_token)
    except DirectoryRefusedError as error:
        raise told(error) from error
    finally:
        await _leave(runtime, signed_in)
    async with runtime.database.write() as tx:
        await mails.notify(runtime, tx, "totp_disabled", actor.email, client)
    await runtime.rate_limits.reset(limits.CODES_BY_ACCOUNT, f"totp:{actor.user_id}")


async def _sign_in_again(runtime: Runtime, actor: Actor, password: str, code: str) -> SignedIn:
    """Both factors, shown to the directory now, by the person who asks. Guessing the password counts like guessing at log-in."""
    passwords = directory_of(runtime).passwords
    # First: once there is a sign-in, nothing may fail that would leave it behind.
    async with runtime.database.read() as conn:
        subjects = await kept.subjects_of(conn, directory_of(runtime).issuer, actor.user_id)
    await limits.count(runtime.rate_limits, limits.LOGIN_BY_ACCOUNT, actor.email)
    try:
        step = await passwords.log_in(actor.email, password)
    except DirectoryRefusedError as error:
        raise (WrongPasswordError() if error.reason == "credentials" else told(error)) from error
    await runtime.rate_limits.refund(limits.LOGIN_BY_ACCOUNT, actor.email)
    if isinstance(step, SignedIn):
        await _leave(runtime, step)
        raise TotpNotFoundError
    if not code:
        raise InvalidCodeError
    try:
        signed_in = await passwords.answer(step.state, code)
    except DirectoryRefusedError as error:
        raise told(error) from error
    if signed_in.profile.subject not in subjects:  # there the address is somebody else's by now
        await _leave(runtime, signed_in)
        raise WrongPasswordError
    return signed_in


async def _leave(runtime: Runtime, signed_in: SignedIn) -> None:
    """End a sign-in that was for one question alone. Where nobody answers, it ends by itself: what was asked is done all the same."""
    if signed_in.refresh_token is not None:
        with suppress(DirectoryRefusedError, UnavailableError):
            await directory_of(runtime).sessions.end(signed_in.refresh_token)


async def renew_recovery_codes(runtime: Runtime, actor: Actor, code: str) -> list[str]:  # noqa: ARG001 - the signature of all ways
    """The directory has none."""
    raise RecoveryCodesElsewhereError
