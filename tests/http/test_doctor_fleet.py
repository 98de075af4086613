"""`mdreader doctor --cloud` tries out PostgreSQL and Redis, and names what is missing."""

from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from mdreader import tables
from mdreader.kernel.findings import Finding
from support.findings import failures, found, texts
from support.postgres import Postgres
from support.redis import RedisServer


def test_a_postgresql_that_does(postgres: Postgres) -> None:
    findings = found(database_url=postgres.new_database())
    assert [finding for finding in findings if finding.state != "ok"] == [
        Finding(
            "warn",
            "files",
            "they lie in a folder of each server's own",
            "Set AWS_S3_BUCKET: several servers need one place; a single one does without.",
        )
    ]
    assert {finding.subject for finding in findings} == {"postgresql", "migrations", "files"}


def test_a_postgresql_without_its_tables(postgres: Postgres) -> None:
    findings = found(database_url=postgres.new_database(empty=True))
    (migrations,) = [finding for finding in findings if finding.subject == "migrations"]
    assert migrations.state == "warn"
    assert "mdreader migrate" in migrations.advice


def test_a_postgresql_that_is_not_there(postgres: Postgres) -> None:
    findings = found(database_url=f"postgresql://mdreader:hidden@127.0.0.1:{postgres.port}/nowhere")
    (failure,) = failures(findings)
    assert 'database "nowhere" does not exist' in failure
    assert "hidden" not in repr(findings)


@pytest.fixture
def writer(postgres: Postgres) -> Iterator[tuple[str, str]]:
    """The address of a database with its tables, of a role that others grant its rights there; and the database's name."""
    url = postgres.new_database()
    name = url.rpartition("/")[2]
    postgres.execute("CREATE ROLE writer LOGIN")
    yield url.replace("mdreader@", "writer@"), name
    postgres.execute("DROP OWNED BY writer", database=name)
    postgres.execute("DROP ROLE writer")


def test_a_user_who_may_not_change_the_schema(postgres: Postgres, writer: tuple[str, str]) -> None:
    url, name = writer
    postgres.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO writer", database=name)
    findings = found(database_url=url)
    assert failures(findings) == []
    assert texts(findings, "warn", "postgresql") == ["the user may not change the schema"]


def test_a_user_who_lacks_rights_to_tables(postgres: Postgres, writer: tuple[str, str]) -> None:
    url, name = writer
    every = len(tables.metadata.tables)
    failed = failures(found(database_url=url))
    assert failed[-1] == f"postgresql: the user has no UPDATE on api_keys and {every - 1} more"
    assert failed[2] == f"postgresql: the user has no SELECT on alembic_version and {every} more"
    postgres.execute("GRANT SELECT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO writer", database=name)
    postgres.execute("REVOKE UPDATE ON alembic_version FROM writer", database=name)  # servers only read it
    postgres.execute("GRANT INSERT ON ALL TABLES IN SCHEMA public TO writer", database=name)
    postgres.execute("REVOKE INSERT ON users FROM writer", database=name)
    assert failures(found(database_url=url)) == ["postgresql: the user has no INSERT on users"]


def test_a_pooler_without_redis(postgres: Postgres) -> None:
    assert failures(found(database_url=f"{postgres.new_database()}?pooler=transaction")) == [
        "redis: several servers would hear nothing of each other"
    ]


def test_pools_that_take_every_connection(postgres: Postgres) -> None:
    findings = found(database_url=f"{postgres.new_database()}?pool_size=60")
    assert texts(findings, "warn", "postgresql") == ["two servers' pools would take 240 of 200 connections"]


def test_a_redis_that_does(redis_server: RedisServer) -> None:
    findings = found(redis_url=redis_server.new_url())
    assert [finding.state for finding in findings] == ["ok", "ok", "ok"]
    assert findings[0].text.startswith(("Redis ", "Valkey "))


@pytest.fixture
def allowed(redis_server: RedisServer) -> Iterator[Callable[[str], str]]:
    """Make a user of Redis with these rights; the address with which it comes."""
    with Redis.from_url(redis_server.new_url()) as client:

        def allow(rights: str) -> str:
            client.execute_command("ACL", "SETUSER", "writer", "reset", "on", ">word", *rights.split())
            return redis_server.new_url().replace("redis://", "redis://writer:word@")

        yield allow
        client.execute_command("ACL", "DELUSER", "writer")


def test_a_redis_whose_user_may_just_what_is_needed(allowed: Callable[[str], str]) -> None:
    url = allowed("~mdreader:* &mdreader:* +@all -@dangerous +info")  # as the doctor advises
    assert [finding.state for finding in found(redis_url=url)] == ["ok", "ok", "ok"]


@pytest.mark.parametrize(
    ("rights", "denied"),
    [
        ("~mdreader:* &mdreader:* +@all -zadd -publish", ["ZADD", "PUBLISH"]),
        ("~mdreader:* &mdreader:* +@all -@scripting", ["EVALSHA and SCRIPT LOAD"]),
        ("~mdreader:* &other:* +@all", ["PUBLISH", "SUBSCRIBE"]),
        ("~* &* +@all -ping", ["PING"]),
    ],
)
def test_each_command_that_a_user_of_redis_may_not_is_named(
    allowed: Callable[[str], str], rights: str, denied: list[str]
) -> None:
    failed = failures(found(redis_url=allowed(rights)))
    assert [line.removeprefix("redis: the user may not ").partition(":")[0] for line in failed] == denied


def test_a_redis_whose_version_may_not_be_seen(allowed: Callable[[str], str]) -> None:
    findings = found(redis_url=allowed("~mdreader:* &mdreader:* +@all -@dangerous"))
    assert failures(findings) == []
    assert texts(findings, "warn", "redis") == ["its version cannot be seen"]


def test_a_redis_that_is_not_there() -> None:
    assert failures(found(redis_url="redis://127.0.0.1:9/0")) == ["redis: no answer: ConnectionError"]
