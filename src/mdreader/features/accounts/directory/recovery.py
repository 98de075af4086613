"""A forgotten password, where a directory keeps it."""

from mdreader.features.accounts import challenges, limits, queries
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.codes.service import Proof
from mdreader.features.accounts.directory import queries as kept
from mdreader.features.accounts.directory.refusals import directory_of, told
from mdreader.features.accounts.errors import InvalidLinkError
from mdreader.features.accounts.signing_in import end_keys_and_tell, end_sessions
from mdreader.ports.directory import DirectoryRefusedError
from mdreader.runtime import Runtime


async def mail_reset(runtime: Runtime, email: str, client: Client) -> None:
    """Have the directory mail a code that sets a new password, if it knows the address."""
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ADDRESS, limits.address_key(client.address))
    await limits.count(runtime.rate_limits, limits.MAILS_BY_ACCOUNT, f"password_reset:{email}")
    try:
        await directory_of(runtime).recovery.forgot(email)
    except DirectoryRefusedError as error:
        raise told(error) from error


async def reset_password(runtime: Runtime, proof: Proof, password: str, client: Client, *, revoke_keys: bool) -> None:
    """Set a new password with a mailed code, and end every session of whoever has it there, by whatever address they go here."""
    if proof.email is None or proof.code is None:
        raise InvalidLinkError
    directory = directory_of(runtime)
    await limits.count(runtime.rate_limits, limits.CODES_BY_ADDRESS, limits.address_key(client.address))
    await limits.count(runtime.rate_limits, limits.CODES_BY_ACCOUNT, f"password_reset:{proof.email}")
    try:
        subject = await directory.recovery.reset(proof.email, "".join(proof.code.split()), password)
    except DirectoryRefusedError as error:
        raise told(error) from error
    async with runtime.database.write() as tx:
        known = await kept.find(tx.conn, directory.issuer, subject)
        user = await queries.user_by_id(tx.conn, known.user_id) if known else None
        if user is not None:
            await end_sessions(runtime, tx, user.id)
            await challenges.discard_all(tx, user.id, "magic_link", "second_step")
            await end_keys_and_tell(runtime, tx, user, client, revoke_keys=revoke_keys)
    await runtime.rate_limits.refund(limits.CODES_BY_ADDRESS, limits.address_key(client.address))
    await runtime.rate_limits.reset(limits.CODES_BY_ACCOUNT, f"password_reset:{proof.email}")
