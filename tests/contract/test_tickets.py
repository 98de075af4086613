"""What every adapter of `ports.tickets` does."""

from collections.abc import AsyncIterator

import pytest

from mdreader.adapters import tickets_database, tickets_local, tickets_redis
from mdreader.adapters.redis_client import namespace, open_client, open_keys
from mdreader.adapters.ticket_values import digest
from mdreader.adapters.tickets_database import DatabaseTickets
from mdreader.adapters.tickets_local import LocalTickets
from mdreader.adapters.tickets_redis import ELSEWHERE, RedisTickets
from mdreader.db.engine import Database
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import UnavailableError
from mdreader.ports.tickets import PREFIX, Tickets
from support.chaos import ChaosProxy
from support.clock import FakeClock
from support.redis import RedisServer
from support.redis_cluster import clustered

ANN = Actor("ann", "Ann Zoë", "ann@example.org", session_id="s1")
BOT = Actor("bot", "Bot", "bot@example.org", key_id="k1", scope="read")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["local", "database", "redis", "cluster"])
async def servers(
    request: pytest.FixtureRequest, clock: FakeClock, database: Database, redis_server: RedisServer
) -> AsyncIterator[tuple[Tickets, Tickets]]:
    """The tickets of two servers; of one and the same where they are a single server's."""
    if request.param == "local":
        tickets = LocalTickets(clock)
        yield tickets, tickets
    elif request.param == "database":
        yield DatabaseTickets(database, clock), DatabaseTickets(database, clock)
    else:
        url = redis_server.new_url() if request.param == "redis" else clustered(request)
        client = open_keys(url)
        kept = DatabaseTickets(database, clock, mark=ELSEWHERE)
        yield RedisTickets(client, namespace(url), kept), RedisTickets(client, namespace(url), kept)
        await client.aclose()


async def test_a_ticket_of_one_server_is_redeemed_on_another_once(servers: tuple[Tickets, Tickets]) -> None:
    here, there = servers
    for actor in (ANN, BOT):
        ticket = await here.issue(actor, "d1")
        assert ticket.startswith(PREFIX)
        assert await there.redeem(ticket, "d1") == actor
        assert await here.redeem(ticket, "d1") is None
        assert await there.redeem(ticket, "d1") is None


async def test_it_is_for_its_document_alone(servers: tuple[Tickets, Tickets]) -> None:
    here, there = servers
    ticket = await here.issue(ANN, "d1")
    assert await there.redeem(ticket, "d2") is None
    assert await there.redeem(PREFIX + "made-up", "d1") is None


async def test_it_expires(servers: tuple[Tickets, Tickets], clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets_redis, "TTL_SECONDS", 0.02)  # Redis has a clock of its own
    here, there = servers
    ticket = await here.issue(ANN, "d1")
    clock.advance(seconds=60)
    if isinstance(there, RedisTickets):
        key = f"{there._prefix}{digest(ticket)}"
        gone: list[int] = []
        while not gone or gone[-1]:
            gone.append(await there._client.exists(key))
    assert await there.redeem(ticket, "d1") is None


async def test_revoking_ends_what_sessions_and_keys_were_given(servers: tuple[Tickets, Tickets]) -> None:
    here, there = servers
    other = Actor("ann", "Ann", "ann@example.org", session_id="s2")
    by_session, by_key, kept = [await here.issue(actor, "d1") for actor in (ANN, BOT, other)]
    await there.revoke(("s1", "s3"), ("k1",))
    assert await here.redeem(by_session, "d1") is None
    assert await there.redeem(by_key, "d1") is None
    assert await there.redeem(kept, "d1") == other
    await there.revoke((), ())


async def test_one_person_has_so_many_open_and_the_oldest_go(
    servers: tuple[Tickets, Tickets], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (tickets_local, tickets_database, tickets_redis):
        monkeypatch.setattr(module, "PER_PERSON", 5)
    here, there = servers
    others = await here.issue(BOT, "d1")
    tickets = []
    for _ in range(8):
        clock.advance(seconds=0.002)
        tickets.append(await here.issue(ANN, "d1"))
        if isinstance(here, RedisTickets):  # its clock counts milliseconds, and does not stand still
            start = (await here._client.time())[1] // 1000
            while (await here._client.time())[1] // 1000 == start:
                pass
    assert [await there.redeem(ticket, "d1") for ticket in tickets] == [None] * 3 + [ANN] * 5
    assert await there.redeem(others, "d1") == BOT
    assert await there.redeem(await here.issue(ANN, "d1"), "d1") == ANN


async def test_without_redis_tickets_go_on_and_those_in_it_are_asked_for_anew(
    redis_server: RedisServer, database: Database, clock: FakeClock
) -> None:
    kept = DatabaseTickets(database, clock, mark=ELSEWHERE)
    with ChaosProxy(redis_server.port) as proxy:
        client = open_client(redis_server.new_url(proxy.port))
        tickets = RedisTickets(client, "test:", kept)
        before, ended = await tickets.issue(ANN, "d1"), await tickets.issue(BOT, "d1")
        proxy.cut()
        meanwhile = await tickets.issue(ANN, "d1")
        with pytest.raises(UnavailableError):
            await tickets.redeem(before, "d1")
        await tickets.revoke((), ("k1",))  # says nothing; redeeming asks for the session or key again
        proxy.heal()
        assert await tickets.redeem(before, "d1") == ANN
        assert await tickets.redeem(meanwhile, "d1") == ANN
        assert await tickets.redeem(meanwhile, "d1") is None
        assert await tickets.redeem(ended, "d1") == BOT
        await client.aclose()


async def test_local_memory_is_bounded(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets_local, "CAPACITY", 50)
    tickets = LocalTickets(clock)
    issued = [await tickets.issue(Actor(f"u{n}", "", ""), "d1") for n in range(60)]
    assert [await tickets.redeem(ticket, "d1") is not None for ticket in issued] == [False] * 10 + [True] * 50
    await tickets.issue(ANN, "d1")
    clock.advance(seconds=61)
    await tickets.issue(BOT, "d1")
    assert (len(tickets._open), set(tickets._of_person)) == (1, {"bot"})
