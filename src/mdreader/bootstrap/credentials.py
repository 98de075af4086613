"""Credentials: those of the environment, and those that are kept elsewhere."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from mdreader.adapters.secrets_environment import EnvironmentSecrets, FirstOf
from mdreader.bootstrap.extras import check_extras
from mdreader.ports.secrets import Secrets, database_url
from mdreader.settings import Settings, SettingsError, completed


@dataclass(frozen=True, slots=True)
class Credentials:
    """`settings` with what was kept elsewhere; where single credentials are asked for; those of them that rotate, if any do."""

    settings: Settings
    secrets: Secrets
    rotating: Secrets | None = None


@asynccontextmanager
async def open_secrets(settings: Settings) -> AsyncIterator[Credentials]:
    """The credentials that are kept elsewhere. Raises `SettingsError`."""
    check_extras(settings)
    environment = EnvironmentSecrets(os.environ)
    if settings.secrets_arn is None:
        yield Credentials(settings, environment)
        return
    from mdreader.adapters.aws import Aws
    from mdreader.adapters.secrets_aws import AwsSecrets, SecretsUnreadableError

    client = Aws(settings.aws_region, settings.aws_endpoint_url).client("secretsmanager")
    kept = AwsSecrets(client, settings.secrets_arn)
    try:
        values = await asyncio.to_thread(kept.load)
    except SecretsUnreadableError as error:
        raise SettingsError(str(error)) from None
    complete = completed(settings, values)
    address = database_url(complete.database_url, kept)
    if address != complete.database_url:
        complete = complete.model_copy(update={"database_url": address})
    check_extras(complete)  # what is kept there may choose more
    async with kept.running():
        yield Credentials(complete, FirstOf(kept, environment), kept)
