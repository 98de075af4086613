"""A commit whose answer is lost may have succeeded: whoever would have been told of it looks again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from collab.conftest import make_team
from mdreader.db import doubts
from mdreader.db.postgres import PostgresDatabase
from mdreader.db.postgres_address import parse_address
from mdreader.kernel.errors import UnavailableError
from support.chaos import ChaosProxy
from support.postgres import Postgres
from support.server import Server
from support.waiting import eventually
from support.yclient import connected

# A commit that takes its time: a check that waits until the end of the transaction.
SLOW = """
    CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slowly AFTER INSERT OR UPDATE OR DELETE ON {table}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slowly()
    """
COMMITTING = (
    "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query ILIKE 'COMMIT%' AND pid <> pg_backend_pid()"
)


@pytest.fixture
def way(postgres: Postgres) -> Iterator[ChaosProxy]:
    """The way to PostgreSQL."""
    with ChaosProxy(postgres.port) as proxy:
        yield proxy


def through(way: ChaosProxy, postgres: Postgres, url: str) -> str:
    return url.replace(f":{postgres.port}/", f":{way.port}/")


async def cut_while_it_commits(postgres: Postgres, way: ChaosProxy, name: str) -> None:
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(postgres.execute, COMMITTING, database=name):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await asyncio.to_thread(way.cut)


async def test_whoever_waits_for_a_commit_hears_that_it_is_in_doubt(
    postgres: Postgres, way: ChaosProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubts, "AGAIN", (0.05, 1.0))
    url = postgres.new_database(empty=True)
    name = url.rpartition("/")[2]
    postgres.execute("CREATE TABLE kept (n int)", *SLOW.format(table="kept").split(";\n"), database=name)
    database = PostgresDatabase(parse_address(through(way, postgres, url)))
    told: list[str] = []
    database.doubts.subscribe(lambda: told.append("doubt"))

    async def insert(number: int) -> None:
        async with database.write() as tx:
            await tx.conn.execute(text("INSERT INTO kept VALUES (:n)"), {"n": number})
            tx.after_commit(lambda: told.append(f"{number}"))

    try:
        await insert(1)
        assert told == ["1"]
        with pytest.raises(UnavailableError):
            await asyncio.gather(insert(2), cut_while_it_commits(postgres, way, name))
        assert "2" not in told
        assert told[1] == "doubt"
        way.heal()
        heard = told.count("doubt")
        count = "SELECT 1 FROM kept WHERE n = 2"
        async with asyncio.timeout(20):
            while not await asyncio.to_thread(postgres.execute, count, database=name):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await eventually(lambda: told.count("doubt") > heard, "word after it was committed all the same")
    finally:
        await database.close()


async def test_a_transaction_that_was_refused_is_in_no_doubt(postgres: Postgres) -> None:
    url = postgres.new_database(empty=True)
    name = url.rpartition("/")[2]
    unique = "CREATE TABLE once (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)"
    postgres.execute(unique, "INSERT INTO once VALUES (1)", database=name)
    database = PostgresDatabase(parse_address(url))
    told: list[str] = []
    database.doubts.subscribe(lambda: told.append("doubt"))

    async def insert() -> None:
        async with database.write() as tx:
            await tx.conn.execute(text("INSERT INTO once VALUES (1)"))
            tx.after_commit(lambda: told.append("committed"))

    try:
        with pytest.raises(Exception, match="duplicate key"):
            await insert()
        assert told == []
    finally:
        await database.close()


async def test_a_right_that_was_taken_away_without_an_answer_closes_the_socket(
    postgres: Postgres, way: ChaosProxy, tmp_path: Path
) -> None:
    url = postgres.new_database()
    name = url.rpartition("/")[2]
    server = Server(tmp_path / "data", DATABASE_URL=through(way, postgres, url))
    server.start()
    try:
        team = make_team(server)
        person = team.member("editor")
        document = team.document("secret\n")
        postgres.execute(*SLOW.format(table="memberships").split(";\n"), database=name)
        async with connected(server.ws_url, document, person.access_token) as bob:
            path = f"/api/workspaces/{team.workspace_id}/members/{person.id}"
            asked = asyncio.create_task(asyncio.to_thread(team.request, "DELETE", path))
            await cut_while_it_commits(postgres, way, name)
            way.heal()
            assert (await asked).status_code == 503
            assert (await bob.closed(seconds=10))[0] == 4403
    finally:
        server.kill()
