"""What is true of PostgreSQL alone: side by side, durable whatever its settings say, and back by itself after a crash."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from mdreader.bootstrap.database import open_database, postgres_address, signing_secret, upgrade_postgres
from mdreader.db.engine import Database
from mdreader.db.postgres import PostgresDatabase, making_changes
from mdreader.db.postgres_address import parse_address
from mdreader.features.collab.log import Batch
from mdreader.features.collab.log_postgres import NotAppendedError, PostgresLogStore
from mdreader.features.collab.replica import EMPTY_UPDATE
from mdreader.kernel.errors import InvalidInputError, UnavailableError
from mdreader.settings import Settings, load_settings
from support.certificates import certificate
from support.postgres import Postgres
from support.sides import documents_of, user_of


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """One that the test may stop."""
    with Postgres() as made:
        yield made


@pytest.fixture
async def opened(postgres_url: str) -> AsyncIterator[PostgresDatabase]:
    made = PostgresDatabase(parse_address(postgres_url))
    yield made
    await made.close()


async def seeded(database: Database, *texts: str) -> list[str]:
    """Documents with these texts, of somebody of their own."""
    return await documents_of(database, await user_of(database), *texts)


async def commit(store: PostgresLogStore, *batches: Batch) -> Exception | None:
    done: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
    store.commit(list(batches), 0, done.set_result)
    return await done


class Nobody:
    """A room that does not care."""

    def flush(self) -> Batch | None:
        return None

    def committed(self) -> None:
        pass

    def failed(self, error: Exception) -> None:
        pass


def batch(document: str, seq: int) -> Batch:
    return Batch(document, Nobody(), seq, EMPTY_UPDATE)


async def numbers(database: Database, document: str) -> list[int]:
    async with database.read() as conn:
        found = await conn.scalars(
            text("SELECT seq FROM document_updates WHERE document_id = :of ORDER BY seq"), {"of": document}
        )
        return list(found)


async def test_the_log_counts_on_from_the_seed(opened: PostgresDatabase) -> None:
    full, empty = await seeded(opened, "text", "")
    store = PostgresLogStore(opened)
    assert await commit(store, batch(full, 2), batch(empty, 1)) is None
    assert await commit(store, batch(empty, 2)) is None
    await store.close()
    assert (await numbers(opened, full), await numbers(opened, empty)) == ([2], [1, 2])


async def test_what_several_processes_append_gets_numbers_without_holes(opened: PostgresDatabase) -> None:
    (document,) = await seeded(opened, "text")
    mine, other = PostgresLogStore(opened), PostgresLogStore(opened)
    first, second, third = batch(document, 2), batch(document, 2), batch(document, 3)
    assert [await commit(other, first), await commit(mine, second), await commit(other, third)] == [None] * 3
    assert [first.number, second.number, third.number] == [2, 3, 4]
    assert await numbers(opened, document) == [2, 3, 4]
    await mine.close()
    await other.close()


async def test_an_exact_batch_is_stored_under_its_number_or_not_at_all(opened: PostgresDatabase) -> None:
    moved, still = await seeded(opened, "text", "text")
    mine, other = PostgresLogStore(opened), PostgresLogStore(opened)
    assert await commit(other, batch(moved, 2)) is None
    late, beside = batch(moved, 2), batch(still, 2)
    late.exact = True
    late.record = _must_not_run
    assert await commit(mine, beside, late) is None
    assert (late.moved, beside.moved, beside.number) == (True, False, 2)
    assert (await numbers(opened, moved), await numbers(opened, still)) == ([2], [2])
    again = batch(moved, 3)
    again.exact = True
    assert await commit(mine, again) is None
    assert (again.moved, again.number) == (False, 3)
    await mine.close()
    await other.close()


async def _must_not_run(_tx: object) -> None:
    raise AssertionError("what stands beside a text is not written without it")


async def test_a_client_id_is_one_users_whichever_process_heard_of_it_first(opened: PostgresDatabase) -> None:
    (document,) = await seeded(opened, "text")
    mine, other = PostgresLogStore(opened), PostgresLogStore(opened)
    first, same, thief = batch(document, 2), batch(document, 3), batch(document, 4)
    first.new_clients = same.new_clients = {7: "ann"}
    thief.new_clients = {7: "bob", 8: "bob"}
    assert [await commit(mine, first), await commit(other, same)] == [None, None]
    assert isinstance(await commit(other, thief), NotAppendedError)
    assert await numbers(opened, document) == [2, 3]
    await mine.close()
    await other.close()


async def test_processes_that_append_to_the_same_documents_never_wait_in_a_circle(opened: PostgresDatabase) -> None:
    ids = await seeded(opened, *["text"] * 8)
    stores = [PostgresLogStore(opened) for _ in range(4)]
    stored: list[tuple[str, int]] = []

    async def append(store: PostgresLogStore, order: list[str]) -> None:
        for _ in range(10):
            batches = [batch(document, 0) for document in order]
            assert await commit(store, *batches) is None
            stored.extend((one.document_id, one.number) for one in batches)

    async with asyncio.TaskGroup() as group:
        for number, store in enumerate(stores):
            group.create_task(append(store, ids if number % 2 else ids[::-1]))
    for document in ids:
        assert await numbers(opened, document) == list(range(2, 42))
    assert len(set(stored)) == len(stored) == 320
    for store in stores:
        await store.close()


async def test_servers_that_start_together_make_the_schema_once(postgres: Postgres) -> None:
    address = parse_address(postgres.new_database(empty=True))
    changed = await asyncio.gather(*(upgrade_postgres(address, "pre") for _ in range(4)))
    assert sorted(changed) == [False, False, False, True]


async def test_servers_with_nothing_else_in_common_sign_with_one_secret(postgres_url: str) -> None:
    settings = load_settings(database_url=postgres_url)

    async def ask() -> bytes:
        async with open_database(settings) as database:
            return await signing_secret(settings, database)

    first, second, third = await asyncio.gather(ask(), ask(), ask())
    assert first == second == third
    assert len(first) == 32


async def test_what_is_acknowledged_is_on_the_disk_whatever_the_role_is_set_to(postgres: Postgres) -> None:
    url = postgres.new_database(empty=True)
    name = url.rpartition("/")[2]
    postgres.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    database = PostgresDatabase(parse_address(url))
    try:
        async with database.write() as tx, database.read() as conn:
            for one in (tx.conn, conn):
                assert await one.scalar(text("SHOW synchronous_commit")) == "on"
    finally:
        await database.close()


async def test_it_comes_back_by_itself_after_an_immediate_stop(own_postgres: Postgres) -> None:
    database = PostgresDatabase(parse_address(own_postgres.url()))
    try:
        async with database.write() as tx:
            await tx.conn.execute(text("CREATE TABLE kept (n int)"))
        committed: list[int] = []

        async def interrupted() -> None:
            async with database.write() as tx:
                await tx.conn.execute(text("INSERT INTO kept VALUES (-1)"))
                tx.after_commit(lambda: committed.append(-1))
                own_postgres.crash()

        for number in range(3):
            with pytest.raises(UnavailableError) as raised:
                await interrupted()
            assert raised.value.headers["Retry-After"]
            with pytest.raises(UnavailableError):
                async with database.read() as conn:
                    await conn.execute(text("SELECT 1"))
            own_postgres.start()
            # No error at all: the connections that ended are not lent out again.
            async with database.write() as tx:
                await tx.conn.execute(text("INSERT INTO kept VALUES (:n)"), {"n": number})
            async with database.read() as conn:
                assert list(await conn.scalars(text("SELECT n FROM kept ORDER BY n"))) == list(range(number + 1))
        assert committed == []
    finally:
        await database.close()


async def test_who_is_cancelled_during_the_commit_has_committed_and_others_hear_of_it(opened: PostgresDatabase) -> None:
    await seeded(opened, "text")
    heard = asyncio.Event()
    leaving = asyncio.Event()

    async def write() -> None:
        async with opened.write() as tx:
            await tx.conn.execute(text("UPDATE document_heads SET eol = 'crlf'"))
            tx.after_commit(heard.set)
            leaving.set()

    task = asyncio.create_task(write())
    await leaving.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert heard.is_set()
    async with opened.read() as conn:
        assert await conn.scalar(text("SELECT eol FROM document_heads")) == "crlf"


async def test_a_turn_is_one_transactions_alone(opened: PostgresDatabase) -> None:
    inside = 0

    async def visit() -> None:
        nonlocal inside
        async with opened.write() as tx:
            await tx.take_turn("a test")
            inside += 1
            assert inside == 1
            await tx.conn.execute(text("SELECT pg_sleep(0.01)"))
            inside -= 1

    await asyncio.gather(*(visit() for _ in range(8)))


async def test_transactions_that_wait_in_a_circle_are_told_to_try_again(opened: PostgresDatabase) -> None:
    one, two = await seeded(opened, "a", "b")
    both = asyncio.Barrier(2)

    async def cross(first: str, second: str) -> None:
        async with opened.write() as tx:
            await tx.conn.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
            lock = text("SELECT 1 FROM document_heads WHERE document_id = :of FOR UPDATE")
            await tx.conn.execute(lock, {"of": first})
            await both.wait()
            await tx.conn.execute(lock, {"of": second})

    results = await asyncio.gather(cross(one, two), cross(two, one), return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [UnavailableError]


async def test_nul_is_an_error_of_who_sent_it(opened: PostgresDatabase) -> None:
    with pytest.raises(InvalidInputError, match="NUL"):
        async with opened.read() as conn:
            await conn.scalar(text("SELECT 1 WHERE 'a' = CAST(:x AS text)"), {"x": "a\0b"})


async def test_a_wrong_name_is_said_so(postgres: Postgres) -> None:
    settings: Settings = load_settings(database_url=postgres.url("nowhere"))
    with pytest.raises(UnavailableError, match="refuses us"):
        await upgrade_postgres(postgres_address(settings), "pre")


@pytest.fixture(scope="module")
def encrypted() -> Iterator[Postgres]:
    with Postgres(encrypted=True) as made:
        yield made


@pytest.fixture
def trusted(tmp_path: Path) -> str:
    (tmp_path / "root.pem").write_bytes(certificate()[0])
    return str(tmp_path / "root.pem")


async def is_encrypted(postgres: Postgres, **parameters: str) -> bool:
    async with making_changes(parse_address(postgres.url(**parameters))) as engine, engine.connect() as conn:
        return bool(await conn.scalar(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")))


async def test_encryption_is_used_as_asked(encrypted: Postgres, trusted: str) -> None:
    assert not await is_encrypted(encrypted)  # on this machine
    assert await is_encrypted(encrypted, sslmode="require")
    assert await is_encrypted(encrypted, sslrootcert=trusted)
    assert await is_encrypted(encrypted, sslrootcert=trusted, sslmode="verify-ca")


async def test_who_is_not_trusted_is_not_spoken_to(encrypted: Postgres) -> None:
    with pytest.raises(UnavailableError, match="cannot be encrypted as sslmode"):
        await is_encrypted(encrypted, sslmode="verify-full")


async def test_who_cannot_encrypt_is_not_spoken_to(postgres: Postgres) -> None:
    with pytest.raises(UnavailableError, match="cannot be encrypted as sslmode"):
        await is_encrypted(postgres, sslmode="require")
