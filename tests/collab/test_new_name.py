"""Who takes another name is seen under it, on sockets that were open already."""

from collab.conftest import Team
from support.yclient import YClient, connected


def names(client: YClient) -> set[str]:
    return {state["user"]["name"] for state in client.states.values() if "user" in state}


async def test_the_next_thing_somebody_says_of_themselves_carries_the_new_name(team: Team) -> None:
    document = team.document("text\n")
    friend = team.member("editor")
    url = team.server.ws_url
    async with (
        connected(url, document, team.owner.access_token) as ann,
        connected(url, document, friend.access_token) as bob,
    ):
        await ann.set_state({"cursor": 1})
        await bob.wait_for(lambda: team.owner.name in names(bob), "the old name")
        assert team.request("PATCH", "/api/me", json={"name": "Ann Other"}).status_code == 200
        await ann.set_state({"cursor": 2})
        await bob.wait_for(lambda: "Ann Other" in names(bob), "the new name")
        await bob.set_state({"cursor": 3})
        await ann.wait_for(lambda: friend.name in names(ann), "another's name, as it was")
