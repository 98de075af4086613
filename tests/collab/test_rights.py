"""Nobody writes who may only read, and what is taken away counts at once, on open sockets too."""

import asyncio

import pytest
from pycrdt import Doc, Text, create_update_message

from collab.conftest import TOLD_SECONDS, Team
from support.http import PASSWORD
from support.yclient import connected, forged_update


@pytest.mark.parametrize("role", ["viewer", "commenter"])
async def test_readers_read_and_are_seen_but_do_not_write(team: Team, role: str) -> None:
    document = team.document("read me\n")
    reader = team.member(role)
    url = team.server.ws_url
    async with (
        connected(url, document, team.owner.access_token) as ann,
        connected(url, document, reader.access_token) as bob,
    ):
        assert bob.text == "read me\n"
        await bob.set_state({"cursor": 1})
        await ann.wait_for(lambda: any(state.get("cursor") == 1 for state in ann.states.values()), "bob's cursor")
        await ann.append("more\n")
        await bob.wait_for_text("read me\nmore\n")
        await bob.append("graffiti\n")
        code, _ = await bob.closed()
        assert code == 4403
        await ann.append("end\n")
        await ann.saved()
        assert team.content(document) == "read me\nmore\nend\n"


async def test_a_reader_who_comes_with_deletions_of_their_own_changes_nothing(team: Team) -> None:
    document = team.document("precious\n")
    reader = team.member("viewer")
    copy: Doc[Text] = Doc()
    url = team.server.ws_url
    async with connected(url, document, reader.access_token, doc=copy):
        pass
    text = copy.get("content", type=Text)
    del text[0:8]
    async with connected(url, document, reader.access_token, doc=copy) as bob:
        await bob.set_state({"still": "here"})
        await bob.wait_for(lambda: bob.is_synced, "sync")
    assert team.content(document) == "precious\n"


async def test_a_right_taken_away_closes_the_socket_at_once(team: Team) -> None:
    document = team.document("secret\n")
    bob_person = team.member("editor")
    async with connected(team.server.ws_url, document, bob_person.access_token) as bob:
        assert team.request("DELETE", f"/api/workspaces/{team.workspace_id}/members/{bob_person.id}").status_code == 204
        assert (await bob.closed(seconds=TOLD_SECONDS))[0] == 4403
    async with connected(team.server.ws_url, document, bob_person.access_token, sync=False) as bob:
        assert (await bob.closed())[0] == 4404


async def test_a_changed_role_counts_at_once(team: Team) -> None:
    document = team.document("text\n")
    bob_person = team.member("editor")
    path = f"/api/workspaces/{team.workspace_id}/members/{bob_person.id}"
    async with connected(team.server.ws_url, document, bob_person.access_token) as bob:
        assert team.request("PATCH", path, json={"role": "viewer"}).status_code == 200
        assert (await bob.closed())[0] == 4401
    async with connected(team.server.ws_url, document, bob_person.access_token) as bob:
        await bob.append("no")
        assert (await bob.closed())[0] == 4403
    assert team.content(document) == "text\n"


async def test_the_end_of_a_session_closes_its_sockets(team: Team) -> None:
    document = team.document("text\n")
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        assert team.request("POST", "/api/auth/logout").status_code == 204
        assert (await ann.closed(seconds=TOLD_SECONDS))[0] == 4401
    async with connected(team.server.ws_url, document, team.owner.access_token, sync=False) as ann:
        assert (await ann.closed())[0] == 4401


async def test_a_new_password_closes_the_other_sessions(team: Team) -> None:
    document = team.document("text\n")
    with team.server.client() as client:
        other = client.post("/api/auth/login", json={"email": team.owner.email, "password": PASSWORD}).json()[
            "access_token"
        ]
    url = team.server.ws_url
    async with connected(url, document, other) as elsewhere, connected(url, document, team.owner.access_token) as here:
        body = {"current_password": PASSWORD, "new_password": "Another-horse-2"}
        assert team.request("POST", "/api/auth/password", json=body).status_code == 204
        assert (await elsewhere.closed(seconds=TOLD_SECONDS))[0] == 4401
        await here.append("still here\n")
        await here.saved()


async def test_a_deleted_document_closes_and_a_restored_one_opens(team: Team) -> None:
    document = team.document("text\n")
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        await ann.append("more\n")
        await ann.saved()
        assert team.request("DELETE", f"/api/documents/{document}").status_code == 204
        assert (await ann.closed(seconds=TOLD_SECONDS))[0] == 4404
    assert team.request("POST", f"/api/documents/{document}/restore").status_code == 200
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        assert ann.text == "text\nmore\n"


async def test_a_deleted_workspace_closes_its_sockets(team: Team) -> None:
    document = team.document("text\n")
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        assert team.request("DELETE", f"/api/workspaces/{team.workspace_id}").status_code == 204
        assert (await ann.closed(seconds=TOLD_SECONDS))[0] == 4404


async def test_nobody_writes_under_the_client_id_of_another(team: Team) -> None:
    document = team.document("")
    friend = team.member("editor")
    url = team.server.ws_url
    async with (
        connected(url, document, team.owner.access_token) as ann,
        connected(url, document, friend.access_token) as bob,
    ):
        await ann.append("mine")
        await bob.wait_for_text("mine")
        await bob.send(create_update_message(forged_update(ann, 4, " forged")))
        code, reason = await bob.closed()
        assert (code, reason) == (4400, "foreign_client")
        await ann.append("!")
        await ann.saved()
    assert team.content(document) == "mine!"


async def test_nobody_speaks_for_another_in_awareness(team: Team) -> None:
    document = team.document("")
    friend = team.member("editor")
    url = team.server.ws_url
    async with (
        connected(url, document, team.owner.access_token) as ann,
        connected(url, document, friend.access_token) as bob,
    ):
        await ann.set_state({"user": {"id": friend.id, "name": "Bob", "color": "url(x)"}, "n": 1})
        await bob.wait_for(lambda: ann.client_id in bob.states, "ann's state")
        user = bob.states[ann.client_id]["user"]
        assert user == {"id": team.owner.id, "name": team.owner.name}
        await bob.awareness_of(ann.client_id, 99, {"n": "forged"})
        await bob.set_state({"n": 2})
        await ann.wait_for(lambda: bob.client_id in ann.states, "bob's state")
        await ann.set_state({"n": 3})
        await bob.wait_for(lambda: bob.states.get(ann.client_id, {}).get("n") == 3, "ann's next state")


async def test_who_leaves_is_gone_for_the_others(team: Team) -> None:
    document = team.document("")
    url, token = team.server.ws_url, team.owner.access_token
    async with connected(url, document, token) as ann:
        async with connected(url, document, token) as bob:
            await bob.set_state({"here": True})
            await ann.wait_for(lambda: bob.client_id in ann.states, "bob")
        await ann.wait_for(lambda: bob.client_id not in ann.states, "bob gone")


async def test_many_sockets_of_one_person_all_close(team: Team) -> None:
    document = team.document("text\n")
    person = team.member("editor")
    async with asyncio.TaskGroup() as group:
        open_ones = asyncio.Barrier(11)

        async def one() -> None:
            async with connected(team.server.ws_url, document, person.access_token) as client:
                await open_ones.wait()
                assert (await client.closed(seconds=TOLD_SECONDS))[0] == 4403

        for _ in range(10):
            group.create_task(one())
        await open_ones.wait()
        assert team.request("DELETE", f"/api/workspaces/{team.workspace_id}/members/{person.id}").status_code == 204
