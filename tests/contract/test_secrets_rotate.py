"""A password of PostgreSQL that is rotated, while the server runs."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from mdreader.adapters.aws import Aws
from mdreader.adapters.secrets_aws import PAUSE_SECONDS
from mdreader.bootstrap.credentials import open_secrets
from mdreader.bootstrap.database import open_database
from mdreader.db.engine import Database
from mdreader.kernel.errors import UnavailableError
from mdreader.settings import Settings, load_settings
from support.aws import REGION
from support.postgres import Postgres

ROLE = "rotating"


@pytest.fixture(scope="module")
def role(postgres: Postgres) -> Iterator[str]:
    postgres.demand_password(ROLE, "first")
    yield ROLE
    postgres.execute(f"DROP OWNED BY {ROLE}", f"DROP ROLE {ROLE}")


class Rotation:
    """The role's password at both ends: in PostgreSQL, and in a secret as RDS keeps it."""

    def __init__(self, endpoint: str, postgres: Postgres, role: str) -> None:
        self._postgres = postgres
        self._client: Any = Aws(REGION, endpoint).client("secretsmanager")
        self._arn: str = self._client.create_secret(Name="database", SecretString="{}")["ARN"]
        self.place = urlsplit(postgres.new_database())
        self.tell("first")
        self.settings = self._settings(endpoint)
        self.change("first")

    def _settings(self, endpoint: str) -> Settings:
        return load_settings(
            database_url=f"postgresql://{self.place.netloc.rpartition('@')[2]}{self.place.path}",
            secrets_arn=self._arn,
            aws_region=REGION,
            aws_endpoint_url=endpoint,
        )

    def tell(self, password: str) -> None:
        """Put it into the secret."""
        self._client.put_secret_value(
            SecretId=self._arn, SecretString=json.dumps({"username": ROLE, "password": password})
        )

    def change(self, password: str) -> None:
        """Change it in PostgreSQL, and end every connection that was made with the old one."""
        self._postgres.execute(
            f"ALTER ROLE {ROLE} PASSWORD '{password}'",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{ROLE}'",  # noqa: S608 - a constant
        )


@pytest.fixture
def rotation(aws_endpoint: str, postgres: Postgres, role: str) -> Rotation:
    return Rotation(aws_endpoint, postgres, role)


async def who(database: Database) -> str:
    async with database.read() as conn:
        return str((await conn.execute(text("SELECT current_user"))).scalar_one())


async def test_a_rotated_password_needs_no_restart(rotation: Rotation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mdreader.adapters.secrets_aws.PAUSE_SECONDS", 0)
    async with open_secrets(rotation.settings) as opened:
        async with open_database(opened.settings, rotating=opened.rotating) as database:
            assert await who(database) == ROLE
            for password in ("second", "third"):
                rotation.tell(password)
                rotation.change(password)
                await until_it_works(database)
                async with database.write() as tx:
                    assert (await tx.conn.execute(text("SELECT 1"))).scalar_one() == 1


async def test_a_password_that_is_wrong_in_both_places_says_so_until_one_is_mended(rotation: Rotation) -> None:
    async with open_secrets(rotation.settings) as opened:
        async with open_database(opened.settings, rotating=opened.rotating) as database:
            rotation.change("nobody was told")
            with pytest.raises(UnavailableError):
                await who(database)
            rotation.tell("nobody was told")

            await until_it_works(database)


async def until_it_works(database: Database) -> None:
    """A connection that was ended is noticed when it is used, so somebody may be told to try again."""

    async def works() -> bool:
        try:
            return await who(database) == ROLE
        except UnavailableError:
            return False

    async with asyncio.timeout(PAUSE_SECONDS + 60):
        while not await works():  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.05)
