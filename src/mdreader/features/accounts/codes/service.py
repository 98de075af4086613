"""What people do with what is mailed to them.

What anybody may ask for in anybody's name is answered the same, in words and in work, whether or not there is such an account: one
transaction that puts a job into the queue. The job looks the address up; for one that nobody has, it makes a decoy.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

from mdreader.db.engine import Transaction
from mdreader.features.accounts import challenges, limits, mails, queries, step_up
from mdreader.features.accounts.challenges import Challenge, Purpose
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.directory.standing import keeps
from mdreader.features.accounts.errors import (
    AlreadyVerifiedError,
    DirectoryLinkError,
    InvalidCodeError,
    InvalidLinkError,
    PasswordNeededError,
)
from mdreader.features.accounts.identity import identity_of
from mdreader.features.accounts.passwords import check_policy
from mdreader.features.accounts.signing_in import (
    Grant,
    SecondStep,
    claim_address,
    end_keys_and_tell,
    end_sessions,
    sign_in,
)
from mdreader.jobs.context import JobContext
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import UnauthenticatedError
from mdreader.runtime import Runtime

MAIL: Final = "accounts.mail_link"
MINUTES: Final = challenges.SECONDS // 60
# Where the page shows what a link is for. The token follows as a fragment, which no server, log or referrer ever sees.
_PAGES: Final[dict[Purpose, str]] = {
    "magic_link": "/sign-in/link",
    "password_reset": "/reset-password",
    "verify_email": "/verify-email",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """What came by mail: the link's token, or an address and the code that was sent there."""

    token: str | None
    email: str | None
    code: str | None


async def mail_magic_link(runtime: Runtime, email: str, client: Client) -> None:
    """Mail a link and a code that sign in, if somebody has this address."""
    await _mail_to_anybody(runtime, "magic_link", email, client)


async def mail_reset(runtime: Runtime, email: str, client: Client) -> None:
    """Mail a link and a code with which a new password can be set, if somebody has this address."""
    await _mail_to_anybody(runtime, "password_reset", email, client)


async def _mail_to_anybody(runtime: Runtime, purpose: Purpose, email: str, client: Client) -> None:
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ADDRESS, limits.address_key(client.address))
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ACCOUNT, f"{purpose}:{email}")
    asked = {"purpose": purpose, "email": email, "client": asdict(client), "asked_at": runtime.clock.now()}
    async with runtime.database.write() as tx:
        await runtime.jobs.enqueue(tx, MAIL, asked)


async def mail_what_was_asked_for(ctx: JobContext[Runtime], asked: dict[str, Any]) -> None:
    """The job of `mail_magic_link` and `mail_reset`. What was asked for long ago is waited for no more."""
    runtime, email = ctx.runtime, asked["email"]
    async with ctx.write() as tx:
        if ctx.now() - asked["asked_at"] < challenges.SECONDS * 1000:
            # Of two at once the later one's mail has the code that counts.
            user = await queries.user_by_email(tx.conn, email, lock=True)
            client = Client(**asked["client"])
            await _issue_and_mail(runtime, tx, asked["purpose"], user=user, email=email, client=client)
        await ctx.finish(tx)


async def _issue_and_mail(
    runtime: Runtime, tx: Transaction, purpose: Purpose, *, user: queries.User | None, email: str, client: Client
) -> None:
    user_id = None if user is None else user.id
    issued = await challenges.issue(runtime, tx, purpose, user_id=user_id, email=email, with_code=True)
    if user is not None:
        link = f"{client.base}{_PAGES[purpose]}#token={issued.token}"
        data = {"link": link, "code": issued.code, "minutes": MINUTES}
        await mails.send(runtime, tx, purpose, to=user.email, client=client, data=data)


async def confirm_magic_link(runtime: Runtime, proof: Proof, client: Client, actor: Actor | None) -> Grant | SecondStep:
    """Sign in with what was mailed. `actor` is whoever the browser is signed in as already."""
    counted = await _count_code(runtime, "magic_link", proof, client)
    result: Grant | SecondStep | None = None
    async with runtime.database.write() as tx:
        found = await _show(runtime, tx, "magic_link", proof)
        user = await queries.user_by_id(tx.conn, found.user_id) if found and found.user_id else None
        if user is not None:
            user = await _confirm_address(runtime, tx, user, actor)
            await challenges.discard_all(tx, user.id, "magic_link")
            result = await sign_in(runtime, tx, user, method="magic_link", client=client)
    if result is None:
        raise _refusal(proof)
    await _forget_count(runtime, counted, client)
    return result


async def _confirm_address(runtime: Runtime, tx: Transaction, user: queries.User, actor: Actor | None) -> queries.User:
    if actor is not None and actor.user_id == user.id:
        await queries.confirm_address(tx, user.id, runtime.clock.now())
        return user
    if user.email_verified_at is None and await keeps(runtime, tx.conn, user.id):
        # Whose address it is, the directory says: its link is not taken away by whoever has the mailbox, and nobody is let past it.
        raise DirectoryLinkError
    return await claim_address(runtime, tx, user)


async def reset_password(runtime: Runtime, proof: Proof, password: str, client: Client, *, revoke_keys: bool) -> None:
    """Set a new password with what was mailed, and end every session. It signs nobody in: a second factor is still asked for."""
    check_policy(password, field="password")  # first: a password that is too weak must not cost the link
    counted = await _count_code(runtime, "password_reset", proof, client)
    password_hash = await identity_of(runtime).passwords.hash(password)
    done = False
    async with runtime.database.write() as tx:
        found = await _show(runtime, tx, "password_reset", proof)
        user = await queries.user_by_id(tx.conn, found.user_id) if found and found.user_id else None
        if user is not None:
            await claim_address(runtime, tx, user)
            now = runtime.clock.now()
            done = await queries.replace_password(
                tx, user.id, old_hash=user.password_hash, new_hash=password_hash, now=now
            )
            if done:
                await queries.prove_password(tx, user.id)
                await end_sessions(runtime, tx, user.id)
                # Links to sign in that are under way may be what the password is changed for.
                await challenges.discard_all(tx, user.id, "password_reset", "magic_link", "second_step")
                await end_keys_and_tell(runtime, tx, user, client, revoke_keys=revoke_keys)
    if not done:
        raise _refusal(proof)
    await _forget_count(runtime, counted, client)


async def mail_verification(runtime: Runtime, actor: Actor, client: Client) -> None:
    """Mail a link and a code that confirm the address of whoever asks."""
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ADDRESS, limits.address_key(client.address))
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ACCOUNT, f"verify_email:{actor.email}")
    async with runtime.database.write() as tx:
        user = await queries.user_by_id(tx.conn, actor.user_id)
        if user is None:
            raise UnauthenticatedError
        if user.email_verified_at is not None:
            raise AlreadyVerifiedError
        await _issue_and_mail(runtime, tx, "verify_email", user=user, email=user.email, client=client)


async def verify_email(
    runtime: Runtime, proof: Proof, client: Client, actor: Actor | None, password: str | None
) -> None:
    """Confirm an address. The account's session or password must come with what was mailed.

    Otherwise a stranger could open an account with somebody's address and have them confirm it with one careless click.
    """
    counted = await _count_code(runtime, "verify_email", proof, client)
    if proof.token is not None:
        await _check_person(runtime, proof.token, actor, password)
    done = False
    async with runtime.database.write() as tx:
        found = await _show(runtime, tx, "verify_email", proof)
        if found is not None and found.user_id is not None:
            done = True
            await queries.confirm_address(tx, found.user_id, runtime.clock.now())
            await challenges.discard_all(tx, found.user_id, "verify_email")
    if not done:
        raise _refusal(proof)
    await _forget_count(runtime, counted, client)


async def _check_person(runtime: Runtime, token: str, actor: Actor | None, password: str | None) -> None:
    async with runtime.database.read() as conn:
        found = await challenges.peek(runtime, conn, "verify_email", token)
        user = await queries.user_by_id(conn, found.user_id) if found and found.user_id else None
    if user is None:
        raise InvalidLinkError
    if actor is not None and actor.user_id == user.id:
        return
    if password is None:
        raise PasswordNeededError
    await step_up.check_password(runtime, user, password)


async def _show(runtime: Runtime, tx: Transaction, purpose: Purpose, proof: Proof) -> Challenge | None:
    """What was mailed, used up. The account is locked first: see `queries.user_by_id`."""
    if proof.token is not None:
        known = await challenges.peek(runtime, tx.conn, purpose, proof.token)
        if known is not None and known.user_id is not None:
            await queries.user_by_id(tx.conn, known.user_id, lock=True)
        return await challenges.take(runtime, tx, purpose, proof.token)
    await queries.user_by_email(tx.conn, proof.email or "", lock=True)
    return await challenges.guess(runtime, tx, purpose, email=proof.email or "", code=proof.code or "")


async def _count_code(runtime: Runtime, purpose: Purpose, proof: Proof, client: Client) -> str | None:
    """Count a try at six digits by client and by address; a link's 256 bits need no counting."""
    if proof.token is not None:
        return None
    key = f"{purpose}:{proof.email}"
    await limits.count(runtime.rate_limits, limits.CODES_BY_ADDRESS, limits.address_key(client.address))
    await limits.count(runtime.rate_limits, limits.CODES_BY_ACCOUNT, key)
    return key


async def _forget_count(runtime: Runtime, counted: str | None, client: Client) -> None:
    if counted is not None:
        await runtime.rate_limits.refund(limits.CODES_BY_ADDRESS, limits.address_key(client.address))
        await runtime.rate_limits.reset(limits.CODES_BY_ACCOUNT, counted)


def _refusal(proof: Proof) -> InvalidLinkError | InvalidCodeError:
    return InvalidCodeError() if proof.token is None else InvalidLinkError()
