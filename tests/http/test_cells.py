"""Cells on both databases, in one process: who is told where a workspace went, and who learns nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from mdreader.features.documents.access import rights_now
from mdreader.features.workspaces import cells as router_table
from mdreader.features.workspaces.access import Right
from mdreader.kernel.actor import Actor
from mdreader.kernel.cells import Cells
from mdreader.main import create_app
from mdreader.runtime import Runtime
from mdreader.settings import Settings
from support.http import PASSWORD, Person, connect, new_document, new_workspace, signed_up

ADDRESSES = (("eu", "https://eu.example.org"), ("us", "https://us.example.org"))
NOWHERE = "00000000-0000-7000-8000-000000000000"


@asynccontextmanager
async def started(settings: Settings, cell: str) -> AsyncIterator[FastAPI]:
    made = create_app(settings.model_copy(update={"cell": cell, "cells": ADDRESSES}))
    async with made.router.lifespan_context(made):
        yield made


async def logged_in(client: httpx.AsyncClient, person: Person) -> dict[str, str]:
    answer = await client.post("/api/auth/login", json={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with started(settings, "eu") as made:
        yield made


@pytest.fixture
def runtime(app: FastAPI) -> Runtime:
    found: Runtime = app.state.runtime
    return found


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(app) as made:
        yield made


def cells_of(runtime: Runtime) -> Cells:
    assert runtime.policy.cells is not None
    return runtime.policy.cells


async def put(runtime: Runtime, cell: str, *workspace_ids: str) -> router_table.Assigned:
    async with runtime.database.write() as tx:
        return await router_table.assign(tx, cells_of(runtime), workspace_ids, cell)


@pytest.fixture
async def ada(client: httpx.AsyncClient) -> Person:
    return await signed_up(client)


async def test_a_member_is_sent_to_where_it_went(runtime: Runtime, client: httpx.AsyncClient, ada: Person) -> None:
    moved, kept = await new_workspace(client, ada, "Moved"), await new_workspace(client, ada, "Kept")
    document = await new_document(client, ada, moved, content="text")
    assert await put(runtime, "us", moved) == router_table.Assigned(1, ())
    for method, path in (
        ("GET", f"/api/workspaces/{moved}"),
        ("PATCH", f"/api/workspaces/{moved}"),
        ("DELETE", f"/api/workspaces/{moved}"),
        ("GET", f"/api/workspaces/{moved}/changes?limit=5"),
        ("GET", f"/api/documents/{document}"),
        ("PUT", f"/api/documents/{document}/content"),
        ("POST", f"/api/documents/{document}/ticket"),
    ):
        body = {"json": {"name": "New"}} if method == "PATCH" else {"content": "x"} if method == "PUT" else {}
        headers = {**ada.headers, "If-Match": "*"}
        answer = await client.request(method, path, headers=headers, **body)
        assert answer.status_code == 307, (method, path, answer.text)
        assert answer.headers["location"] == f"https://us.example.org{path}"
        problem = answer.json()
        assert (problem["code"], problem["cell"], problem["address"]) == ("other_cell", "us", "https://us.example.org")
        # A browser would follow it without its cookies and show a failed request.
        answer = await client.request(method, path, headers={**headers, "Sec-Fetch-Mode": "cors"}, **body)
        assert answer.status_code == 421
        assert "location" not in answer.headers
        assert answer.json()["address"] == "https://us.example.org"
    listed = (await client.get("/api/workspaces", headers=ada.headers)).json()["items"]
    assert [one["id"] for one in listed] == [kept]
    assert (await client.get(f"/api/workspaces/{kept}", headers=ada.headers)).status_code == 200


async def test_a_stranger_learns_nothing(runtime: Runtime, client: httpx.AsyncClient, ada: Person) -> None:
    moved = await new_workspace(client, ada)
    document = await new_document(client, ada, moved)
    await put(runtime, "us", moved)
    bob = await signed_up(client)
    for kind, one in (("workspaces", moved), ("documents", document)):
        there = await client.get(f"/api/{kind}/{one}", headers=bob.headers)
        nowhere = await client.get(f"/api/{kind}/{NOWHERE}", headers=bob.headers)
        assert there.status_code == nowhere.status_code == 404
        assert there.content == nowhere.content
        assert (await client.get(f"/api/{kind}/{one}")).status_code == 401
    # Nor is somebody told whose membership ended before it went.
    await put(runtime, "eu", moved)
    joined = await client.post(
        f"/api/workspaces/{moved}/members", json={"email": bob.email, "role": "viewer"}, headers=ada.headers
    )
    assert joined.status_code == 201
    await client.delete(f"/api/workspaces/{moved}/members/{bob.id}", headers=ada.headers)
    await put(runtime, "us", moved)
    assert (await client.get(f"/api/workspaces/{moved}", headers=bob.headers)).status_code == 404


async def test_what_is_not_found_here_is_still_not_found(
    runtime: Runtime, client: httpx.AsyncClient, ada: Person
) -> None:
    moved, kept = await new_workspace(client, ada), await new_workspace(client, ada)
    await put(runtime, "us", moved)
    document = await new_document(client, ada, kept)
    await client.delete(f"/api/documents/{document}", headers=ada.headers)
    assert (await client.get(f"/api/documents/{document}", headers=ada.headers)).status_code == 404
    assert (await client.get("/api/documents/nonsense", headers=ada.headers)).status_code == 404
    assert (await client.get(f"/api/workspaces/{NOWHERE}", headers=ada.headers)).status_code == 404
    # A request that may not be made at all is told so, and not where it would have to go.
    cookie = {"Cookie": f"mdr_access={ada.access_token}"}
    answer = await client.patch(f"/api/workspaces/{moved}", json={"name": "x"}, headers=cookie)
    assert answer.status_code in {401, 403}


async def test_open_sockets_lose_their_right(runtime: Runtime, client: httpx.AsyncClient, ada: Person) -> None:
    """What the look at all sockets asks, every half minute."""
    moved = await new_workspace(client, ada)
    document = await new_document(client, ada, moved)
    actor = Actor(user_id=ada.id, name=ada.name, email=ada.email)
    rights = []
    for cell in ("eu", "us"):
        await put(runtime, cell, moved)
        async with runtime.database.read() as conn:
            rights += await rights_now(conn, [(actor, document)])
    assert rights == [Right.OWN, None]


async def test_it_comes_back(runtime: Runtime, client: httpx.AsyncClient, ada: Person) -> None:
    moved = await new_workspace(client, ada)
    document = await new_document(client, ada, moved, content="as it was")
    await put(runtime, "us", moved)
    assert await put(runtime, "us", moved) == router_table.Assigned(0, ())
    await put(runtime, "eu", moved)
    answer = await client.get(f"/api/documents/{document}/content", headers=ada.headers)
    assert (answer.status_code, answer.text) == (200, "as it was")


async def test_nothing_is_assigned_when_one_is_unknown(
    runtime: Runtime, client: httpx.AsyncClient, ada: Person
) -> None:
    kept = await new_workspace(client, ada)
    assert await put(runtime, "us", kept, NOWHERE) == router_table.Assigned(0, (NOWHERE,))
    assert (await client.get(f"/api/workspaces/{kept}", headers=ada.headers)).status_code == 200


async def test_a_copy_of_the_database_serves_the_other_half(settings: Settings) -> None:
    """What a start as another cell makes of the same rows."""
    async with started(settings, "eu") as made, connect(made) as client:
        ada = await signed_up(client)
        moved, kept = await new_workspace(client, ada, "Moved"), await new_workspace(client, ada, "Kept")
        key = await client.post("/api/keys", json={"name": "cron", "scope": "write"}, headers=ada.headers)
        await put(made.state.runtime, "us", moved)
    async with started(settings, "eu") as made, connect(made) as client:
        # The same cell again: everybody is still signed in.
        assert (await client.get(f"/api/workspaces/{kept}", headers=ada.headers)).status_code == 200
    async with started(settings, "us") as made, connect(made) as client:
        runtime: Runtime = made.state.runtime
        async with runtime.database.read() as conn:
            assert await router_table.find_elsewhere(conn, ada.id, moved) is None
            assert await router_table.find_elsewhere(conn, ada.id, kept) == ("eu",)
            assert await router_table.count(conn, cells_of(runtime)) == {"eu": 1, "us": 1}
        # What signed her in there does not hold here: nobody here would hear that it was revoked there.
        for token in (ada.access_token, key.json()["key"]):
            answer = await client.get("/api/workspaces", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 401
        headers = await logged_in(client, ada)
        assert (await client.get(f"/api/workspaces/{moved}", headers=headers)).status_code == 200
        away = await client.get(f"/api/workspaces/{kept}", headers=headers)
        assert (away.status_code, away.json()["cell"]) == (307, "eu")
        new = await new_workspace(client, replace(ada, access_token=headers["Authorization"].split()[1]))
        async with runtime.database.read() as conn:
            assert await router_table.count(conn, cells_of(runtime)) == {"eu": 1, "us": 2}, new


async def test_workspaces_from_before_there_were_cells_live_in_the_first(settings: Settings) -> None:
    before = create_app(settings)
    async with before.router.lifespan_context(before), connect(before) as client:
        ada = await signed_up(client)
        old = await new_workspace(client, ada)
        assert (await client.get(f"/api/workspaces/{NOWHERE}", headers=ada.headers)).status_code == 404
    for cell, status in (("eu", 200), ("us", 307)):
        async with started(settings, cell) as made, connect(made) as client:
            answer = await client.get(f"/api/workspaces/{old}", headers=await logged_in(client, ada))
            assert answer.status_code == status


async def test_a_request_under_way_and_an_assignment_take_turns(
    runtime: Runtime, client: httpx.AsyncClient, ada: Person
) -> None:
    """A write is either stored before the workspace goes, or refused: never both."""
    moved = await new_workspace(client, ada)
    names = [f"note-{number}.md" for number in range(20)]

    async def write(name: str) -> int:
        body = {"path": name, "content": name}
        answer = await client.post(f"/api/workspaces/{moved}/documents", json=body, headers=ada.headers)
        return answer.status_code

    writing = [asyncio.create_task(write(name)) for name in names]
    await asyncio.sleep(0)
    await put(runtime, "us", moved)
    statuses = await asyncio.gather(*writing)
    assert set(statuses) <= {201, 307}
    assert await write("late.md") == 307
    await put(runtime, "eu", moved)
    listed = (await client.get(f"/api/workspaces/{moved}/documents", headers=ada.headers)).json()["items"]
    stored = {one["path"] for one in listed}
    assert stored == {name for name, status in zip(names, statuses, strict=True) if status == 201}
