"""Between a password that a directory checks and a session: what is asked for, and what a session begins with."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from mdreader.db.engine import Transaction
from mdreader.features.accounts import challenges
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.directory import queries as kept
from mdreader.features.accounts.directory.people import admit, links_that_are_over
from mdreader.features.accounts.directory.refusals import directory_of
from mdreader.features.accounts.directory.sealing import seal, seal_json, unseal_json
from mdreader.features.accounts.signing_in import SECOND_STEP_SECONDS, Grant, Method, SecondStep, begin_session
from mdreader.ports.directory import CodeNeeded, SignedIn
from mdreader.runtime import Runtime

MAIL_CODE: Final = "accounts.directory_mail_code"
_STEP: Final = "second step"


async def ask(
    runtime: Runtime, tx: Transaction, ask_for: Method, *, method: str, state: dict[str, Any], email: str
) -> tuple[SecondStep, challenges.Issued]:
    """Ask for a second step. `state` is what it takes to go on, and is sealed: nothing of it goes through the browser."""
    data = {"method": method, "directory": seal_json(runtime.secret, state, purpose=_STEP)}
    issued = await challenges.issue(
        runtime,
        tx,
        "second_step",
        user_id=None,
        email=email,
        with_code=ask_for == "email_code",
        data=data,
        seconds=SECOND_STEP_SECONDS,
    )
    return SecondStep(issued.token, (ask_for,)), issued


def state_of(runtime: Runtime, found: challenges.Challenge | None) -> dict[str, Any] | None:
    """What `ask` was given; None for a step that is over, or not the directory's."""
    sealed = found.data.get("directory") if found else None
    return None if sealed is None else unseal_json(runtime.secret, sealed, purpose=_STEP)


async def mail_code_later(runtime: Runtime, tx: Transaction, challenge_id: str, client: Client) -> None:
    """Have a code mailed for a step, by a job: the answer takes as long for an address that is taken as for one that is not."""
    payload = {
        "challenge_id": challenge_id,
        "address": client.address,
        "user_agent": client.user_agent,
        "base": client.base,
    }
    await runtime.jobs.enqueue(tx, MAIL_CODE, payload)


async def check(
    runtime: Runtime, email: str, password: str, *, method: str, client: Client, name: str | None = None
) -> Grant | SecondStep:
    """Let the directory check a password. `name` is what somebody who just signed up is called: a pool may keep that from its tokens."""
    outcome = await directory_of(runtime).passwords.log_in(email, password)
    if isinstance(outcome, CodeNeeded):
        async with runtime.database.write() as tx:
            return (await ask(runtime, tx, "totp", method=method, state={"state": outcome.state}, email=email))[0]
    if name is not None:
        outcome = replace(outcome, profile=replace(outcome.profile, name=name))
    return await begin(runtime, outcome, method=method, client=client)


async def begin(runtime: Runtime, signed_in: SignedIn, *, method: str, client: Client) -> Grant:
    """Begin a session here for somebody whom the directory has let in."""
    try:
        return await _try_to_begin(runtime, signed_in, method=method, client=client)
    except IntegrityError:
        # The same person came in for the first time twice at once; now there is the account.
        return await _try_to_begin(runtime, signed_in, method=method, client=client)


async def _try_to_begin(runtime: Runtime, signed_in: SignedIn, *, method: str, client: Client) -> Grant:
    profile = signed_in.profile
    over = await links_that_are_over(runtime, profile.subject, profile.email)
    async with runtime.database.write() as tx:
        user = await admit(runtime, tx, directory_of(runtime).issuer, profile, over=over)
        grant = await begin_session(runtime, tx, user, method=method, client=client)
        if signed_in.refresh_token is not None:
            sealed = seal(runtime.secret, signed_in.refresh_token, purpose=grant.session_id)
            await kept.keep(tx, grant.session_id, sealed)
    return grant
