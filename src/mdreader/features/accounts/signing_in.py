"""How every way of signing in ends: with a session, or with the question for a second factor."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from mdreader.db.engine import Transaction
from mdreader.features.accounts import challenges, mails, queries
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.directory import endings
from mdreader.features.accounts.identity import identity_of
from mdreader.features.accounts.oidc.linking import NewIdentity, link
from mdreader.features.accounts.overview.queries import count_identities, count_passkeys
from mdreader.features.accounts.second_factor import queries as second_factors
from mdreader.features.accounts.tokens import REFRESH_SECONDS
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import UnauthenticatedError
from mdreader.kernel.events import SessionEnded
from mdreader.kernel.ids import new_id
from mdreader.runtime import Runtime

USER_AGENT_CHARACTERS = 256
SECOND_STEP_SECONDS = 10 * 60

Method = Literal["totp", "recovery_code", "email_code"]


@dataclass(frozen=True, slots=True)
class Grant:
    """A session's newest tokens and whose they are."""

    user_id: str
    email: str
    name: str
    session_id: str
    access_token: str
    refresh_token: str


@dataclass(frozen=True, slots=True)
class SecondStep:
    """There is no session yet: one of `methods` must be shown with `token`."""

    token: str
    methods: tuple[Method, ...]


async def sign_in(
    runtime: Runtime,
    tx: Transaction,
    user: queries.User,
    *,
    method: str,
    client: Client,
    identity: NewIdentity | None = None,
) -> Grant | SecondStep:
    """End a way of signing in whose first factor was shown.

    An authenticator app is asked for after everything but a passkey, which is two factors itself. A password that nobody has shown
    together with the address (see `claim_address`), or whose address must be confirmed first, needs a code that is mailed there.
    `identity` was shown for the first time and is linked with the last factor.
    """
    if method == "passkey":
        return await begin_session(runtime, tx, user, method=method, client=client)
    if await second_factors.is_enabled(tx.conn, user.id):
        return await _ask_for_code_of_app(runtime, tx, user, method, identity)
    if method in {"password", "signup"} and needs_mailed_code(runtime, user):
        return await ask_for_mailed_code(runtime, tx, user_id=user.id, email=user.email, method=method, client=client)
    if identity is not None:
        await link(runtime, tx, identity, user_id=user.id, email=user.email, client=client)
    return await begin_session(runtime, tx, user, method=method, client=client)


def needs_mailed_code(runtime: Runtime, user: queries.User) -> bool:
    """Whether the password alone opens nothing: nobody has shown it together with the address yet."""
    unconfirmed = runtime.policy.email_verification_required and user.email_verified_at is None
    return user.password_unproven or unconfirmed


async def _ask_for_code_of_app(
    runtime: Runtime, tx: Transaction, user: queries.User, method: str, identity: NewIdentity | None
) -> SecondStep:
    data = {"method": method, "identity": None if identity is None else asdict(identity)}
    issued = await challenges.issue(runtime, tx, "second_step", user_id=user.id, data=data, seconds=SECOND_STEP_SECONDS)
    return SecondStep(issued.token, ("totp", "recovery_code"))


async def ask_for_mailed_code(
    runtime: Runtime, tx: Transaction, *, user_id: str | None, email: str, method: str, client: Client
) -> SecondStep:
    """Mail a code and ask for it. Without a `user_id` no code is right, and the mail is the caller's matter."""
    issued = await challenges.issue(
        runtime,
        tx,
        "second_step",
        user_id=user_id,
        email=email,
        with_code=True,
        data={"method": method},
        seconds=SECOND_STEP_SECONDS,
    )
    if user_id is not None:
        await mail_code(runtime, tx, email, client, issued.code)
    return SecondStep(issued.token, ("email_code",))


async def mail_code(runtime: Runtime, tx: Transaction, email: str, client: Client, code: str) -> None:
    """Mail the code of a second step."""
    data = {"code": code, "minutes": SECOND_STEP_SECONDS // 60}
    await mails.send(runtime, tx, "sign_in_code", to=email, client=client, data=data)


async def hold_session(runtime: Runtime, tx: Transaction, actor: Actor) -> queries.User:
    """The account of whoever asks, whose session must be alive now and stays so until the transaction ends.

    First in what opens a way in: the session was checked before the transaction, and may have been ended while it waited.
    """
    user = await queries.hold_session(tx, actor.user_id, actor.session_id or "", runtime.clock.now())
    if user is None:
        raise UnauthenticatedError("The session is over. Log in again.")
    return user


async def begin_session(runtime: Runtime, tx: Transaction, user: queries.User, *, method: str, client: Client) -> Grant:
    """Begin a session; every factor was shown."""
    await queries.user_by_id(tx.conn, user.id, lock=True)
    session_id, now = new_id(), runtime.clock.now()
    tokens = identity_of(runtime).tokens
    refresh = tokens.refresh(session_id)
    await queries.insert_session(
        tx,
        session_id=session_id,
        user_id=user.id,
        refresh_hash=refresh.digest,
        user_agent=client.user_agent[:USER_AGENT_CHARACTERS],
        address=client.address,
        method=method,
        now=now,
        expires_at=now + REFRESH_SECONDS * 1000,
    )
    return Grant(user.id, user.email, user.name, session_id, tokens.access(user.id, session_id, now), refresh.text)


async def end_sessions(runtime: Runtime, tx: Transaction, user_id: str, *, keep: str | None = None) -> None:
    """End every session of a user but `keep`, and those that are about to begin: tokens no longer hold, sockets close."""
    await queries.user_by_id(tx.conn, user_id, lock=True)
    await challenges.discard_all(tx, user_id, "second_step")
    ended = await queries.revoke_other_sessions(tx, user_id, keep, runtime.clock.now())
    await endings.end_all_there(runtime, tx, user_id, ended, everywhere=keep is None)
    if ended:
        tx.after_commit(lambda: runtime.fanout.publish(SessionEnded(session_ids=ended)))


async def end_keys(runtime: Runtime, tx: Transaction, user_id: str) -> bool:
    """Revoke every API key of a user, and close its sockets; False when there was none."""
    gone = await queries.revoke_keys(tx, user_id, runtime.clock.now())
    if gone:
        tx.after_commit(lambda: runtime.fanout.publish(SessionEnded(key_ids=gone)))
    return bool(gone)


async def end_keys_and_tell(
    runtime: Runtime, tx: Transaction, user: queries.User, client: Client, *, revoke_keys: bool
) -> None:
    """What goes with a password that was reset: its owner hears of it, whether their keys are gone, and what else still lets in."""
    revoked = revoke_keys and await end_keys(runtime, tx, user.id)
    left = {
        "keys": await queries.count_keys(tx.conn, user.id),
        "passkeys": await count_passkeys(tx.conn, user.id),
        "identities": await count_identities(tx.conn, user.id),
    }
    await mails.notify(runtime, tx, "password_changed", user.email, client, keys_revoked=revoked, left=left)


async def claim_address(runtime: Runtime, tx: Transaction, user: queries.User) -> queries.User:
    """Somebody without a session of the account showed that its address is theirs; the account, for what follows.

    The first time, whoever made the account may be somebody else who put the address there, to wait for its owner. What they
    set up ends: sessions, API keys, passkeys and linked identities; their password opens nothing alone from now on. An account
    with an authenticator app is left as it is: without it nobody gets in, and whoever has it is the one who made the account.
    """
    if user.email_verified_at is not None or await second_factors.is_enabled(tx.conn, user.id):
        return user
    now = runtime.clock.now()
    await queries.confirm_address(tx, user.id, now)
    await queries.doubt_password(tx, user.id)
    await end_sessions(runtime, tx, user.id)
    await queries.forget_other_ways_in(tx, user.id)
    await end_keys(runtime, tx, user.id)
    return user._replace(email_verified_at=now, password_unproven=user.password_hash != "")


def described(step: SecondStep) -> dict[str, Any]:
    """A second step as an address carries it to the page."""
    return {"mfa_token": step.token, "methods": ",".join(step.methods)}
