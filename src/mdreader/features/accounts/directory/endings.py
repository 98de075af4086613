"""Sessions that end here end in the directory too, by jobs: it may not answer at this moment, and ours end whether or not it does."""

from base64 import b64decode, b64encode
from collections.abc import Collection
from typing import Final

from mdreader.db.engine import Transaction
from mdreader.features.accounts.directory import queries
from mdreader.features.accounts.directory.sealing import unseal
from mdreader.ports.directory import DirectoryRefusedError
from mdreader.runtime import Runtime

END: Final = "accounts.directory_end"
END_ALL: Final = "accounts.directory_end_all"


async def end_there(runtime: Runtime, tx: Transaction, session_ids: Collection[str]) -> None:
    """Have the directory end what it gave for these sessions."""
    if runtime.directory is None or not session_ids:
        return
    for session_id, sealed in await queries.kept_of(tx.conn, session_ids):
        payload = {"session_id": session_id, "sealed": b64encode(sealed).decode()}
        await runtime.jobs.enqueue(tx, END, payload, unique_key=session_id)


async def end_all_there(
    runtime: Runtime, tx: Transaction, user_id: str, session_ids: Collection[str], *, everywhere: bool
) -> None:
    """As `end_there`, and refuse every token that the directory gave this user until now; `everywhere`: have it end them all."""
    if runtime.directory is None:
        return
    issuer = runtime.directory.issuer
    await end_there(runtime, tx, session_ids)
    await queries.sign_out_before(tx, issuer=issuer, user_id=user_id, now=runtime.clock.now())
    for subject in await queries.subjects_of(tx.conn, issuer, user_id) if everywhere else ():
        await runtime.jobs.enqueue(tx, END_ALL, {"subject": subject})


async def end(runtime: Runtime, session_id: str, sealed: str) -> None:
    """Do what `end_there` asked for."""
    token = unseal(runtime.secret, b64decode(sealed), purpose=session_id)
    if runtime.directory is not None and token is not None:
        try:
            await runtime.directory.sessions.end(token)
        except DirectoryRefusedError as error:
            if error.reason == "too_many":
                raise
            # It is over there already.


async def end_all(runtime: Runtime, subject: str) -> None:
    """Do what `end_all_there` asked for."""
    if runtime.directory is not None:
        try:
            await runtime.directory.sessions.end_all(subject)
        except DirectoryRefusedError as error:
            if error.reason == "too_many":
                raise
            # The account is gone there.
