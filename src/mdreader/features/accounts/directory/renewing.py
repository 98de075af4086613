"""The directory's own tokens behind a session of ours: renewed to ask whether it still lets somebody in, and to act for them there."""

from mdreader.features.accounts import queries, step_up
from mdreader.features.accounts.directory import queries as kept
from mdreader.features.accounts.directory.refusals import directory_of
from mdreader.features.accounts.directory.sealing import seal, unseal
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import UnauthenticatedError
from mdreader.ports.directory import DirectoryRefusedError, SignedIn
from mdreader.runtime import Runtime


async def renew(runtime: Runtime, session_id: str) -> SignedIn | None:
    """New tokens for the person of a session; None when the directory gave none for it. Raises `DirectoryRefusedError`."""
    directory = directory_of(runtime)
    async with runtime.database.read() as conn:
        found = await kept.kept(conn, session_id)
        subjects = [] if found is None else await kept.subjects_of(conn, directory.issuer, found.user_id)
    sealed = None if found is None else found.refresh_token
    token = None if sealed is None else unseal(runtime.secret, sealed, purpose=session_id)
    if token is None or not subjects:
        return None
    refused: DirectoryRefusedError | None = None
    for subject in subjects:  # nearly always one
        try:
            return await directory.sessions.refresh(token, subject)
        except DirectoryRefusedError as error:
            if error.reason == "too_many":
                raise
            refused = error
    assert refused is not None  # noqa: S101 - there was a subject
    raise refused


async def keep_newer(runtime: Runtime, session_id: str, signed_in: SignedIn) -> None:
    """Store the refresh token that came, where the directory gives another each time."""
    if signed_in.refresh_token is not None:
        async with runtime.database.write() as tx:
            await kept.keep_newer(tx, session_id, seal(runtime.secret, signed_in.refresh_token, purpose=session_id))


async def access_token(runtime: Runtime, actor: Actor) -> str:
    """A fresh access token of the directory for this session; who came in another way signs in with the password first."""
    session_id = actor.session_id or ""
    async with runtime.database.read() as conn:
        if await queries.live_session(conn, session_id, runtime.clock.now()) is None:
            raise UnauthenticatedError("The session is over. Log in again.")
    try:
        signed_in = await renew(runtime, session_id)
    except DirectoryRefusedError as error:
        raise step_up.needs_password() from error
    if signed_in is None:
        raise step_up.needs_password()
    await keep_newer(runtime, session_id, signed_in)
    return signed_in.access_token
