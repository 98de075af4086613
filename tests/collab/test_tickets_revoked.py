"""A ticket opens nothing once the session or key that asked for it has ended."""

from typing import Any

import pytest

from collab.conftest import Team
from support.http import Person
from support.yclient import connected


def ticket(team: Team, document: str, headers: dict[str, str]) -> str:
    with team.server.client() as client:
        response = client.post(f"/api/documents/{document}/ticket", headers=headers)
    assert response.status_code == 201, response.text
    return str(response.json()["ticket"])


def api_key(team: Team) -> dict[str, Any]:
    response = team.request("POST", "/api/keys", json={"name": "key", "scope": "write"})
    assert response.status_code == 201, response.text
    return dict(response.json())


async def refused(team: Team, document: str, with_ticket: str) -> None:
    async with connected(team.server.ws_url, document, with_ticket, sync=False) as client:
        assert await client.closed() == (4401, "unauthenticated")


async def test_a_ticket_ends_with_its_session(team: Team) -> None:
    document = team.document("secret\n")
    other: Person = team.member("editor")
    mine, theirs = (ticket(team, document, person.headers) for person in (team.owner, other))
    assert team.request("POST", "/api/auth/logout").status_code == 204
    await refused(team, document, mine)
    async with connected(team.server.ws_url, document, theirs) as client:
        assert client.text == "secret\n"


@pytest.mark.parametrize("revoked", [True, False])
async def test_a_ticket_ends_with_its_key(team: Team, *, revoked: bool) -> None:
    document = team.document("secret\n")
    key, other = api_key(team), api_key(team)
    mine = ticket(team, document, {"Authorization": f"Bearer {key['key']}"})
    assert team.request("DELETE", f"/api/keys/{(key if revoked else other)['id']}").status_code == 204
    if revoked:
        await refused(team, document, mine)
    else:
        async with connected(team.server.ws_url, document, mine) as client:
            assert client.text == "secret\n"
