"""Members: add, change, remove, leave, and the owner that must stay."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from mdreader.kernel.events import Event, MembershipChanged
from support.http import new_workspace, signed_up
from support.team import Team, new_team, post_raw


async def roles(client: httpx.AsyncClient, team: Team, who: str = "owner") -> dict[str, str]:
    response = await client.get(f"{team.url}/members", headers=team.headers(who))
    assert response.status_code == 200
    return {item["user_id"]: item["role"] for item in response.json()["items"]}


async def test_somebody_is_added_by_email(client: httpx.AsyncClient) -> None:
    ada, ben = await signed_up(client), await signed_up(client, email="ben@example.org", name="Ben")
    url = f"/api/workspaces/{await new_workspace(client, ada)}/members"
    body = {"email": " BEN@example.org ", "role": "editor"}
    response = await client.post(url, json=body, headers=ada.headers)
    assert response.status_code == 201
    added = {"user_id": ben.id, "name": "Ben", "email": "ben@example.org", "role": "editor"}
    assert response.json() == added
    members = (await client.get(url, headers=ben.headers)).json()["items"]
    assert [member["user_id"] for member in members] == [ada.id, ben.id]
    assert members[1] == added


async def test_who_has_no_account_cannot_be_added(client: httpx.AsyncClient) -> None:
    team = await new_team(client, "viewer")
    body = {"email": "nobody@example.org", "role": "viewer"}
    response = await client.post(f"{team.url}/members", json=body, headers=team.headers("owner"))
    assert response.status_code == 404
    assert response.json()["code"] == "user_not_found"
    assert "nobody@example.org" in response.json()["detail"]


async def test_who_is_a_member_cannot_be_added_again(client: httpx.AsyncClient) -> None:
    team = await new_team(client, "viewer")
    for who in ("viewer", "owner"):
        body = {"email": team.people[who].email, "role": "editor"}
        response = await client.post(f"{team.url}/members", json=body, headers=team.headers("owner"))
        assert response.status_code == 409
        assert response.json()["code"] == "already_member"
    assert sorted((await roles(client, team)).values()) == ["owner", "viewer"]


async def test_adding_the_same_person_twice_at_once_adds_them_once(client: httpx.AsyncClient) -> None:
    team = await new_team(client, "viewer")
    body = {"email": team.people["stranger"].email, "role": "editor"}
    answers = await asyncio.gather(
        *(client.post(f"{team.url}/members", json=body, headers=team.headers("owner")) for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_what_makes_no_sense_is_refused(client: httpx.AsyncClient) -> None:
    team = await new_team(client, "viewer")
    for body in (
        {"email": "x@example.org", "role": "king"},
        {"email": "no address", "role": "viewer"},
        {"role": "viewer"},
        {"email": "x@example.org"},
        {"email": "x\ud800@example.org", "role": "viewer"},
    ):
        response = await post_raw(client, f"{team.url}/members", body, team.headers("owner"))
        assert response.status_code == 422, body


async def test_a_role_changes_what_one_may_do_at_once(client: httpx.AsyncClient, app: FastAPI) -> None:
    team = await new_team(client, "viewer")
    viewer = team.people["viewer"]
    heard: list[Event] = []
    app.state.runtime.fanout.subscribe(heard.append)
    new = {"path": "a.md", "content": ""}
    assert (await client.post(f"{team.url}/documents", json=new, headers=viewer.headers)).status_code == 403
    url = f"{team.url}/members/{viewer.id}"
    response = await client.patch(url, json={"role": "editor"}, headers=team.headers("owner"))
    assert response.status_code == 200
    assert response.json()["role"] == "editor"
    assert (await client.post(f"{team.url}/documents", json=new, headers=viewer.headers)).status_code == 201
    await client.patch(url, json={"role": "editor"}, headers=team.headers("owner"))
    assert heard == [MembershipChanged(team.workspace_id, viewer.id)]


async def test_who_is_removed_is_a_stranger(client: httpx.AsyncClient, app: FastAPI) -> None:
    team = await new_team(client, "editor")
    editor = team.people["editor"]
    heard: list[Event] = []
    app.state.runtime.fanout.subscribe(heard.append)
    response = await client.delete(f"{team.url}/members/{editor.id}", headers=team.headers("owner"))
    assert response.status_code == 204
    assert (await client.get(team.url, headers=editor.headers)).status_code == 404
    assert heard == [MembershipChanged(team.workspace_id, editor.id)]
    again = await client.delete(f"{team.url}/members/{editor.id}", headers=team.headers("owner"))
    assert again.status_code == 404
    assert again.json()["code"] == "member_not_found"


@pytest.mark.parametrize("role", ["editor", "commenter", "viewer"])
async def test_everybody_may_leave_and_remove_nobody_else(client: httpx.AsyncClient, role: str) -> None:
    team = await new_team(client)
    other = "viewer" if role != "viewer" else "editor"
    for victim in ("owner", other):
        response = await client.delete(f"{team.url}/members/{team.people[victim].id}", headers=team.headers(role))
        assert response.status_code == 403
    response = await client.delete(f"{team.url}/members/{team.people[role].id}", headers=team.headers(role))
    assert response.status_code == 204
    assert (await client.get(team.url, headers=team.headers(role))).status_code == 404
    assert len(await roles(client, team)) == 3


async def test_the_last_owner_stays(client: httpx.AsyncClient) -> None:
    team = await new_team(client, "editor")
    owner = team.people["owner"]
    url = f"{team.url}/members/{owner.id}"
    for answer in (
        await client.delete(url, headers=owner.headers),
        await client.patch(url, json={"role": "viewer"}, headers=owner.headers),
    ):
        assert answer.status_code == 409
        assert answer.json()["code"] == "last_owner"
    assert (await roles(client, team))[owner.id] == "owner"

    editor = team.people["editor"]
    await client.patch(f"{team.url}/members/{editor.id}", json={"role": "owner"}, headers=owner.headers)
    assert (await client.delete(url, headers=owner.headers)).status_code == 204
    assert await roles(client, team, "editor") == {editor.id: "owner"}


@pytest.mark.parametrize("way", ["leave", "demote", "remove each other"])
async def test_two_owners_who_go_at_once_leave_one(client: httpx.AsyncClient, way: str) -> None:
    team = await new_team(client, "editor")
    ada, ben = team.people["owner"], team.people["editor"]
    await client.patch(f"{team.url}/members/{ben.id}", json={"role": "owner"}, headers=ada.headers)

    def go(who: str, by: dict[str, str]) -> asyncio.Task[httpx.Response]:
        url = f"{team.url}/members/{who}"
        if way == "demote":
            return asyncio.create_task(client.patch(url, json={"role": "viewer"}, headers=by))
        return asyncio.create_task(client.delete(url, headers=by))

    pairs = [(ada.id, ben.headers), (ben.id, ada.headers)]
    if way != "remove each other":
        pairs = [(ada.id, ada.headers), (ben.id, ben.headers)]
    answers = await asyncio.gather(*(go(*pair) for pair in pairs))
    done = [answer for answer in answers if answer.is_success]
    assert len(done) == 1
    (refused,) = [answer for answer in answers if not answer.is_success]
    # Whoever was removed by the other may do nothing any more; whoever went first leaves the other as the last owner.
    assert refused.status_code == (404 if way == "remove each other" else 409)
    left = {}
    for person in (ada, ben):
        answer = await client.get(f"{team.url}/members", headers=person.headers)
        if answer.is_success:
            left = {item["user_id"]: item["role"] for item in answer.json()["items"]}
    assert list(left.values()).count("owner") == 1


async def test_nobody_is_told_of_what_did_not_happen(client: httpx.AsyncClient, app: FastAPI) -> None:
    team = await new_team(client, "editor")
    heard: list[Event] = []
    app.state.runtime.fanout.subscribe(heard.append)
    owner = team.people["owner"]
    await client.delete(f"{team.url}/members/{owner.id}", headers=owner.headers)
    await client.post(f"{team.url}/members", json={"email": owner.email, "role": "viewer"}, headers=owner.headers)
    await client.delete(f"{team.url}/members/not-an-id", headers=owner.headers)
    assert heard == []
