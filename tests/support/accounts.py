"""What people do with their accounts over HTTP, for tests that are about what comes of it."""

import httpx
from fastapi import FastAPI

from support.http import PASSWORD, Person
from support.mailbox import newest_mail

NEW_PASSWORD = "another long passphrase"


async def ask_for_mail(client: httpx.AsyncClient, kind: str, email: str) -> httpx.Response:
    """Ask for a `magic_link` or a `password_reset`."""
    path = {"magic_link": "/api/auth/magic-link", "password_reset": "/api/auth/password/forgot"}[kind]
    return await client.post(path, json={"email": email})


async def confirm_link(client: httpx.AsyncClient, **body: str) -> httpx.Response:
    """Sign in with what was mailed."""
    return await client.post("/api/auth/magic-link/confirm", json=body)


async def reset_password(client: httpx.AsyncClient, **body: object) -> httpx.Response:
    """Set `NEW_PASSWORD`, or another one, with what was mailed."""
    return await client.post("/api/auth/password/reset", json={"password": NEW_PASSWORD, **body})


async def log_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD) -> httpx.Response:
    """Log in by password."""
    return await client.post("/api/auth/login", json={"email": email, "password": password})


async def status_of_me(client: httpx.AsyncClient, token: str) -> int:
    """200 for a token or key that holds."""
    return (await client.get("/api/me", headers=bearer(token))).status_code


async def verified(client: httpx.AsyncClient, app: FastAPI, person: Person) -> None:
    """The person confirms their address."""
    assert (await client.post("/api/me/email/verification", headers=person.headers)).status_code == 202
    mail = await newest_mail(app, person.email, "verify_email")
    answer = await client.post("/api/auth/verify", json={"token": mail.token}, headers=person.headers)
    assert answer.status_code == 204, answer.text


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token or key."""
    return {"Authorization": f"Bearer {token}"}
