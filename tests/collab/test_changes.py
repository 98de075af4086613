"""What people type is a change of the document, once it is recorded."""

import asyncio

from collab.conftest import Team
from support.yclient import connected


def changes(team: Team, cursor: str = "") -> tuple[list[tuple[str, str]], str]:
    path = f"/api/workspaces/{team.workspace_id}/changes"
    answer = team.request("GET", path, params={"cursor": cursor} if cursor else {}).json()
    return [(item["op"], item["id"]) for item in answer["items"]], answer["next_cursor"]


async def test_what_was_typed_before_a_kill_is_one_change_after_it(own_team: Team) -> None:
    document = own_team.document("# Before\n")
    _, cursor = changes(own_team)
    async with connected(own_team.server.ws_url, document, own_team.owner.access_token) as ann:
        await ann.insert(2, "Not ")
        await ann.insert(0, "x")
        await ann.saved()
        own_team.server.kill()
        await ann.closed()
    own_team.server.start()
    async with asyncio.timeout(60):
        while not (found := (await asyncio.to_thread(changes, own_team, cursor))[0]):
            pass  # nothing tells a client of it: it is asked until it says so
    assert found == [("write", document)]
