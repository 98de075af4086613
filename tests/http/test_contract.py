"""The contract that clients hold on to: addresses, field names and status codes that no version may change."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from mdreader.settings import Settings
from support.http import PASSWORD, connect

SESSION = {"user", "access_token", "refresh_token", "token_type", "expires_in"}
CONTENT = "# Setup\r\n\r\nZürich 🎉"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_document_bytes": 1_000})


class Client:
    """Asks, and holds the answer to a status and to fields that it must have."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def __call__(
        self, method: str, path: str, status: int, fields: set[str] | None = None, **options: Any
    ) -> httpx.Response:
        answer = await self.http.request(method, f"/api{path}", **options)
        assert answer.status_code == status, answer.text
        if fields is not None:
            assert fields <= set(answer.json()), answer.text
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"]
        return answer


@pytest.fixture
async def ask(app: FastAPI) -> AsyncIterator[Client]:
    async with connect(app) as http:
        yield Client(http)


async def test_accounts(ask: Client) -> None:
    body = {"email": "ada@example.org", "password": PASSWORD, "name": "Ada"}
    made = (await ask("POST", "/auth/signup", 201, json=body)).json()
    assert set(made) == SESSION
    assert {"id", "email", "name"} <= set(made["user"])
    assert made["token_type"].lower() == "bearer"
    assert isinstance(made["expires_in"], int)
    again = (await ask("POST", "/auth/login", 200, json={"email": body["email"], "password": PASSWORD})).json()
    assert (set(again), again["user"]["id"]) == (SESSION, made["user"]["id"])
    renewed = await ask("POST", "/auth/refresh", 200, json={"refresh_token": again["refresh_token"]})
    assert set(renewed.json()) == SESSION
    bearer = {"Authorization": f"Bearer {made['access_token']}"}
    await ask("GET", "/me", 200, {"id", "email", "name"}, headers=bearer)
    changed = await ask("PATCH", "/me", 200, {"id", "email", "name"}, json={"name": "Ada L."}, headers=bearer)
    assert changed.json()["name"] == "Ada L."
    await ask("GET", "/me", 401)


async def test_workspaces_and_documents(ask: Client) -> None:
    body = {"email": "ada@example.org", "password": PASSWORD, "name": "Ada"}
    bob = (await ask("POST", "/auth/signup", 201, json={**body, "email": "bob@example.org"})).json()["user"]["id"]
    token = (await ask("POST", "/auth/signup", 201, json=body)).json()["access_token"]
    ask.http.headers["Authorization"] = f"Bearer {token}"

    made = await ask("POST", "/workspaces", 201, {"id", "name", "role"}, json={"name": "Team"})
    assert (made.json()["name"], made.json()["role"]) == ("Team", "owner")
    of = f"/workspaces/{made.json()['id']}"
    await ask("POST", f"{of}/members", 201, json={"email": "bob@example.org", "role": "viewer"})
    await ask("PATCH", f"{of}/members/{bob}", 200, json={"role": "editor"})
    await ask("DELETE", f"{of}/members/{bob}", 204)

    new = {"path": "guides/setup.md", "content": CONTENT}
    document = await ask("POST", f"{of}/documents", 201, {"id", "path", "title", "rev", "updated_at"}, json=new)
    await ask("POST", f"{of}/documents", 409, json=new)
    await ask("POST", f"{of}/documents", 413, json={"path": "large.md", "content": "x" * 1_001})
    page = (await ask("GET", f"{of}/documents", 200, params={"limit": 1})).json()
    assert set(page) == {"items", "next_cursor"}
    assert ([item["path"] for item in page["items"]], page["next_cursor"]) == (["guides/setup.md"], None)
    await ask("POST", f"{of}/documents", 201, json={"path": "z.md", "content": ""})
    page = (await ask("GET", f"{of}/documents", 200, params={"limit": 1})).json()
    page = (await ask("GET", f"{of}/documents", 200, params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert [item["path"] for item in page["items"]] == ["z.md"]

    at = f"/documents/{document.json()['id']}"
    read = await ask("GET", at, 200, {"id", "workspace_id", "path", "title", "content", "role"})
    etag = read.headers["etag"]
    assert etag.startswith('"')  # strong
    assert (read.json()["content"], read.json()["role"]) == (CONTENT, "owner")
    text = {"Content-Type": "text/markdown"}
    await ask("PUT", f"{at}/content", 428, content=b"x", headers=text)
    await ask("PUT", f"{at}/content", 413, content=b"x" * 1_001, headers={**text, "If-Match": etag})
    written = await ask("PUT", f"{at}/content", 200, content=b"one", headers={**text, "If-Match": etag})
    stale = await ask("PUT", f"{at}/content", 412, json={"content": "two"}, headers={"If-Match": etag})
    assert stale.headers["etag"] == written.headers["etag"] != etag
    await ask("PUT", f"{at}/content", 200, json={"content": "two"}, headers={"If-Match": stale.headers["etag"]})
    ticket = await ask("POST", f"{at}/ticket", 201, {"ticket", "expires_in"})
    assert ticket.json()["expires_in"] > 0
