"""Signing in with a password that a directory checks: the same flows and answers as with our own."""

from mdreader.features.accounts import challenges, limits, mails, service
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.directory import queries as kept
from mdreader.features.accounts.directory.refusals import directory_of, told
from mdreader.features.accounts.directory.renewing import access_token, keep_newer, renew
from mdreader.features.accounts.directory.standing import standing_of
from mdreader.features.accounts.directory.steps import ask, check, mail_code_later, state_of
from mdreader.features.accounts.errors import InvalidRefreshTokenError, WrongPasswordError
from mdreader.features.accounts.schemas import LoginIn, PasswordIn, SignupIn, normalise_email
from mdreader.features.accounts.signing_in import Grant, SecondStep, end_sessions, mail_code
from mdreader.features.accounts.tokens import RefreshToken
from mdreader.jobs.context import JobContext
from mdreader.kernel.actor import Actor
from mdreader.ports.directory import DirectoryRefusedError
from mdreader.runtime import Runtime


async def sign_up(runtime: Runtime, data: SignupIn, client: Client) -> Grant | SecondStep:
    """Make an account there; its code is mailed from there, and asked for here.

    An address that is taken is answered the same. Somebody else may have signed up with it and wait for its owner to confirm that:
    then a code of ours is asked for, and whoever has it gets the account with the password of this sign-up, not of that one.
    """
    await limits.count(runtime.rate_limits, limits.SIGNUP_BY_ADDRESS, limits.address_key(client.address))
    await limits.count(runtime.rate_limits, limits.SIGNUP_BY_ACCOUNT, data.email)
    async with runtime.database.read() as conn:
        await service.check_signup_open(runtime, conn)
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ACCOUNT, f"signup:{data.email}")
    state = {"email": data.email, "password": data.password, "name": data.name}
    try:
        state["subject"] = await directory_of(runtime).passwords.sign_up(data.email, data.password, data.name)
    except DirectoryRefusedError as error:
        if error.reason != "taken":
            raise told(error) from error
    async with runtime.database.write() as tx:
        step, issued = await ask(runtime, tx, "email_code", method="signup", state=state, email=data.email)
        if "subject" not in state:
            await mail_code_later(runtime, tx, issued.id, client)
    return step


async def mail_code_of_step(ctx: JobContext[Runtime], challenge_id: str, client: Client) -> None:
    """The job of `mail_code_later`. Who has a confirmed account hears that somebody tried to sign up with its address."""
    runtime = ctx.runtime
    async with runtime.database.read() as conn:
        found = await challenges.by_id(runtime, conn, "second_step", challenge_id)
    state = state_of(runtime, found)
    if found is None or state is None or "email" not in state:
        return
    directory, email = directory_of(runtime), state["email"]
    if "subject" in state:
        try:
            await directory.passwords.resend(state["subject"])
        except DirectoryRefusedError as error:
            if error.reason == "too_many":
                raise
            # It was confirmed meanwhile.
        return
    standing = await directory.sessions.standing(email)
    async with ctx.write() as tx:
        if standing.waits:
            await mail_code(runtime, tx, email, client, await challenges.renew_code(runtime, tx, found))
        elif standing.known and found.data["method"] == "signup":
            await mails.notify(runtime, tx, "email_taken", email, client)


async def log_in(runtime: Runtime, data: LoginIn, client: Client) -> Grant | SecondStep:
    """Let the directory check the password; begin a session, or ask for what it asks for."""
    email, address = normalise_email(data.email), limits.address_key(client.address)
    await limits.count(runtime.rate_limits, limits.LOGIN_BY_ADDRESS, address)
    await limits.count(runtime.rate_limits, limits.LOGIN_BY_ACCOUNT, email)
    try:
        result = await check(runtime, email, data.password, method="password", client=client)
    except DirectoryRefusedError as error:
        if error.reason != "unconfirmed":
            raise told(error) from error
        return await _ask_unconfirmed(runtime, email, data.password, client)
    await runtime.rate_limits.refund(limits.LOGIN_BY_ADDRESS, address)
    await runtime.rate_limits.reset(limits.LOGIN_BY_ACCOUNT, email)
    return result


async def _ask_unconfirmed(runtime: Runtime, email: str, password: str, client: Client) -> SecondStep:
    """A pool says so whether or not the password is right: it becomes the account's with the code, and has proved nothing now.

    So the attempt stays counted, and so is the mail.
    """
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ADDRESS, limits.address_key(client.address))
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ACCOUNT, f"second_step:{email}")
    async with runtime.database.write() as tx:
        state = {"email": email, "password": password}
        step, issued = await ask(runtime, tx, "email_code", method="password", state=state, email=email)
        await mail_code(runtime, tx, email, client, issued.code)
    return step


async def refresh_session(runtime: Runtime, token: RefreshToken) -> Grant:
    """As with our own accounts, when the directory still lets the person in: it is asked every time."""
    signed_in = None
    async with runtime.database.read() as conn:
        found = await kept.kept(conn, token.session_id)
    try:
        if found is not None:
            signed_in = await renew(runtime, token.session_id)
            standing = await standing_of(runtime, found.user_id) if signed_in is None else None
            # Without one it is a session of before there was a directory: that must have been asked once.
            if signed_in is None and not (standing and standing.enabled):
                raise DirectoryRefusedError("session")
    except DirectoryRefusedError as error:
        if error.reason == "too_many":
            raise told(error) from error
        async with runtime.database.write() as tx:
            await service.end_session(runtime, tx, token.session_id)
        raise InvalidRefreshTokenError from error
    grant = await service.refresh_session(runtime, token)
    if signed_in is not None:
        await keep_newer(runtime, token.session_id, signed_in)
    return grant


async def change_password(runtime: Runtime, actor: Actor, data: PasswordIn, client: Client) -> None:
    """Change the password there, and end every other session here."""
    await limits.count(runtime.rate_limits, limits.LOGIN_BY_ACCOUNT, actor.email)
    token = await access_token(runtime, actor)
    try:
        await directory_of(runtime).recovery.change(token, data.current_password or "", data.new_password)
    except DirectoryRefusedError as error:
        wrong = error.reason == "credentials"
        raise (WrongPasswordError() if wrong else told(error, field="new_password")) from error
    async with runtime.database.write() as tx:
        await end_sessions(runtime, tx, actor.user_id, keep=actor.session_id)
        await mails.notify(runtime, tx, "password_changed", actor.email, client)
    await runtime.rate_limits.refund(limits.LOGIN_BY_ACCOUNT, actor.email)
