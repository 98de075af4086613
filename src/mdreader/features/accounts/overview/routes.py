"""HTTP routes of what can be signed in with."""

from fastapi import APIRouter

from mdreader.features.accounts import queries, service
from mdreader.features.accounts.answers import BY_PERSON, ExchangeDep
from mdreader.features.accounts.current import SessionActor
from mdreader.features.accounts.directory.standing import standing_of
from mdreader.features.accounts.identity import identity_of
from mdreader.features.accounts.overview.queries import count_identities, count_passkeys
from mdreader.features.accounts.overview.schemas import OptionsOut, ProviderOut, SecurityOut, TotpOut
from mdreader.features.accounts.public_address import passkey_domain
from mdreader.features.accounts.second_factor import queries as second_factors
from mdreader.http.dependencies import ReadDep, RuntimeDep

router = APIRouter()


@router.get("/auth/options", operation_id="read_sign_in_options")
async def read_sign_in_options(exchange: ExchangeDep, conn: ReadDep) -> OptionsOut:
    """How one can sign in here; the page shows only that."""
    runtime, policy = exchange.runtime, exchange.runtime.policy
    first_run = not await queries.has_users(conn)
    return OptionsOut(
        signup_open=policy.signup_open or first_run,
        first_run=first_run,
        email_verification="required" if policy.email_verification_required or runtime.directory else "off",
        mail="outbox" if runtime.mail.kept_here else "sent",
        passkeys=passkey_domain(exchange.client.base) is not None,
        providers=[
            ProviderOut(id=one.provider.id, name=one.provider.name) for one in identity_of(runtime).providers.values()
        ],
    )


@router.get("/me/security", operation_id="read_security", responses=BY_PERSON)
async def read_security(actor: SessionActor, runtime: RuntimeDep, conn: ReadDep) -> SecurityOut:
    """What lets me in."""
    user = await service.read_profile(conn, actor)
    standing = await standing_of(runtime, user.id)
    return SecurityOut(
        email=user.email,
        email_verified=user.email_verified_at is not None,
        has_password=user.has_password or standing is not None,
        totp=TotpOut(
            enabled=await second_factors.is_enabled(conn, user.id) if standing is None else standing.totp,
            recovery_codes_left=await second_factors.count_recovery_codes(conn, user.id),
        ),
        passkeys=await count_passkeys(conn, user.id),
        identities=await count_identities(conn, user.id),
    )
