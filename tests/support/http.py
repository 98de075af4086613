"""People who use the HTTP API."""

from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
from fastapi import FastAPI

PASSWORD = "Correct-horse-1"
_numbers = count(1)


def connect(app: FastAPI, *, address: str = "127.0.0.1", **options: Any) -> httpx.AsyncClient:
    """A client that calls `app` in this process, as if from `address`."""
    transport = httpx.ASGITransport(app=app, client=(address, 50000))
    return httpx.AsyncClient(transport=transport, base_url="http://mdreader.test", **options)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed up: `headers` carry the access token."""

    id: str
    email: str
    name: str
    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}


async def signed_up(client: httpx.AsyncClient, *, email: str | None = None, name: str | None = None) -> Person:
    """Sign somebody up; `client` itself stays without credentials."""
    number = next(_numbers)
    body = {
        "email": email or f"person{number}@example.com",
        "name": name or f"Person {number}",
        "password": PASSWORD,
    }
    response = await client.post("/api/auth/signup", json=body)
    assert response.status_code == 201, response.text
    return _person(response.json())


def signed_up_at(url: str, *, email: str | None = None, name: str | None = None) -> Person:
    """As `signed_up`, at a running server."""
    number = next(_numbers)
    body = {
        "email": email or f"person{number}@example.com",
        "name": name or f"Person {number}",
        "password": PASSWORD,
    }
    response = httpx.post(f"{url}/api/auth/signup", json=body, timeout=60)
    assert response.status_code == 201, response.text
    return _person(response.json())


async def new_workspace(client: httpx.AsyncClient, owner: Person, name: str = "Team") -> str:
    """The id of a new workspace of `owner`."""
    response = await client.post("/api/workspaces", json={"name": name}, headers=owner.headers)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def new_document(
    client: httpx.AsyncClient, person: Person, workspace_id: str, path: str = "notes.md", content: str = ""
) -> str:
    """The id of a new document."""
    url = f"/api/workspaces/{workspace_id}/documents"
    response = await client.post(url, json={"path": path, "content": content}, headers=person.headers)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def _person(body: dict[str, Any]) -> Person:
    user = body["user"]
    return Person(user["id"], user["email"], user["name"], body["access_token"], body["refresh_token"])
