"""Every operation by everybody: what each role may do, and that a stranger learns nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from support.http import new_document, signed_up
from support.team import Team, gathered, new_team

RANK = {"viewer": 1, "commenter": 2, "editor": 3, "owner": 4}
Call = tuple[str, str, dict[str, Any]]


def on_workspace(method: str, path: str = "", **options: Any) -> Callable[[Team, str], Awaitable[Call]]:
    async def call(team: Team, _document: str) -> Call:
        return method, f"{team.url}{path}", options

    return call


def on_document(method: str, path: str = "", **options: Any) -> Callable[[Team, str], Awaitable[Call]]:
    async def call(_team: Team, document: str) -> Call:
        return method, f"/api/documents/{document}{path}", options

    return call


def on_member(method: str, **options: Any) -> Callable[[Team, str], Awaitable[Call]]:
    async def call(team: Team, _document: str) -> Call:
        return method, f"{team.url}/members/{team.people['commenter'].id}", options

    return call


ANY = {"If-Match": "*"}
OPERATIONS = {
    "read workspace": ("viewer", on_workspace("GET")),
    "list members": ("viewer", on_workspace("GET", "/members")),
    "list documents": ("viewer", on_workspace("GET", "/documents")),
    "read document": ("viewer", on_document("GET")),
    "read content": ("viewer", on_document("GET", "/content")),
    "head document": ("viewer", on_document("HEAD")),
    "head content": ("viewer", on_document("HEAD", "/content")),
    "get a ticket": ("viewer", on_document("POST", "/ticket")),
    "create document": ("editor", on_workspace("POST", "/documents", json={"path": "new.md", "content": ""})),
    "write content": ("editor", on_document("PUT", "/content", content="new", headers=ANY)),
    "move document": ("editor", on_document("PATCH", json={"path": "moved.md"})),
    "delete document": ("editor", on_document("DELETE")),
    "restore document": ("editor", on_document("POST", "/restore")),
    "list trash": ("editor", on_workspace("GET", "/trash")),
    "restore documents": ("editor", on_workspace("POST", "/documents/restore", json={"document_ids": []})),
    "move folder": ("editor", on_workspace("POST", "/folders/move", json={"from_path": "f", "to_path": "g"})),
    "delete folder": ("editor", on_workspace("POST", "/folders/delete", json={"path": "f"})),
    "rename workspace": ("owner", on_workspace("PATCH", json={"name": "New"})),
    "add member": ("owner", on_workspace("POST", "/members", json={"email": "late@example.org", "role": "viewer"})),
    "change role": ("owner", on_member("PATCH", json={"role": "viewer"})),
    "remove member": ("owner", on_member("DELETE")),
    "restore workspace": ("owner", on_workspace("POST", "/restore")),
    "delete workspace": ("owner", on_workspace("DELETE")),
}


async def test_who_may(client: httpx.AsyncClient) -> None:
    await signed_up(client, email="late@example.org")
    people = (await new_team(client)).people
    for operation, (least, call) in OPERATIONS.items():
        team = await gathered(client, people)
        document = await new_document(client, people["owner"], team.workspace_id, "f/notes.md", "text")
        method, url, options = await call(team, document)
        statuses = {}
        # From the least to the most, so that only the last ones change anything.
        for who in ("nobody", "stranger", "viewer", "commenter", "editor", "owner"):
            if operation == "remove member" and who == "commenter":
                continue  # would be leaving
            credentials = {} if who == "nobody" else team.headers(who)
            headers = {**options.get("headers", {}), **credentials}
            statuses[who] = (await client.request(method, url, **{**options, "headers": headers})).status_code
        assert statuses.pop("nobody") == 401, operation
        assert statuses.pop("stranger") == 404, operation
        for role, status in statuses.items():
            if RANK[role] < RANK[least]:
                assert status == 403, (operation, role)
            elif role == least:
                assert 200 <= status < 300, (operation, role, status)
            else:
                # What the lesser role did may stand in the way; the right does not.
                assert status not in {401, 403}, (operation, role)


async def test_what_was_refused_changed_nothing(client: httpx.AsyncClient) -> None:
    team = await new_team(client)
    document = await new_document(client, team.people["owner"], team.workspace_id, "f/notes.md", "text")
    before = (await client.get(f"/api/documents/{document}", headers=team.headers("owner"))).json()
    for least, call in OPERATIONS.values():
        method, url, options = await call(team, document)
        for who in ("viewer", "stranger"):
            if RANK[least] > RANK["viewer"]:
                headers = {**options.get("headers", {}), **team.headers(who)}
                await client.request(method, url, **{**options, "headers": headers})
    assert (await client.get(f"/api/documents/{document}", headers=team.headers("owner"))).json() == before
    assert (await client.get(team.url, headers=team.headers("owner"))).json()["name"] == "Team"


async def test_a_key_that_reads_is_a_viewer_whoever_holds_it(client: httpx.AsyncClient) -> None:
    team = await new_team(client)
    document = await new_document(client, team.people["owner"], team.workspace_id, "f/notes.md", "text")
    made = await client.post("/api/keys", json={"name": "k", "scope": "read"}, headers=team.headers("owner"))
    key = {"Authorization": f"Bearer {made.json()['key']}"}
    read = await client.get(f"/api/documents/{document}", headers=key)
    assert read.status_code == 200
    assert read.json()["role"] == "viewer"
    assert (await client.get(team.url, headers=key)).json()["role"] == "viewer"
    for operation, (least, call) in OPERATIONS.items():
        method, url, options = await call(team, document)
        response = await client.request(method, url, **{**options, "headers": {**options.get("headers", {}), **key}})
        if RANK[least] > RANK["viewer"]:
            assert response.status_code == 403, operation
