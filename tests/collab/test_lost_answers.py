"""A commit whose answer is lost may have succeeded: whoever would have been told of it looks again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from collab.conftest import TOLD_SECONDS, make_team
from mdreader.db import doubts
from mdreader.db.postgres import PostgresDatabase
from mdreader.db.postgres_address import parse_address
from mdreader.kernel.errors import UnavailableError
from support.chaos import ChaosProxy
from support.postgres import Postgres
from support.server import Server
from support.waiting import SECONDS, eventually
from support.yclient import connected

# A commit that waits for whoever holds the lock: a check at the end of the transaction.
WAITING = """
    CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock_shared(-1, 1); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER waiting AFTER INSERT OR UPDATE OR DELETE ON {table}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()
    """
COMMITTING = """
    SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND query ILIKE 'COMMIT%' AND state = 'active' AND wait_event_type = 'Lock'
    """


@pytest.fixture
def way(postgres: Postgres) -> Iterator[ChaosProxy]:
    """The way to PostgreSQL."""
    with ChaosProxy(postgres.port) as proxy:
        yield proxy


def through(way: ChaosProxy, postgres: Postgres, url: str) -> str:
    return url.replace(f":{postgres.port}/", f":{way.port}/")


def make_wait(postgres: Postgres, url: str, table: str) -> None:
    """From now on commits of changes to `table` wait while they are `held`."""
    postgres.execute(*WAITING.format(table=table).rsplit(";\n", 1), database=url.rpartition("/")[2])


@asynccontextmanager
async def held(url: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Commits wait as long as the block lasts; gives what waits until one does."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock(-1, 1)")

        async def until_one_waits() -> None:
            async with asyncio.timeout(SECONDS):
                while not await connection.fetch(COMMITTING):  # noqa: ASYNC110 - no event announces it
                    await asyncio.sleep(0.01)

        yield until_one_waits
    finally:
        await connection.close()


async def test_whoever_waits_for_a_commit_hears_that_it_is_in_doubt(
    postgres: Postgres, way: ChaosProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubts, "AGAIN", [0.05 * turn for turn in range(1, int(SECONDS / 0.05))])
    url = postgres.new_database(empty=True)
    name = url.rpartition("/")[2]
    postgres.execute("CREATE TABLE kept (n int)", database=name)
    make_wait(postgres, url, "kept")
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
        async with held(url) as until_one_waits:
            asked = asyncio.create_task(insert(2))
            await until_one_waits()
            await asyncio.to_thread(way.cut)
            with pytest.raises(UnavailableError):
                await asked
            assert "2" not in told
            assert told[1] == "doubt"
            way.heal()
        count = "SELECT 1 FROM kept WHERE n = 2"
        async with asyncio.timeout(SECONDS):
            while not await asyncio.to_thread(postgres.execute, count, database=name):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        heard = told.count("doubt")
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
    server = Server(tmp_path / "data", DATABASE_URL=through(way, postgres, url))
    server.start()
    try:
        team = make_team(server)
        person = team.member("editor")
        document = team.document("secret\n")
        make_wait(postgres, url, "memberships")
        async with connected(server.ws_url, document, person.access_token) as bob:
            path = f"/api/workspaces/{team.workspace_id}/members/{person.id}"
            async with held(url) as until_one_waits:
                asked = asyncio.create_task(asyncio.to_thread(team.request, "DELETE", path))
                await until_one_waits()
                await asyncio.to_thread(way.cut)
                way.heal()
                assert (await asked).status_code == 503
            assert (await bob.closed(seconds=TOLD_SECONDS))[0] == 4403
    finally:
        server.kill()
