"""How a socket is opened, and with which code it is closed."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from collab.conftest import TOLD_SECONDS, Team
from support.yclient import connected

NOWHERE = "01900000-0000-7000-8000-000000000000"


def ticket(team: Team, document: str) -> dict[str, object]:
    response = team.request("POST", f"/api/documents/{document}/ticket")
    assert response.status_code == 201
    return dict(response.json())


async def test_a_ticket_opens_one_socket_on_its_document(team: Team) -> None:
    document, other = team.document("text\n"), team.document("other\n")
    issued = ticket(team, document)
    assert 0 < int(str(issued["expires_in"])) <= 300
    async with connected(team.server.ws_url, document, str(issued["ticket"])) as ann:
        assert ann.text == "text\n"
        async with connected(team.server.ws_url, document, str(issued["ticket"]), sync=False) as again:
            assert (await again.closed())[0] == 4401
    elsewhere = str(ticket(team, document)["ticket"])
    async with connected(team.server.ws_url, other, elsewhere, sync=False) as wrong:
        assert (await wrong.closed())[0] == 4401
    async with connected(team.server.ws_url, document, elsewhere, sync=False) as spent:
        assert (await spent.closed())[0] == 4401


async def test_a_ticket_needs_the_right_to_read(team: Team) -> None:
    document = team.document("text\n")
    stranger = team.member("viewer")
    team.request("DELETE", f"/api/workspaces/{team.workspace_id}/members/{stranger.id}")
    assert team.request("POST", f"/api/documents/{document}/ticket", by=stranger).status_code == 404


@pytest.mark.parametrize("token", ["", "nonsense", "mdt_nonsense", "mdr_nonsense", "a.b.c"])
async def test_a_bad_token_is_told(team: Team, token: str) -> None:
    document = team.document("text\n")
    async with connected(team.server.ws_url, document, token, sync=False) as nobody:
        assert (await nobody.closed())[0] == 4401


@pytest.mark.parametrize("document", [NOWHERE, "nonsense", "..%2f..%2fetc", "x" * 3000])
async def test_a_document_that_is_not_there_is_told(team: Team, document: str) -> None:
    async with connected(team.server.ws_url, document, team.owner.access_token, sync=False) as nobody:
        assert (await nobody.closed())[0] == 4404


async def test_api_keys_open_sockets_within_their_scope(team: Team) -> None:
    document = team.document("text\n")
    keys = {}
    for scope in ("read", "write"):
        response = team.request("POST", "/api/keys", json={"name": scope, "scope": scope})
        assert response.status_code == 201
        keys[scope] = response.json()
    async with connected(team.server.ws_url, document, keys["write"]["key"]) as writer:
        await writer.append("by key\n")
        await writer.saved()
        async with connected(team.server.ws_url, document, keys["read"]["key"]) as reader:
            assert reader.text == "text\nby key\n"
            await reader.append("no")
            assert (await reader.closed())[0] == 4403
        assert team.request("DELETE", f"/api/keys/{keys['write']['id']}").status_code == 204
        assert (await writer.closed(seconds=TOLD_SECONDS))[0] == 4401


async def test_a_copy_of_another_epoch_is_not_merged(team: Team) -> None:
    document = team.document("text\n")
    epoch = str(ticket(team, document)["epoch"])
    token = team.owner.access_token
    async with connected(team.server.ws_url, document, token, epoch=epoch) as ann:
        assert ann.text == "text\n"
    async with connected(team.server.ws_url, document, token, sync=False, epoch=NOWHERE) as old:
        assert (await old.closed())[0] == 4409


async def test_pages_of_other_sites_cannot_open_a_socket(team: Team) -> None:
    document = team.document("text\n")
    address = f"{team.server.ws_url}/{document}?token={team.owner.access_token}"
    with pytest.raises(InvalidStatus) as refused:
        async with connect(address, origin=Origin("https://evil.example"), proxy=None, open_timeout=60):
            pass
    assert refused.value.response.status_code == 403
    async with connect(address, origin=Origin(team.server.url), proxy=None, open_timeout=60) as socket:
        assert isinstance(await socket.recv(), bytes)


async def test_other_paths_take_no_socket(team: Team) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(team.server.url.replace("http", "ws") + "/api/elsewhere", proxy=None, open_timeout=60):
            pass
    assert refused.value.response.status_code == 404


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"", 4400),
        (b"\x63", 4400),
        (b"\x00\x07\x01\x00", 4400),
        (b"\x00\x02\x03\x01\x01", 4400),
        (b"\x00\x00\x05\xff\xff\xff\xff\x0f", 4400),
        (b"\x01\x02\x01\x01", 4400),
        (b"\x66" + b"x" * 65, 4400),
        ("text", 1003),
    ],
)
async def test_broken_messages_close_the_socket_and_nothing_else(team: Team, frame: bytes | str, code: int) -> None:
    document = team.document("text\n")
    url, token = team.server.ws_url, team.owner.access_token
    async with connected(url, document, token) as bystander:
        async with connect(f"{url}/{document}?token={token}", proxy=None, open_timeout=60) as socket:
            await socket.recv()
            await socket.send(frame)
            async with asyncio.timeout(60):
                await socket.wait_closed()
            assert socket.close_code == code
        await bystander.append("fine\n")
        await bystander.saved()
        assert team.content(document) == "text\nfine\n"


async def test_a_message_in_fragments_is_put_together(team: Team) -> None:
    document = team.document("text\n")
    url, token = team.server.ws_url, team.owner.access_token
    async with connect(f"{url}/{document}?token={token}", proxy=None, open_timeout=60) as socket:
        await socket.recv()
        await socket.send([b"\x66", b"whole", b" again"])
        async with asyncio.timeout(60):
            while await socket.recv() != b"\x66whole again":
                pass


async def test_a_frame_in_the_segment_of_the_upgrade_counts(team: Team) -> None:
    document = team.document("text\n")
    host, port = team.server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    marker = b"\x66together"
    mask = b"\0\0\0\0"
    writer.write(
        f"GET /api/collab/{document}?token={team.owner.access_token} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        + bytes((0x82, 0x80 | len(marker)))
        + mask
        + marker
    )
    async with asyncio.timeout(60):
        received = await reader.readuntil(marker)
    assert received.startswith(b"HTTP/1.1 101")
    writer.close()


async def test_no_token_reaches_the_log(own_team: Team) -> None:
    team = own_team
    document = team.document("text\n")
    issued = str(ticket(team, document)["ticket"])
    async with connected(team.server.ws_url, document, issued):
        pass
    async with connected(team.server.ws_url, document, team.owner.access_token):
        pass
    async with connected(team.server.ws_url, NOWHERE, team.owner.access_token, sync=False) as nobody:
        await nobody.closed()
    team.server.stop()
    log = "".join(team.server.log)
    assert issued not in log
    assert team.owner.access_token not in log
    assert all(json.loads(line) for line in team.server.log)


async def test_a_gap_is_closed_by_asking_again(team: Team) -> None:
    """An update that builds on another that never came is not acknowledged until the client has sent both."""
    document = team.document("")
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        ann.muted = True
        await ann.append("lost on the way, ")
        ann.muted = False
        await ann.append("and this builds on it")
        await ann.saved()
        assert team.content(document) == "lost on the way, and this builds on it"


async def test_the_question_who_is_here_is_answered_even_alone(team: Team) -> None:
    document = team.document("")
    async with connect(
        f"{team.server.ws_url}/{document}?token={team.owner.access_token}", proxy=None, open_timeout=60
    ) as socket:
        await socket.recv()
        await socket.send(b"\x03")
        async with asyncio.timeout(60):
            assert await socket.recv() == b"\x01\x01\x00"
