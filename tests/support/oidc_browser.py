"""A browser on its way to a provider and back."""

from urllib.parse import parse_qsl, urlsplit

import httpx
from fastapi import FastAPI

from support.accounts import verified
from support.http import Person, signed_up
from support.oidc_provider import OidcProvider


async def start(client: httpx.AsyncClient, name: str = "acme", return_to: str = "/") -> str:
    answer = await client.get(f"/api/auth/oidc/{name}/start", params={"return_to": return_to})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def go(
    client: httpx.AsyncClient, provider: OidcProvider, name: str = "acme", return_to: str = "/"
) -> httpx.Response:
    """The whole way there and back."""
    return await client.get(provider.agree(await start(client, name, return_to)))


def said(answer: httpx.Response) -> dict[str, str]:
    """What an address tells the page in its fragment."""
    assert answer.status_code == 303
    return dict(parse_qsl(urlsplit(answer.headers["location"]).fragment))


async def who(client: httpx.AsyncClient) -> str | None:
    """Whom the browser is signed in as."""
    answer = await client.get("/api/me")
    return answer.json()["email"] if answer.status_code == 200 else None


async def verified_person(client: httpx.AsyncClient, app: FastAPI, email: str) -> Person:
    """Somebody with a confirmed address."""
    person = await signed_up(client, email=email)
    await verified(client, app, person)
    return person
