"""The tree hears of what was typed, also when the server was killed before it could be told."""

import asyncio

from collab.conftest import Team
from support.yclient import connected


def listed(team: Team, document: str) -> dict[str, object]:
    items = team.request("GET", f"/api/workspaces/{team.workspace_id}/documents").json()["items"]
    return next(dict(item) for item in items if item["id"] == document)


async def until_title(team: Team, document: str, title: str) -> dict[str, object]:
    """The document in the list, once it has this title. Nothing tells a client of it: it is asked until it says so."""
    async with asyncio.timeout(60):
        while True:
            found = await asyncio.to_thread(listed, team, document)
            if found["title"] == title:
                return found


async def test_the_tree_follows_what_is_typed(team: Team) -> None:
    document = team.document("# Before\n")
    before = listed(team, document)
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        await ann.delete(2, 6)
        await ann.insert(2, "After é")
        found = await until_title(team, document, "After é")
    assert found["size"] == len("# After é\n".encode())
    assert int(str(found["rev"])) > int(str(before["rev"]))


async def test_a_write_over_rest_is_recorded_once(team: Team) -> None:
    document = team.document("# Before\n")
    written = team.request(
        "PUT", f"/api/documents/{document}/content", json={"content": "# After\n"}, headers={"If-Match": "*"}
    )
    assert written.status_code == 200
    rev = listed(team, document)["rev"]
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        other = team.document("# Other\n")
        async with connected(team.server.ws_url, other, team.owner.access_token) as bob:
            await bob.insert(2, "An")
            # By the time that this one is projected, a second record of the first would have been made.
            await until_title(team, other, "AnOther")
        assert ann.text == "# After\n"
    assert listed(team, document)["rev"] == rev


async def test_a_killed_server_catches_up(own_team: Team) -> None:
    team = own_team
    document = team.document("# Before\n")
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        await ann.insert(2, "Not ")
        await ann.saved()
        team.server.kill()
        await ann.closed()
    team.server.start()
    await until_title(team, document, "Not Before")
