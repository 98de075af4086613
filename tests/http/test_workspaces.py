"""Workspaces: make, list, rename, delete, restore."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from mdreader.kernel.events import Event, WorkspaceRemoved
from support.http import new_document, new_workspace, signed_up
from support.team import Team, new_team, post_raw


@pytest.fixture
async def team(client: httpx.AsyncClient) -> Team:
    return await new_team(client)


async def names(client: httpx.AsyncClient, headers: dict[str, str], url: str = "/api/workspaces") -> list[str]:
    response = await client.get(url, headers=headers)
    assert response.status_code == 200
    return [item["name"] for item in response.json()["items"]]


async def test_who_makes_a_workspace_owns_it(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    response = await client.post("/api/workspaces", json={"name": "  Zoë's  "}, headers=ada.headers)
    assert response.status_code == 201
    made = response.json()
    assert made["name"] == "Zoë's"
    assert made["role"] == "owner"
    listed = (await client.get("/api/workspaces", headers=ada.headers)).json()
    assert listed == {"items": [made]}
    assert (await client.get(f"/api/workspaces/{made['id']}", headers=ada.headers)).json() == made


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\nb", "a\0b", "half \ud800", None, 7])
async def test_a_name_that_cannot_be_is_refused(client: httpx.AsyncClient, name: Any) -> None:
    ada = await signed_up(client)
    response = await post_raw(client, "/api/workspaces", {"name": name}, ada.headers)
    assert response.status_code == 422
    assert response.json()["code"] == "invalid_input"
    assert await names(client, ada.headers) == []


async def test_nobody_sees_the_workspaces_of_others(client: httpx.AsyncClient) -> None:
    ada, ben = await signed_up(client), await signed_up(client)
    await new_workspace(client, ada, "Ada's")
    await new_workspace(client, ben, "Ben's")
    assert await names(client, ada.headers) == ["Ada's"]
    assert await names(client, ben.headers) == ["Ben's"]


async def test_each_member_sees_the_own_role(client: httpx.AsyncClient, team: Team) -> None:
    for role in ("owner", "editor", "commenter", "viewer"):
        listed = (await client.get("/api/workspaces", headers=team.headers(role))).json()["items"]
        assert [item["role"] for item in listed] == [role]


async def test_renaming_shows_to_everybody(client: httpx.AsyncClient, team: Team) -> None:
    response = await client.patch(team.url, json={"name": "Renamed"}, headers=team.headers("owner"))
    assert response.status_code == 200
    assert response.json()["name"] == "Renamed"
    assert await names(client, team.headers("viewer")) == ["Renamed"]


async def test_a_deleted_workspace_is_gone_for_everybody(client: httpx.AsyncClient, team: Team) -> None:
    document = await new_document(client, team.people["owner"], team.workspace_id)
    assert (await client.delete(team.url, headers=team.headers("owner"))).status_code == 204
    for role in team.people:
        headers = team.headers(role)
        assert await names(client, headers) == []
        for method, url in (
            ("GET", team.url),
            ("DELETE", team.url),
            ("GET", f"{team.url}/members"),
            ("GET", f"{team.url}/documents"),
            ("GET", f"{team.url}/trash"),
            ("GET", f"/api/documents/{document}"),
            ("GET", f"/api/documents/{document}/content"),
            ("DELETE", f"/api/documents/{document}"),
            ("POST", f"/api/documents/{document}/restore"),
            ("POST", f"/api/documents/{document}/ticket"),
        ):
            response = await client.request(method, url, headers=headers)
            assert response.status_code == 404, (role, method, url)
            assert response.json()["code"] == "not_found"


async def test_restoring_brings_documents_and_members_back(client: httpx.AsyncClient, team: Team) -> None:
    document = await new_document(client, team.people["owner"], team.workspace_id, content="kept")
    await client.delete(team.url, headers=team.headers("owner"))
    for role in ("editor", "commenter", "viewer", "stranger"):
        response = await client.post(f"{team.url}/restore", headers=team.headers(role))
        assert response.status_code == 404, role
    deleted = (await client.get("/api/workspaces/deleted", headers=team.headers("owner"))).json()["items"]
    assert [item["id"] for item in deleted] == [team.workspace_id]
    assert deleted[0]["deleted_at"]
    assert await names(client, team.headers("editor"), "/api/workspaces/deleted") == []

    response = await client.post(f"{team.url}/restore", headers=team.headers("owner"))
    assert response.status_code == 200
    assert response.json()["id"] == team.workspace_id
    assert await names(client, team.headers("owner"), "/api/workspaces/deleted") == []
    read = await client.get(f"/api/documents/{document}", headers=team.headers("viewer"))
    assert read.json()["content"] == "kept"


async def test_restoring_what_is_not_deleted_changes_nothing(client: httpx.AsyncClient, team: Team) -> None:
    assert (await client.post(f"{team.url}/restore", headers=team.headers("owner"))).status_code == 200
    assert (await client.post(f"{team.url}/restore", headers=team.headers("editor"))).status_code == 403
    assert await names(client, team.headers("viewer")) == ["Team"]


async def test_the_house_hears_of_a_deletion(client: httpx.AsyncClient, app: FastAPI, team: Team) -> None:
    heard: list[Event] = []
    app.state.runtime.fanout.subscribe(heard.append)
    await client.delete(team.url, headers=team.headers("owner"))
    assert heard == [WorkspaceRemoved(workspace_id=team.workspace_id)]


@pytest.mark.parametrize("workspace_id", ["x", "%00", "..", "01a1fc80-41af-7a46-a789-f6285318f33c", "x" * 3000])
async def test_an_id_that_is_none_is_not_found(client: httpx.AsyncClient, workspace_id: str) -> None:
    ada = await signed_up(client)
    response = await client.get(f"/api/workspaces/{workspace_id}/members", headers=ada.headers)
    assert response.status_code == 404
