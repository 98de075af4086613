"""Who keeps the accounts, and where people may have one that lets them in here."""

from dataclasses import replace
from functools import partial

from mdreader.db.engine import Database
from mdreader.features.accounts.directory.identity import DirectoryIdentity
from mdreader.features.accounts.identity import EmbeddedIdentity
from mdreader.features.accounts.oidc.providers import Provider, github, google
from mdreader.kernel.clock import Clock
from mdreader.ports.directory import Directory
from mdreader.ports.secrets import Secrets
from mdreader.settings import Settings


def sign_in_providers(settings: Settings) -> list[Provider]:
    """Where people may have an account that lets them in here."""
    found = []
    if settings.google_client_id and settings.google_client_secret:
        found.append(google(settings.google_client_id, settings.google_client_secret))
    if settings.github_client_id and settings.github_client_secret:
        found.append(github(settings.github_client_id, settings.github_client_secret))
    return found + [Provider(**one.model_dump()) for one in settings.oidc_providers]


def make_directory(settings: Settings, secrets: Secrets, clock: Clock) -> Directory | None:
    """Who keeps the accounts, when that is not mdreader itself."""
    pool_id, client_id = settings.cognito_user_pool_id, settings.cognito_client_id
    if settings.identity != "cognito" or pool_id is None or client_id is None:
        return None
    from mdreader.adapters.aws import Aws
    from mdreader.adapters.cognito_pool import CognitoPool
    from mdreader.adapters.cognito_tokens import CognitoTokens, PublishedKeys

    region = settings.aws_region or pool_id.partition("_")[0]
    issuer = cognito_issuer(settings)
    tokens = CognitoTokens(issuer=issuer, client_id=client_id, keys=PublishedKeys(f"{issuer}/.well-known/jwks.json"))
    pool = CognitoPool(
        Aws(region, settings.aws_endpoint_url).client("cognito-idp"),
        pool_id=pool_id,
        client_id=client_id,
        client_secret=lambda: secrets.get("cognito_client_secret"),
        tokens=tokens,
        clock=clock,
    )
    return Directory(issuer, passwords=pool, recovery=pool, second_factor=pool, sessions=pool, tokens=tokens)


def cognito_issuer(settings: Settings) -> str:
    """What the pool calls itself in its tokens."""
    pool_id = settings.cognito_user_pool_id or ""
    region = pool_id.partition("_")[0]
    return settings.cognito_issuer or f"https://cognito-idp.{region}.amazonaws.com/{pool_id}"


def make_identity(
    settings: Settings,
    secrets: Secrets,
    directory: Directory | None,
    *,
    database: Database,
    clock: Clock,
    secret: bytes,
) -> EmbeddedIdentity:
    """Who turns credentials into people: mdreader's own accounts, or those of `directory`."""
    if directory is None:
        providers = [
            replace(one, newest_secret=partial(secrets.get, f"{one.id}_client_secret"))
            for one in sign_in_providers(settings)
        ]
        return EmbeddedIdentity(database=database, clock=clock, secret=secret, providers=providers)
    hosted = []
    if settings.cognito_domain is not None:
        # Its pages, and every provider that the pool knows; the pool's own description says where they are.
        client_secret = secrets.get("cognito_client_secret") or ""
        hosted = [
            Provider(
                "cognito",
                "Single sign-on",
                directory.issuer,
                settings.cognito_client_id or "",
                client_secret,
                newest_secret=partial(secrets.get, "cognito_client_secret"),
            )
        ]
    return DirectoryIdentity(directory, database=database, clock=clock, secret=secret, providers=hosted)
