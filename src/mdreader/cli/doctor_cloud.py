"""`mdreader doctor --cloud`: tries out every permission and setting that the services of a fleet need."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mdreader.bootstrap.credentials import Credentials, open_secrets
from mdreader.bootstrap.database import on_postgres, postgres_address
from mdreader.db.postgres_address import AddressError
from mdreader.kernel.findings import Finding
from mdreader.settings import Settings, SettingsError

if TYPE_CHECKING:
    from mdreader.adapters.checks_aws import Checks

_ON_AWS = (
    "secrets_arn",
    "aws_s3_bucket",
    "sns_topic_arn",
    "jobs_queue_url",
    "ses_events_queue_url",
    "ses_events_topic_arn",
    "cognito_user_pool_id",
)


def examine_cloud(settings: Settings) -> Iterator[Finding]:
    """All findings about what the settings choose, in the order in which a start needs them."""
    checks = None
    if uses_aws(settings):
        checks = _checks(settings)
        if checks is None:
            yield Finding(
                "fail",
                "aws",
                "its library is not installed",
                "pip install 'mdreader[aws]', or make fleet in a checkout",
            )
            return
        known = list(checks.caller())
        yield from known
        if any(finding.state == "fail" for finding in known):
            checks = None  # without credentials everything else of AWS would say the same
        elif settings.secrets_arn is not None:
            known = list(checks.secret(settings.secrets_arn))
            yield from known
        if settings.secrets_arn is not None and any(finding.state == "fail" for finding in known):
            return  # what stands in it decides on the rest
    try:
        credentials = asyncio.run(_complete(settings))
    except SettingsError as error:
        text = "; ".join(str(error).splitlines())
        yield Finding("fail", "secret", text, "docs/settings.md says what each value may be.")
        return
    yield from examine_database(credentials)
    yield from _redis(credentials.settings)
    yield from _missing(credentials.settings)
    if checks is not None:
        yield from _services(checks, credentials)
    if not any((uses_aws(settings), on_postgres(credentials.settings), settings.redis_url)):
        yield Finding("ok", "cloud", "the settings choose nothing of it")


def _checks(settings: Settings) -> "Checks | None":
    try:
        from mdreader.adapters.aws import Aws
        from mdreader.adapters.checks_aws import Checks
    except ModuleNotFoundError:
        return None
    return Checks(Aws(settings.aws_region, settings.aws_endpoint_url))


def uses_aws(settings: Settings) -> bool:
    """Whether the settings choose anything of AWS."""
    by_name = any(getattr(settings, name) for name in _ON_AWS)
    return by_name or settings.identity == "cognito" or (settings.mail_url or "").startswith("ses:")


async def _complete(settings: Settings) -> Credentials:
    async with open_secrets(settings) as credentials:
        return credentials


def examine_database(credentials: Credentials) -> Iterator[Finding]:
    """DATABASE_URL, when it is PostgreSQL."""
    if not on_postgres(credentials.settings):
        return
    try:
        from mdreader.adapters.checks_postgres import check_postgres

        address = postgres_address(credentials.settings, credentials.rotating)
        yield from asyncio.run(check_postgres(address))
    except AddressError as error:
        yield Finding("fail", "postgresql", str(error), "docs/settings.md says how it is written.")
    except ModuleNotFoundError:
        yield Finding(
            "fail",
            "postgresql",
            "its driver is not installed",
            "pip install 'mdreader[postgres]', or make fleet in a checkout",
        )


def _missing(settings: Settings) -> Iterator[Finding]:
    """What several servers need and no setting names."""
    if not on_postgres(settings):
        return
    if settings.aws_s3_bucket is None:
        advice = "Set AWS_S3_BUCKET: several servers need one place; a single one does without."
        yield Finding("warn", "files", "they lie in a folder of each server's own", advice)
    if settings.redis_url is None and "pooler=transaction" in (settings.database_url or ""):
        advice = "Set REDIS_URL: behind a pooler servers cannot hear one another through PostgreSQL."
        yield Finding("fail", "redis", "several servers would hear nothing of each other", advice)
    if settings.identity == "cognito" and settings.mail_url is None:
        advice = "Set MAIL_URL: some codes and every link come from here, and not from the pool."
        yield Finding("warn", "mail", "it stays in the outbox", advice)


def _redis(settings: Settings) -> Iterator[Finding]:
    if settings.redis_url is None:
        return
    try:
        from mdreader.adapters.checks_redis import check_redis
    except ModuleNotFoundError:
        yield Finding(
            "fail",
            "redis",
            "its library is not installed",
            "pip install 'mdreader[redis]', or make fleet in a checkout",
        )
        return
    yield from asyncio.run(check_redis(settings.redis_url))


def _services(checks: "Checks", credentials: Credentials) -> Iterator[Finding]:
    settings = credentials.settings
    if settings.aws_s3_bucket is not None:
        yield from checks.bucket(settings.aws_s3_bucket, settings.public_url)
    if (settings.mail_url or "").startswith("ses:") and settings.email_from is not None:
        yield from checks.mail(settings.email_from)
    if settings.jobs_queue_url is not None:
        yield from checks.bell(settings.jobs_queue_url)
    if settings.ses_events_queue_url is not None:
        yield from checks.queue(settings.ses_events_queue_url)
    if settings.ses_events_topic_arn is not None:
        yield from checks.reports(settings.ses_events_topic_arn)
    if settings.sns_topic_arn is not None:
        yield from checks.topic(settings.sns_topic_arn)
    if settings.cognito_user_pool_id is not None and settings.cognito_client_id is not None:
        callback = None
        if settings.cognito_domain is not None:
            callback = f"{settings.public_url or ''}/api/auth/oidc/cognito/callback"
        yield from checks.user_pool(
            settings.cognito_user_pool_id,
            settings.cognito_client_id,
            has_secret=credentials.secrets.get("cognito_client_secret") is not None,
            callback=callback,
        )
