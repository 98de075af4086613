"""What every adapter of `ports.secrets` does, and what a rotation does to the one that can change."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mdreader.adapters.aws import Aws
from mdreader.adapters.secrets_aws import PAUSE_SECONDS, AwsSecrets, SecretsUnreadableError
from mdreader.adapters.secrets_environment import EnvironmentSecrets, FirstOf
from mdreader.bootstrap.credentials import open_secrets
from mdreader.ports.secrets import Secrets, database_url
from mdreader.settings import SettingsError, load_settings
from support.aws import REGION
from support.clock import FakeTime

VALUES = {"google_client_secret": "first", "username": "writer", "password": "p@ss/word:1"}


class Kept:
    """A secret at moto."""

    def __init__(self, endpoint: str, values: object) -> None:
        self.client: Any = Aws(REGION, endpoint).client("secretsmanager")
        text = values if isinstance(values, str) else json.dumps(values)
        self.arn: str = self.client.create_secret(Name="mdreader", SecretString=text)["ARN"]

    def rotate(self, values: Mapping[str, object]) -> None:
        self.client.put_secret_value(SecretId=self.arn, SecretString=json.dumps(values))


def _environment(_endpoint: str) -> Secrets:
    return EnvironmentSecrets({name.upper(): value for name, value in VALUES.items()} | {"EMPTY": ""})


def _aws(endpoint: str) -> Secrets:
    kept = Kept(endpoint, VALUES | {"empty": ""})
    made = AwsSecrets(kept.client, kept.arn)
    made.load()
    return made


def _both(endpoint: str) -> Secrets:
    return FirstOf(_aws(endpoint), EnvironmentSecrets({"USERNAME": "the shell's", "EMPTY": ""}))


@pytest.fixture(params=[_environment, _aws, _both])
def secrets(request: pytest.FixtureRequest, aws_endpoint: str) -> Secrets:
    make: Callable[[str], Secrets] = request.param
    return make(aws_endpoint)


async def test_a_value_is_there_by_its_name(secrets: Secrets) -> None:
    assert (secrets.get("google_client_secret"), secrets.get("username")) == ("first", "writer")


async def test_what_is_not_there_or_empty_is_none(secrets: Secrets) -> None:
    assert secrets.get("github_client_secret") is None
    assert secrets.get("empty") is None


async def test_a_refresh_keeps_what_did_not_change(secrets: Secrets) -> None:
    await asyncio.gather(*(secrets.refresh() for _ in range(5)))
    assert secrets.get("password") == VALUES["password"]


def loaded(kept: Kept, time: FakeTime, *, every: float = 300) -> AwsSecrets:
    made = AwsSecrets(kept.client, kept.arn, every=every, now=time)
    made.load()
    return made


async def test_a_refusal_brings_the_rotated_value(aws_endpoint: str) -> None:
    kept, time = Kept(aws_endpoint, VALUES), FakeTime()
    secrets = loaded(kept, time)
    kept.rotate(VALUES | {"password": "second"})
    assert secrets.get("password") == VALUES["password"]
    time.now += PAUSE_SECONDS
    await secrets.refresh()
    assert secrets.get("password") == "second"


async def test_the_timer_brings_the_rotated_value(aws_endpoint: str) -> None:
    kept = Kept(aws_endpoint, VALUES)
    secrets = AwsSecrets(kept.client, kept.arn, every=PAUSE_SECONDS)
    secrets.load()
    kept.rotate(VALUES | {"password": "second"})
    async with secrets.running(), asyncio.timeout(60):
        while secrets.get("password") != "second":  # noqa: ASYNC110 - the timer is what is looked at
            await asyncio.sleep(0.05)


async def test_many_who_are_refused_ask_once(aws_endpoint: str) -> None:
    kept, time = Kept(aws_endpoint, VALUES), FakeTime()
    secrets = loaded(kept, time)
    asked = 0
    real = kept.client.get_secret_value

    def counted(**options: Any) -> Any:
        nonlocal asked
        asked += 1
        return real(**options)

    kept.client.get_secret_value = counted
    time.now += PAUSE_SECONDS
    await asyncio.gather(*(secrets.refresh() for _ in range(50)))
    assert asked == 1


async def test_a_service_that_is_down_leaves_the_old_values(aws_endpoint: str) -> None:
    kept, time = Kept(aws_endpoint, VALUES), FakeTime()
    secrets = loaded(kept, time)
    kept.client.delete_secret(SecretId=kept.arn, ForceDeleteWithoutRecovery=True)
    time.now += PAUSE_SECONDS
    await secrets.refresh()
    assert secrets.get("password") == VALUES["password"]


@pytest.mark.parametrize("text", ["not json", "[1]", '"hunter2"'])
async def test_a_secret_that_is_no_object_says_so_without_its_text(aws_endpoint: str, text: str) -> None:
    kept = Kept(aws_endpoint, text)
    with pytest.raises(SecretsUnreadableError, match="not a JSON object") as caught:
        AwsSecrets(kept.client, kept.arn).load()
    assert text not in str(caught.value)


async def test_a_start_takes_what_the_settings_leave_open(aws_endpoint: str) -> None:
    kept = Kept(aws_endpoint, {"DATABASE_URL": "postgresql://a:b@db/x", "email_from": "it@example.org", "port": 5432})
    where = {"aws_region": REGION, "aws_endpoint_url": aws_endpoint, "secrets_arn": kept.arn}
    settings = load_settings(**where, email_from="us@example.org", signup="closed", port=8123)
    async with open_secrets(settings) as opened:
        complete, secrets = opened.settings, opened.secrets
        assert complete.database_url == "postgresql://a:b@db/x"
        assert (complete.email_from, complete.signup, complete.port) == ("us@example.org", "closed", 8123)
        assert secrets.get("database_url") == "postgresql://a:b@db/x"


async def test_a_start_without_its_secret_says_what_to_do(aws_endpoint: str) -> None:
    arn = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:none"
    settings = load_settings(aws_region=REGION, aws_endpoint_url=aws_endpoint, secrets_arn=arn)
    with pytest.raises(SettingsError, match=r"ResourceNotFoundException.*secretsmanager:GetSecretValue"):
        async with open_secrets(settings):
            pass


FULL = {"engine": "postgres", "host": "db.internal", "port": "6000", "dbname": "notes"} | VALUES
LOGIN = "writer:p%40ss%2Fword%3A1"


@pytest.mark.parametrize(
    ("configured", "values", "expected"),
    [
        (None, {}, None),
        (None, VALUES, None),
        (None, FULL, f"postgresql://{LOGIN}@db.internal:6000/notes"),
        (None, FULL | {"engine": "mysql"}, None),
        (None, {"host": "db"} | VALUES, f"postgresql://{LOGIN}@db:5432/postgres"),
        ("postgresql://db:5433/x?sslmode=require", VALUES, f"postgresql://{LOGIN}@db:5433/x?sslmode=require"),
        ("postgresql://old@db/x", VALUES, f"postgresql://{LOGIN}@db/x"),
        ("postgresql://me:mine@db/x", FULL, f"postgresql://{LOGIN}@db/x"),
        ("postgresql://me:mine@db/x", {"google_client_secret": "x"}, "postgresql://me:mine@db/x"),
        ("postgresql://db/x", {}, "postgresql://db/x"),
        ("sqlite:///x", FULL, "sqlite:///x"),
        (None, {"database_url": "postgresql://a:b@c/d"}, "postgresql://a:b@c/d"),
        ("postgresql://real/x", {"database_url": "postgresql://a:b%2F@c/d"}, "postgresql://a:b%2F@real/x"),
    ],
)
def test_the_address_of_the_database(configured: str | None, values: dict[str, str], expected: str | None) -> None:
    secrets = EnvironmentSecrets({name.upper(): value for name, value in values.items()})
    assert database_url(configured, secrets) == expected
