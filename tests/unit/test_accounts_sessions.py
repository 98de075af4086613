"""Who is asking, from memory: no round trip when hot, gone at once with an event, a second old at most without."""

import time
from typing import Any, cast

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from mdreader.adapters.fanout_local import LocalFanout
from mdreader.db.engine import Database
from mdreader.features.accounts import keys, queries
from mdreader.features.accounts.identity import EmbeddedIdentity, is_loopback
from mdreader.features.accounts.key_uses import KeyUses
from mdreader.features.accounts.sessions import SessionCache
from mdreader.features.accounts.tokens import ACCESS_SECONDS, LEEWAY_SECONDS, REFRESH_SECONDS, mint_operator_token
from mdreader.kernel.errors import UnauthenticatedError
from mdreader.kernel.events import ProfileChanged, SessionEnded
from mdreader.kernel.ids import new_id
from support.clock import FakeClock

SECRET = bytes(range(32))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def identity(database: Database, clock: FakeClock) -> EmbeddedIdentity:
    return EmbeddedIdentity(database=database, clock=clock, secret=SECRET)


def reader_of(database: Database) -> AsyncEngine:
    return cast("AsyncEngine", database._reader)  # type: ignore[attr-defined]


@pytest.fixture
def statements(database: Database) -> list[str]:
    """Each statement that reads."""
    seen: list[str] = []

    @event.listens_for(reader_of(database).sync_engine, "before_cursor_execute")
    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    return seen


async def add_user(database: Database, clock: FakeClock) -> str:
    user_id = new_id()
    async with database.write() as tx:
        await queries.insert_user(
            tx, user_id=user_id, email=f"{user_id}@example.org", name="Ada", password_hash="-", now=clock.now()
        )
    return user_id


async def add_session(database: Database, clock: FakeClock, user_id: str) -> str:
    session_id, now = new_id(), clock.now()
    async with database.write() as tx:
        await queries.insert_session(
            tx,
            session_id=session_id,
            user_id=user_id,
            refresh_hash=b"",
            user_agent="",
            now=now,
            expires_at=now + REFRESH_SECONDS * 1000,
        )
    return session_id


async def add_key(database: Database, clock: FakeClock, user_id: str) -> tuple[str, str]:
    key_id, key = new_id(), keys.new_key()
    async with database.write() as tx:
        await queries.insert_key(
            tx,
            key_id=key_id,
            user_id=user_id,
            name="CI",
            scope="read",
            prefix=key[:12],
            digest=keys.digest(key),
            now=clock.now(),
        )
    return key_id, key


async def revoke(database: Database, session_id: str, now: int) -> None:
    async with database.write() as tx:
        assert await queries.revoke_session(tx, session_id, now)


async def test_a_hot_session_costs_no_round_trip(
    identity: EmbeddedIdentity, database: Database, clock: FakeClock, statements: list[str]
) -> None:
    user_id = await add_user(database, clock)
    session_id = await add_session(database, clock, user_id)
    token = identity.tokens.access(user_id, session_id, clock.now())
    for _ in range(50):
        actor = await identity.authenticate(token, peer="")
        assert (actor.user_id, actor.session_id, actor.key_id, actor.scope) == (user_id, session_id, None, "write")
    assert len(statements) == 1
    clock.advance(seconds=1)
    await identity.authenticate(token, peer="")
    assert len(statements) == 2


async def test_a_hot_key_costs_no_round_trip(
    identity: EmbeddedIdentity, database: Database, clock: FakeClock, statements: list[str]
) -> None:
    user_id = await add_user(database, clock)
    key_id, key = await add_key(database, clock, user_id)
    for _ in range(50):
        actor = await identity.authenticate(key, peer="")
        assert (actor.user_id, actor.session_id, actor.key_id, actor.scope) == (user_id, None, key_id, "read")
    assert len(statements) == 1


async def test_an_event_ends_a_session_at_once(
    identity: EmbeddedIdentity, database: Database, clock: FakeClock
) -> None:
    fanout = LocalFanout()
    user_id = await add_user(database, clock)
    session_id = await add_session(database, clock, user_id)
    other = await add_session(database, clock, user_id)
    token = identity.tokens.access(user_id, session_id, clock.now())
    async with identity.running(fanout):
        await identity.authenticate(token, peer="")
        await revoke(database, session_id, clock.now())
        fanout.publish(SessionEnded(session_ids=(session_id,)))
        with pytest.raises(UnauthenticatedError):
            await identity.authenticate(token, peer="")
        actor = await identity.authenticate(identity.tokens.access(user_id, other, clock.now()), peer="")
    assert actor.session_id == other


async def test_an_event_ends_a_key_at_once(identity: EmbeddedIdentity, database: Database, clock: FakeClock) -> None:
    user_id = await add_user(database, clock)
    key_id, key = await add_key(database, clock, user_id)
    await identity.authenticate(key, peer="")
    async with database.write() as tx:
        assert await queries.revoke_key(tx, user_id, key_id, clock.now())
    identity.sessions.on_event(SessionEnded(key_ids=(key_id,)))
    with pytest.raises(UnauthenticatedError):
        await identity.authenticate(key, peer="")


async def test_a_lost_event_matters_for_less_than_a_second(
    identity: EmbeddedIdentity, database: Database, clock: FakeClock
) -> None:
    user_id = await add_user(database, clock)
    session_id = await add_session(database, clock, user_id)
    token = identity.tokens.access(user_id, session_id, clock.now())
    await identity.authenticate(token, peer="")
    await revoke(database, session_id, clock.now())
    clock.advance(seconds=0.999)
    assert (await identity.authenticate(token, peer="")).user_id == user_id
    clock.advance(seconds=0.001)
    with pytest.raises(UnauthenticatedError):
        await identity.authenticate(token, peer="")


async def test_a_clock_that_was_set_back_keeps_nothing_alive(
    identity: EmbeddedIdentity, database: Database, clock: FakeClock
) -> None:
    user_id = await add_user(database, clock)
    session_id = await add_session(database, clock, user_id)
    token = identity.tokens.access(user_id, session_id, clock.now())
    await identity.authenticate(token, peer="")
    await revoke(database, session_id, clock.now())
    clock.advance(seconds=-2)
    with pytest.raises(UnauthenticatedError):
        await identity.authenticate(token, peer="")


async def test_an_event_during_the_question_is_not_overwritten_by_the_answer(
    database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = SessionCache(database, clock)
    user_id = await add_user(database, clock)
    session_id = await add_session(database, clock, user_id)
    real = queries.live_session

    async def then_it_ends(*args: Any) -> Any:
        row = await real(*args)
        await revoke(database, session_id, clock.now())
        cache.on_event(SessionEnded(session_ids=(session_id,)))
        return row

    monkeypatch.setattr(queries, "live_session", then_it_ends)
    assert await cache.by_session(session_id, user_id) is not None  # it was asked while the session held
    monkeypatch.undo()
    assert await cache.by_session(session_id, user_id) is None


async def test_a_new_name_is_seen_at_once(identity: EmbeddedIdentity, database: Database, clock: FakeClock) -> None:
    user_id = await add_user(database, clock)
    session_id = await add_session(database, clock, user_id)
    token = identity.tokens.access(user_id, session_id, clock.now())
    assert (await identity.authenticate(token, peer="")).name == "Ada"
    async with database.write() as tx:
        await queries.rename_user(tx, user_id, "Countess", clock.now())
    identity.sessions.on_event(ProfileChanged(user_id=user_id, name="Countess"))
    assert (await identity.authenticate(token, peer="")).name == "Countess"


async def test_a_session_of_somebody_else_does_not_pass(
    identity: EmbeddedIdentity, database: Database, clock: FakeClock
) -> None:
    ada, grace = await add_user(database, clock), await add_user(database, clock)
    session_id = await add_session(database, clock, ada)
    await identity.authenticate(identity.tokens.access(ada, session_id, clock.now()), peer="")
    with pytest.raises(UnauthenticatedError):
        await identity.authenticate(identity.tokens.access(grace, session_id, clock.now()), peer="")


async def test_a_remembered_token_still_expires(
    identity: EmbeddedIdentity, database: Database, clock: FakeClock
) -> None:
    user_id = await add_user(database, clock)
    session_id = await add_session(database, clock, user_id)
    token = identity.tokens.access(user_id, session_id, clock.now())
    await identity.authenticate(token, peer="")
    clock.advance(seconds=ACCESS_SECONDS + LEEWAY_SECONDS)
    for _ in range(2):
        with pytest.raises(UnauthenticatedError, match="expired"):
            await identity.authenticate(token, peer="")


async def test_a_session_expires_even_while_it_is_remembered(database: Database, clock: FakeClock) -> None:
    cache = SessionCache(database, clock)
    user_id = await add_user(database, clock)
    session_id = await add_session(database, clock, user_id)
    clock.advance(seconds=REFRESH_SECONDS - 0.5)
    assert await cache.by_session(session_id, user_id) is not None
    clock.advance(seconds=0.5)
    assert await cache.by_session(session_id, user_id) is None


async def test_memory_is_bounded(database: Database, clock: FakeClock) -> None:
    cache = SessionCache(database, clock, capacity=3)
    user_id = await add_user(database, clock)
    sessions = [await add_session(database, clock, user_id) for _ in range(5)]
    for session_id in sessions:
        await cache.by_session(session_id, user_id)
    assert list(cache._entries) == sessions[2:]
    await cache.by_session(new_id(), user_id)  # what is unknown takes no room
    assert list(cache._entries) == sessions[2:]


async def test_uses_of_keys_are_written_together_and_at_the_end(
    identity: EmbeddedIdentity, database: Database, clock: FakeClock
) -> None:
    user_id = await add_user(database, clock)
    key_id, key = await add_key(database, clock, user_id)

    async def stored() -> int | None:
        async with database.read() as conn:
            (found,) = await queries.list_keys(conn, user_id)
        return found.last_used_at

    async with identity.running(LocalFanout()):
        await identity.authenticate(key, peer="")
        assert await stored() is None
        assert identity.key_uses.latest(key_id, None) == clock.now()
        await identity.key_uses.flush()
        assert await stored() == clock.now()
        clock.advance(seconds=30)
        await identity.authenticate(key, peer="")
    assert await stored() == clock.now()


async def test_uses_that_cannot_be_written_are_kept(
    database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    uses = KeyUses(database)
    uses.note("a", 1)

    async def fails(*_: Any) -> None:
        uses.note("b", 2)
        raise OSError("disk full")

    monkeypatch.setattr(queries, "touch_keys", fails)
    with pytest.raises(OSError, match="disk full"):
        await uses.flush()
    assert (uses.latest("a", None), uses.latest("b", None)) == (1, 2)


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.9.9.9"])
async def test_an_operator_acts_as_a_user_on_this_machine(
    identity: EmbeddedIdentity, database: Database, clock: FakeClock, peer: str
) -> None:
    user_id = await add_user(database, clock)
    actor = await identity.authenticate(mint_operator_token(SECRET, user_id, clock.now()), peer=peer)
    assert (actor.user_id, actor.session_id, actor.key_id, actor.scope) == (user_id, None, None, "write")


@pytest.mark.parametrize("peer", ["", "203.0.113.9", "10.0.0.1", "localhost", "::ffff:10.0.0.1", "unix:"])
async def test_an_operator_elsewhere_is_nobody(
    identity: EmbeddedIdentity, database: Database, clock: FakeClock, peer: str
) -> None:
    user_id = await add_user(database, clock)
    with pytest.raises(UnauthenticatedError):
        await identity.authenticate(mint_operator_token(SECRET, user_id, clock.now()), peer=peer)
    assert not is_loopback(peer)


async def test_an_operator_cannot_act_as_nobody(identity: EmbeddedIdentity, clock: FakeClock) -> None:
    with pytest.raises(UnauthenticatedError):
        await identity.authenticate(mint_operator_token(SECRET, new_id(), clock.now()), peer="127.0.0.1")


async def test_hot_authentication_takes_less_than_40_microseconds(
    identity: EmbeddedIdentity, database: Database, clock: FakeClock
) -> None:
    user_id = await add_user(database, clock)
    token = identity.tokens.access(user_id, await add_session(database, clock, user_id), clock.now())
    _, key = await add_key(database, clock, user_id)
    for what, credential in (("access token", token), ("API key", key)):
        await identity.authenticate(credential, peer="")
        rounds = []
        for _ in range(10):  # the quickest: the others paid for what else this machine does, too
            started = time.thread_time()
            for _ in range(500):
                await identity.authenticate(credential, peer="")
            rounds.append((time.thread_time() - started) / 500 * 1e6)
        micros = min(rounds)
        print(f"hot authentication by {what}: {micros:.1f} µs of CPU")
        assert micros < 40
