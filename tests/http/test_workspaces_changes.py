"""What was changed in a workspace, read by cursor."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from mdreader.features.workspaces import tasks
from mdreader.features.workspaces.changes import begin_epoch
from mdreader.features.workspaces.tables import changes, workspaces
from mdreader.kernel.paging import encode_cursor
from support.http import new_document, new_workspace, signed_up
from support.jobs import until_done
from support.team import Team, new_team


class Follower:
    """Reads on where it stopped."""

    def __init__(self, client: httpx.AsyncClient, team: Team, who: str = "owner") -> None:
        self._client = client
        self._url = f"{team.url}/changes"
        self._headers = team.headers(who)
        self.cursor: str | None = None

    async def read(self, limit: int = 1000) -> list[dict[str, Any]]:
        """What is new, in as many answers as it takes."""
        found: list[dict[str, Any]] = []
        while True:
            params: dict[str, Any] = {"limit": limit} | ({"cursor": self.cursor} if self.cursor else {})
            response = await self._client.get(self._url, params=params, headers=self._headers)
            assert response.status_code == 200, response.text
            body = response.json()
            assert len(body["items"]) <= limit
            found += body["items"]
            self.cursor = body["next_cursor"]
            if not body["more"]:
                return found

    async def news(self, limit: int = 1000) -> list[tuple[str, str, str]]:
        return [(item["kind"], item["op"], item["id"]) for item in await self.read(limit)]


async def follower(client: httpx.AsyncClient, team: Team, who: str = "owner") -> Follower:
    """Somebody who follows from now on."""
    made = Follower(client, team, who)
    assert await made.read() == []
    return made


async def test_every_change_of_a_document_is_there_once(client: httpx.AsyncClient) -> None:
    team = await new_team(client, "viewer")
    headers = team.headers("owner")
    reader = await follower(client, team, "viewer")
    document = await new_document(client, team.people["owner"], team.workspace_id, "a/b.md", "one")
    url = f"/api/documents/{document}"
    assert await reader.news() == [("document", "create", document)]

    response = await client.put(
        f"{url}/content", content="two", headers={**headers, "If-Match": "*", "Content-Type": "text/markdown"}
    )
    assert response.status_code == 200, response.text
    assert await reader.news() == [("document", "write", document)]
    await client.patch(url, json={"path": "c/d.md"}, headers=headers)
    assert await reader.news() == [("document", "move", document)]
    await client.patch(url, json={"path": "c/d.md"}, headers=headers)  # it stands there
    await client.post(f"{team.url}/folders/move", json={"from_path": "c", "to_path": "e"}, headers=headers)
    assert await reader.news() == [("document", "move", document)]
    await client.delete(url, headers=headers)
    await client.post(f"{url}/restore", headers=headers)
    await client.post(f"{url}/restore", headers=headers)  # it is not deleted
    await client.post(f"{team.url}/folders/delete", json={"path": "e"}, headers=headers)
    await client.post(f"{team.url}/documents/restore", json={"document_ids": [document, document]}, headers=headers)
    assert [op for _, op, _ in await reader.news()] == ["delete", "restore", "delete", "restore"]


async def test_every_change_of_a_member_and_of_the_workspace_is_there_once(client: httpx.AsyncClient) -> None:
    team = await new_team(client, "editor")
    headers = team.headers("owner")
    reader = await follower(client, team)
    person, owner = team.people["stranger"], team.people["owner"]
    members = f"{team.url}/members"
    await client.post(members, json={"email": person.email, "role": "viewer"}, headers=headers)
    await client.patch(f"{members}/{person.id}", json={"role": "editor"}, headers=headers)
    await client.patch(f"{members}/{person.id}", json={"role": "editor"}, headers=headers)  # nothing new
    await client.delete(f"{members}/{person.id}", headers=headers)
    refused = await client.delete(f"{members}/{owner.id}", headers=headers)
    assert refused.status_code == 409
    await client.patch(team.url, json={"name": "Other"}, headers=headers)
    await client.delete(team.url, headers=headers)
    await client.post(f"{team.url}/restore", headers=headers)
    await client.post(f"{team.url}/restore", headers=headers)
    items = await reader.read()
    assert [(item["kind"], item["op"]) for item in items] == [
        ("member", "add"),
        ("member", "change"),
        ("member", "remove"),
        ("workspace", "rename"),
        ("workspace", "delete"),
        ("workspace", "restore"),
    ]
    assert [item["id"] for item in items] == [person.id] * 3 + [team.workspace_id] * 3
    assert {item["user_id"] for item in items} == {owner.id}
    revisions = [item["rev"] for item in items]
    assert revisions == sorted(set(revisions))


async def test_what_was_made_together_shares_a_revision_and_fits_in_many_answers(client: httpx.AsyncClient) -> None:
    team = await new_team(client, "viewer")
    reader = await follower(client, team)
    documents = [{"path": f"{number}.md", "content": "x"} for number in range(7)]
    response = await client.post(f"{team.url}/import", json={"documents": documents}, headers=team.headers("owner"))
    assert response.status_code == 200, response.text
    items = await reader.read(limit=2)
    assert len(items) == len({item["id"] for item in items}) == 7
    assert len({item["rev"] for item in items}) == 1


async def test_a_change_that_failed_leaves_nothing(client: httpx.AsyncClient) -> None:
    team = await new_team(client, "viewer")
    await new_document(client, team.people["owner"], team.workspace_id, "a.md")
    reader = await follower(client, team)
    response = await client.post(
        f"{team.url}/documents", json={"path": "a.md", "content": ""}, headers=team.headers("owner")
    )
    assert response.status_code == 409
    assert await reader.read() == []


async def test_a_new_workspace_begins_with_itself_and_its_owner(client: httpx.AsyncClient, app: FastAPI) -> None:
    ada = await signed_up(client)
    workspace_id = await new_workspace(client, ada)
    async with app.state.runtime.database.read() as conn:
        rows = (await conn.execute(select(changes).where(changes.c.workspace_id == workspace_id))).all()
    assert [(row.kind, row.op, row.entity_id) for row in rows] == [
        ("workspace", "create", workspace_id),
        ("member", "add", ada.id),
    ]


async def test_the_gate_decides_who_reads(client: httpx.AsyncClient) -> None:
    team = await new_team(client, "viewer")
    viewer = team.people["viewer"]
    reader = await follower(client, team, "viewer")
    stranger = await client.get(f"{team.url}/changes", headers=team.headers("stranger"))
    assert (stranger.status_code, stranger.json()["code"]) == (404, "not_found")
    assert (await client.get(f"{team.url}/changes")).status_code == 401
    await client.delete(f"{team.url}/members/{viewer.id}", headers=team.headers("owner"))
    late = await client.get(f"{team.url}/changes", params={"cursor": reader.cursor or ""}, headers=viewer.headers)
    assert late.status_code == 404


@pytest.mark.parametrize(
    "cursor", ["x", "", encode_cursor("", 1), encode_cursor(1, 1, 1), encode_cursor("", "1", 1), "é"]
)
async def test_a_cursor_that_is_none_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    team = await new_team(client, "viewer")
    response = await client.get(f"{team.url}/changes", params={"cursor": cursor}, headers=team.headers("owner"))
    assert response.status_code == 422


async def read_at(client: httpx.AsyncClient, team: Team, cursor: str | None) -> httpx.Response:
    return await client.get(f"{team.url}/changes", params={"cursor": cursor or ""}, headers=team.headers("owner"))


def assert_resync(response: httpx.Response) -> None:
    assert (response.status_code, response.json()["code"]) == (410, "resync"), response.text


async def test_a_cursor_of_a_restored_database_is_void(client: httpx.AsyncClient, app: FastAPI) -> None:
    team = await new_team(client, "viewer")
    reader = await follower(client, team)
    # Without a word to anybody: revisions are behind the cursor.
    assert_resync(await read_at(client, team, encode_cursor("", 1000, 0)))
    async with app.state.runtime.database.write() as tx:
        await begin_epoch(tx)
    assert_resync(await read_at(client, team, reader.cursor))
    anew = await follower(client, team)
    assert (await read_at(client, team, anew.cursor)).status_code == 200


async def prune(app: FastAPI) -> None:
    """Run the job now, and wait for it."""
    runtime = app.state.runtime
    async with runtime.database.write() as tx:
        job_id = await runtime.jobs.enqueue(tx, tasks.PRUNE, {})
    await until_done(runtime.database, job_id)


async def test_old_changes_are_forgotten_and_cursors_behind_them_void(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "CHUNK", 3)
    team = await new_team(client, "viewer")
    behind = await follower(client, team)
    for number in range(8):
        await new_document(client, team.people["owner"], team.workspace_id, f"{number}.md")
    between = await follower(client, team)
    late = await follower(client, team)
    runtime = app.state.runtime
    async with runtime.database.write() as tx:
        old = runtime.clock.now() - (tasks.KEEP_DAYS + 1) * 24 * 3600 * 1000
        await tx.conn.execute(update(changes).values(at=old))
    kept = await new_document(client, team.people["owner"], team.workspace_id, "new.md")
    await prune(app)
    assert_resync(await read_at(client, team, behind.cursor))
    assert await between.news() == [("document", "create", kept)]
    assert await late.news() == [("document", "create", kept)]
    async with runtime.database.read() as conn:
        left = (await conn.execute(select(changes.c.entity_id))).scalars().all()
        horizon, rev = (await conn.execute(select(workspaces.c.horizon, workspaces.c.rev))).one()
    assert left == [kept]
    assert horizon == rev - 1
    await prune(app)
    assert await late.news() == []
