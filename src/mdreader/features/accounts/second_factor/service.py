"""What people do with their second factor."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from mdreader.db.engine import Transaction
from mdreader.features.accounts import challenges, limits, mails, queries, step_up
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.errors import (
    InvalidCodeError,
    SecondStepOverError,
    TotpEnabledError,
    TotpNotFoundError,
)
from mdreader.features.accounts.oidc.linking import NewIdentity, link
from mdreader.features.accounts.second_factor import queries as factors
from mdreader.features.accounts.second_factor import totp
from mdreader.features.accounts.signing_in import Grant, begin_session, hold_session, mail_code
from mdreader.jobs.context import JobContext
from mdreader.kernel.actor import Actor
from mdreader.runtime import Runtime

MAIL_CODE: Final = "accounts.mail_code"


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody shows: a code (of the app, or of a mail), or a recovery code; and the password, where that is asked for with it."""

    code: str | None
    recovery_code: str | None
    password: str | None = None


@dataclass(frozen=True, slots=True)
class NewApp:
    """An authenticator app to be: its secret in base 32, and the same as an address for a QR code."""

    secret: str
    uri: str


async def complete_sign_in(runtime: Runtime, token: str, proof: Proof, client: Client) -> Grant:
    """The second step: a session for whoever shows what was asked for. Wrong tries are committed before the error is raised."""
    address = limits.address_key(client.address)
    await limits.count(runtime.rate_limits, limits.CODES_BY_ADDRESS, address)
    async with runtime.database.read() as conn:
        known = await challenges.peek(runtime, conn, "second_step", token)
    if known is None:
        raise SecondStepOverError
    counted = await _count_code(runtime, f"step:{known.user_id or known.email}", proof)
    grant: Grant | None = None
    try:
        async with runtime.database.write() as tx:
            user = await queries.user_by_id(tx.conn, known.user_id, lock=True) if known.user_id else None
            found = await challenges.attempt(runtime, tx, "second_step", token)
            if found and user and await _shows(runtime, tx, found, user, proof):
                await challenges.discard(tx, found)
                if found.data.get("identity"):
                    identity = NewIdentity(**found.data["identity"])
                    await link(runtime, tx, identity, user_id=user.id, email=user.email, client=client)
                grant = await begin_session(runtime, tx, user, method=found.data["method"], client=client)
    except IntegrityError:
        # The account elsewhere was linked to somebody else meanwhile.
        raise SecondStepOverError from None
    if found is None:
        raise SecondStepOverError
    if grant is None:
        raise InvalidCodeError
    await runtime.rate_limits.refund(limits.CODES_BY_ADDRESS, address)
    if counted:
        await runtime.rate_limits.reset(limits.CODES_BY_ACCOUNT, counted)
    return grant


async def _shows(
    runtime: Runtime, tx: Transaction, found: challenges.Challenge, user: queries.User, proof: Proof
) -> bool:
    if found.code_hash is None:
        right = await _check(runtime, tx, user.id, proof)
        # A link and the app's code together: the person of this account has this address.
        proves_address = found.data["method"] == "magic_link"
        proves_password = found.data["method"] == "password"
    else:
        right = proof.code is not None and challenges.code_is_right(runtime, found, proof.code)
        proves_address = proves_password = True
    if right and proves_address:
        await queries.confirm_address(tx, user.id, runtime.clock.now())
    if right and proves_password:
        await queries.prove_password(tx, user.id)
    return right


async def mail_code_again(runtime: Runtime, token: str, client: Client) -> None:
    """Send another code for a second step that asks for a mailed one: by a job, as it may be a decoy for an address that is taken."""
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ADDRESS, limits.address_key(client.address))
    async with runtime.database.read() as conn:
        known = await challenges.peek(runtime, conn, "second_step", token)
    if known is None or known.code_hash is None or known.email is None:
        raise SecondStepOverError
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ACCOUNT, f"second_step:{known.email}")
    async with runtime.database.write() as tx:
        await runtime.jobs.enqueue(tx, MAIL_CODE, {"challenge_id": known.id, "client": asdict(client)})


async def mail_code_of_step(ctx: JobContext[Runtime], asked: dict[str, Any]) -> None:
    """The job of `mail_code_again`."""
    runtime = ctx.runtime
    async with ctx.write() as tx:
        known = await challenges.by_id(runtime, tx.conn, "second_step", asked["challenge_id"])
        if known is not None:
            code = await challenges.renew_code(runtime, tx, known)
            user = await queries.user_by_id(tx.conn, known.user_id) if known.user_id else None
            if user is not None:
                await mail_code(runtime, tx, user.email, Client(**asked["client"]), code)
        await ctx.finish(tx)


async def begin(runtime: Runtime, actor: Actor, password: str | None) -> NewApp:
    """Make a secret for an authenticator app. Nothing changes before its first code is shown."""
    user = await step_up.require(runtime, actor, password)
    secret = totp.new_secret()
    async with runtime.database.write() as tx:
        await hold_session(runtime, tx, actor)
        if await factors.is_enabled(tx.conn, user.id):
            raise TotpEnabledError
        await factors.begin(tx, user.id, totp.seal(runtime.secret, user.id, secret), runtime.clock.now())
    return NewApp(secret, totp.uri(secret, user.email))


async def confirm(runtime: Runtime, actor: Actor, code: str, client: Client) -> list[str]:
    """The app shows its first code: from now on it is asked for. Answers the recovery codes."""
    await limits.count(runtime.rate_limits, limits.CODES_BY_ACCOUNT, f"totp:{actor.user_id}")
    async with runtime.database.write() as tx:
        await hold_session(runtime, tx, actor)
        stored = await factors.read_secret(tx.conn, actor.user_id)
        if stored is None:
            raise TotpNotFoundError
        if stored.confirmed_at is not None:
            raise TotpEnabledError
        if not await _check_app(runtime, tx, actor.user_id, code):
            raise InvalidCodeError
        await factors.confirm(tx, actor.user_id, runtime.clock.now())
        codes = await _new_recovery_codes(runtime, tx, actor.user_id)
        await mails.notify(runtime, tx, "totp_enabled", actor.email, client)
    await runtime.rate_limits.reset(limits.CODES_BY_ACCOUNT, f"totp:{actor.user_id}")
    return codes


async def disable(runtime: Runtime, actor: Actor, proof: Proof, client: Client) -> None:
    """Remove the authenticator app. It takes a code, whatever else is known: a stolen session or password must not do."""
    counted = await _count_code(runtime, f"totp:{actor.user_id}", proof)
    async with runtime.database.write() as tx:
        await hold_session(runtime, tx, actor)
        if not await factors.is_enabled(tx.conn, actor.user_id):
            raise TotpNotFoundError
        if not await _check(runtime, tx, actor.user_id, proof):
            raise InvalidCodeError
        await factors.forget(tx, actor.user_id)
        await mails.notify(runtime, tx, "totp_disabled", actor.email, client)
    if counted:
        await runtime.rate_limits.reset(limits.CODES_BY_ACCOUNT, counted)


async def renew_recovery_codes(runtime: Runtime, actor: Actor, code: str) -> list[str]:
    """Other recovery codes; the old ones end."""
    await limits.count(runtime.rate_limits, limits.CODES_BY_ACCOUNT, f"totp:{actor.user_id}")
    async with runtime.database.write() as tx:
        await hold_session(runtime, tx, actor)
        if not await factors.is_enabled(tx.conn, actor.user_id):
            raise TotpNotFoundError
        if not await _check_app(runtime, tx, actor.user_id, code):
            raise InvalidCodeError
        codes = await _new_recovery_codes(runtime, tx, actor.user_id)
    await runtime.rate_limits.reset(limits.CODES_BY_ACCOUNT, f"totp:{actor.user_id}")
    return codes


async def _count_code(runtime: Runtime, key: str, proof: Proof) -> str | None:
    """Count a try at six digits, over a day; a recovery code has 50 bits and is the way in when that limit is reached."""
    if proof.code is None:
        return None
    await limits.count(runtime.rate_limits, limits.CODES_BY_ACCOUNT, key)
    return key


async def _check(runtime: Runtime, tx: Transaction, user_id: str, proof: Proof) -> bool:
    if proof.code is not None:
        return await _check_app(runtime, tx, user_id, proof.code)
    digest = totp.recovery_digest(runtime.secret, proof.recovery_code or "")
    return await factors.use_recovery_code(tx, user_id, digest)


async def _check_app(runtime: Runtime, tx: Transaction, user_id: str, code: str) -> bool:
    stored = await factors.read_secret(tx.conn, user_id)
    if stored is None:
        return False
    step = totp.matching_step(totp.unseal(runtime.secret, user_id, stored.secret), code, runtime.clock.now())
    return step is not None and await factors.use_step(tx, user_id, step)


async def _new_recovery_codes(runtime: Runtime, tx: Transaction, user_id: str) -> list[str]:
    codes = totp.new_recovery_codes()
    await factors.replace_recovery_codes(tx, user_id, [totp.recovery_digest(runtime.secret, code) for code in codes])
    return codes
