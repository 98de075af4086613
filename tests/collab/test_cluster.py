"""Two servers on one PostgreSQL, with Redis and without: people on both write in one document, and are cut off as on one."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from pycrdt import create_update_message

from collab.conftest import TOLD_SECONDS, Team, make_team
from mdreader.features.collab.window import FEW
from support.cluster import cluster
from support.http import Person
from support.postgres import Postgres
from support.redis import RedisServer
from support.server import Server
from support.yclient import YClient, connected, forged_update

Sides = tuple[Team, Team]


@pytest.fixture(scope="module", params=["redis", "postgres"])
def servers(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres: Postgres,
    redis_server: RedisServer,
) -> Iterator[list[Server]]:
    services = {"DATABASE_URL": postgres.new_database()}
    if request.param == "redis":
        services["REDIS_URL"] = redis_server.new_url()
    with cluster(tmp_path_factory.mktemp("cluster"), 2, **services) as made:
        yield made


@pytest.fixture
def sides(servers: list[Server]) -> Sides:
    """The same team, seen from either server."""
    team = make_team(servers[0])
    return team, replace(team, server=servers[1])


def both(
    sides: Sides, document: str, second: Person | None = None
) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    here, there = sides
    person = second or here.owner
    return (
        (here.server.ws_url, document, here.owner.access_token),
        (there.server.ws_url, document, person.access_token),
    )


async def test_people_on_two_servers_write_in_one_document(sides: Sides) -> None:
    document = sides[0].document("begin\n")
    bob_person = sides[0].member("editor")
    here, there = both(sides, document, bob_person)
    async with connected(*here) as ann, connected(*there) as bob:
        assert bob.text == "begin\n"
        await ann.append("from ann\n")
        await bob.wait_for_text("begin\nfrom ann\n")
        await bob.append("from bob\n")
        await ann.wait_for_text("begin\nfrom ann\nfrom bob\n")
        await asyncio.gather(*(type_much(client, name) for client, name in ((ann, "a"), (bob, "b"))))
        wanted = sorted(
            [f"{name}{number}" for name in "ab" for number in range(100)] + ["begin", "from ann", "from bob"]
        )
        for client in (ann, bob):
            await client.wait_for_text(lambda text: sorted(text.split("\n")) == ["", *wanted])
        assert ann.text == bob.text
    assert sides[0].content(document) == sides[1].content(document) == ann.text


async def test_many_people_on_two_servers_type_at_the_same_time(sides: Sides) -> None:
    """So many that windows are shared, and the sockets are read when they end."""
    people, pieces = FEW + 2, 25
    document = sides[0].document("")
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(connected(*at))
            for at in both(sides, document, sides[0].member("editor"))
            for _ in range(people)
        ]

        async def type_all(client: YClient) -> None:
            for number in range(pieces):
                await client.append(f"<{client.client_id}.{number}>")
                await client.saved()

        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(type_all(client))
        wanted = {f"<{client.client_id}.{number}>" for client in clients for number in range(pieces)}
        stored = sides[1].content(document)
        for client in clients:
            await client.wait_for_text(lambda text: len(text) == len(stored))
            assert client.text == stored
        assert all(stored.count(piece) == 1 for piece in wanted)


async def type_much(client: YClient, name: str) -> None:
    for number in range(100):
        await client.append(f"{name}{number}\n")
        if number % 10 == 0:
            await client.saved()
    await client.saved()


async def test_who_comes_later_gets_everything_wherever(sides: Sides) -> None:
    document = sides[0].document("")
    here, there = both(sides, document)
    async with connected(*here) as ann:
        await ann.append("before ")
        await ann.saved()
        async with connected(*there) as bob:
            assert bob.text == "before "
            await ann.append("while ")
            await bob.wait_for_text("before while ")
        await ann.append("without ")
        await ann.saved()
        async with connected(*there) as bob:  # to a room that is still in memory: what is new may come a moment later
            await bob.wait_for_text("before while without ")


async def test_a_large_update_comes_across(sides: Sides) -> None:
    document = sides[0].document("")
    here, there = both(sides, document)
    text = "".join(f"line {number} é 🙂\n" for number in range(8000))
    async with connected(*here) as ann, connected(*there) as bob:
        await ann.append(text)
        await bob.append("small\n")
        await asyncio.gather(ann.saved(), bob.saved())
        for client in (ann, bob):
            await client.wait_for_text(lambda now: len(now) == len(text) + 6)
        assert ann.text == bob.text
        await bob.delete(10, 20_000)
        await ann.wait_for_text(bob.text)


async def test_people_see_each_other_come_move_and_go(sides: Sides) -> None:
    document = sides[0].document("text\n")
    bob_person = sides[0].member("editor")
    here, there = both(sides, document, bob_person)
    async with connected(*here) as ann:
        await ann.set_state({"user": {"color": "#aabbcc"}, "n": 1})
        async with connected(*there) as bob:
            await bob.wait_for(lambda: ann.client_id in bob.states, "ann, who was there before")
            stamped = {"id": sides[0].owner.id, "name": sides[0].owner.name, "color": "#aabbcc"}
            assert bob.states[ann.client_id]["user"] == stamped
            await bob.set_state({"n": 2})
            await ann.wait_for(lambda: bob.client_id in ann.states, "bob")
            assert ann.states[bob.client_id]["user"]["id"] == bob_person.id
            await ann.set_state({"n": 3})
            await bob.wait_for(lambda: bob.states.get(ann.client_id, {}).get("n") == 3, "ann's next state")
            await bob.awareness_of(ann.client_id, 99, {"n": "forged"})
            await bob.set_state({"n": 4})
            await ann.wait_for(lambda: ann.states.get(bob.client_id, {}).get("n") == 4, "bob's next state")
            assert ann.states[ann.client_id]["n"] == 3
        await ann.wait_for(lambda: bob.client_id not in ann.states, "bob gone")


async def test_a_put_on_one_server_is_seen_on_the_other_and_its_precondition_holds(sides: Sides) -> None:
    document = sides[0].document("one\n")
    here, there = both(sides, document)
    path = f"/api/documents/{document}/content"
    async with connected(*here) as ann, connected(*there) as bob:
        for number in range(10):
            side, other = (sides[0], sides[1]) if number % 2 else (sides[1], sides[0])
            etag = side.request("GET", path).headers["etag"]
            text = f"put {number}\r\nby one\r\n"
            response = side.request("PUT", path, content=text, headers={"If-Match": etag})
            assert response.status_code in {200, 204}, response.text
            assert other.request("GET", path).text == text  # at once, on the other server
            stale = other.request("PUT", path, content="lost", headers={"If-Match": etag})
            assert stale.status_code == 412
        for client in (ann, bob):
            await client.wait_for_text("put 9\nby one\n")


async def test_puts_on_both_servers_while_people_type_lose_nothing(sides: Sides) -> None:
    document = sides[0].document("head\n")
    here, there = both(sides, document)
    path = f"/api/documents/{document}/content"
    won = 0

    def put(side: Team, number: int) -> bool:
        got = side.request("GET", path)
        text = got.text.replace("head", f"head {number}", 1)
        response = side.request("PUT", path, content=text, headers={"If-Match": got.headers["etag"]})
        assert response.status_code in {200, 204, 412}, response.text
        return response.status_code != 412

    async with connected(*here) as ann, connected(*there) as bob:
        typing = asyncio.gather(*(type_much(client, name) for client, name in ((ann, "a"), (bob, "b"))))
        number = 0
        while not typing.done() or won < 3:
            number += 1
            won += await asyncio.to_thread(put, sides[number % 2], number)
        await typing
        lines = {f"{name}{number}" for name in "ab" for number in range(100)}
        for client in (ann, bob):
            await client.wait_for_text(lambda text: lines <= set(text.split("\n")))
        await ann.wait_for_text(sides[1].content(document))
        await bob.wait_for_text(ann.text)
        assert ann.text.split("\n")[0].count("head") == 1
        assert len(ann.text.split("\n")[0].split()) == won + 1  # each that was told so, and no other


async def test_a_right_taken_away_on_one_server_closes_the_socket_on_the_other(sides: Sides) -> None:
    document = sides[0].document("secret\n")
    person = sides[0].member("editor")
    _, there = both(sides, document, person)
    async with connected(*there) as bob:
        path = f"/api/workspaces/{sides[0].workspace_id}/members/{person.id}"
        assert sides[0].request("DELETE", path).status_code == 204
        assert (await bob.closed(seconds=TOLD_SECONDS))[0] == 4403
    async with connected(*there, sync=False) as bob:
        assert (await bob.closed())[0] == 4404


async def test_a_session_that_ends_on_one_server_ends_on_the_other(sides: Sides) -> None:
    document = sides[0].document("secret\n")
    _, there = both(sides, document)
    ticket = sides[0].request("POST", f"/api/documents/{document}/ticket").json()["ticket"]
    async with connected(*there) as bob:
        assert sides[1].request("GET", "/api/me").status_code == 200  # remembered there
        assert sides[0].request("POST", "/api/auth/logout").status_code == 204
        assert (await bob.closed(seconds=TOLD_SECONDS))[0] == 4401
    assert sides[1].request("GET", "/api/me").status_code == 401
    async with connected(there[0], document, ticket, sync=False) as bob:
        assert (await bob.closed())[0] == 4401


async def test_a_document_deleted_on_one_server_closes_on_the_other(sides: Sides) -> None:
    document = sides[0].document("text\n")
    _, there = both(sides, document)
    async with connected(*there) as bob:
        assert sides[0].request("DELETE", f"/api/documents/{document}").status_code == 204
        assert (await bob.closed(seconds=TOLD_SECONDS))[0] == 4404


async def test_a_ticket_of_one_server_opens_a_socket_on_the_other_once(sides: Sides) -> None:
    document = sides[0].document("text\n")
    ticket = sides[0].request("POST", f"/api/documents/{document}/ticket").json()["ticket"]
    async with connected(sides[1].server.ws_url, document, ticket) as bob:
        assert bob.text == "text\n"
    for side in sides:
        async with connected(side.server.ws_url, document, ticket, sync=False) as bob:
            assert await bob.closed() == (4401, "unauthenticated")


async def test_nobody_writes_under_the_client_id_of_somebody_on_the_other_server(sides: Sides) -> None:
    document = sides[0].document("")
    person = sides[0].member("editor")
    here, there = both(sides, document, person)
    async with connected(*here) as ann, connected(*there) as bob:
        await ann.append("mine")
        await bob.wait_for_text("mine")
        await bob.send(create_update_message(forged_update(ann, 4, " forged")))
        assert await bob.closed() == (4400, "foreign_client")
        await ann.append("!")
        await ann.saved()
    assert sides[1].content(document) == "mine!"
