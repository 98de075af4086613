"""Sessions that end, and passwords that change, while a request of theirs waits for its turn to write."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from mdreader.features.accounts import queries
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.passkeys import service as passkeys
from mdreader.features.accounts.signing_in import begin_session, end_sessions
from mdreader.runtime import Runtime
from mdreader.settings import Settings
from support.authenticator import Authenticator
from support.clock import standing_still
from support.http import PASSWORD, Person, signed_up
from support.mailbox import mails_to, newest_mail
from support.one_time import app_code

ORIGIN = "https://notes.example.org"
NEW = "another long passphrase"
AHEAD_SECONDS = 0.5  # what a statement that waits for nobody needs at most

Send = Callable[[], Awaitable[httpx.Response]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"public_url": ORIGIN})


@pytest.fixture
def runtime(app: FastAPI) -> Runtime:
    made: Runtime = app.state.runtime
    return made


async def change(runtime: Runtime, statement: str, **values: Any) -> None:
    """Change the database as another server does whose message is still on its way: what is remembered here stays."""
    async with runtime.database.write() as tx:
        await tx.conn.execute(text(statement), values)


async def first(runtime: Runtime, statement: str) -> Any:
    async with runtime.database.read() as conn:
        return (await conn.execute(text(statement))).scalar_one()


async def _create_key(client: httpx.AsyncClient, ada: Person, _runtime: Runtime) -> Send:
    return lambda: client.post("/api/keys", json={"name": "k", "scope": "write"}, headers=ada.headers)


async def _change_password(client: httpx.AsyncClient, ada: Person, _runtime: Runtime) -> Send:
    body = {"current_password": PASSWORD, "new_password": NEW}
    return lambda: client.post("/api/auth/password", json=body, headers=ada.headers)


async def _begin_passkey(client: httpx.AsyncClient, ada: Person, _runtime: Runtime) -> Send:
    return lambda: client.post("/api/me/passkeys/begin", headers=ada.headers)


async def _finish_passkey(client: httpx.AsyncClient, ada: Person, _runtime: Runtime) -> Send:
    begun = (await client.post("/api/me/passkeys/begin", headers=ada.headers)).json()
    credential = Authenticator(ORIGIN).create(begun["options"])
    body = {"ceremony": begun["ceremony"], "credential": credential, "name": "Laptop"}
    return lambda: client.post("/api/me/passkeys/finish", json=body, headers=ada.headers)


async def _begin_app(client: httpx.AsyncClient, ada: Person, _runtime: Runtime) -> Send:
    return lambda: client.post("/api/me/totp", json={}, headers=ada.headers)


async def _confirm_app(client: httpx.AsyncClient, ada: Person, runtime: Runtime) -> Send:
    secret = (await client.post("/api/me/totp", json={}, headers=ada.headers)).json()["secret"]
    body = {"code": app_code(secret, runtime.clock.now())}
    return lambda: client.post("/api/me/totp/confirm", json=body, headers=ada.headers)


async def _with_app(client: httpx.AsyncClient, ada: Person, runtime: Runtime) -> dict[str, str]:
    secret = (await client.post("/api/me/totp", json={}, headers=ada.headers)).json()["secret"]
    with standing_still(runtime.clock) as now:
        body = {"code": app_code(secret, now, steps=-1)}
        assert (await client.post("/api/me/totp/confirm", json=body, headers=ada.headers)).status_code == 200
    return {"code": app_code(secret, runtime.clock.now())}


async def _disable_app(client: httpx.AsyncClient, ada: Person, runtime: Runtime) -> Send:
    body = await _with_app(client, ada, runtime)
    return lambda: client.request("DELETE", "/api/me/totp", json=body, headers=ada.headers)


async def _renew_codes(client: httpx.AsyncClient, ada: Person, runtime: Runtime) -> Send:
    body = await _with_app(client, ada, runtime)
    return lambda: client.post("/api/me/totp/recovery-codes", json=body, headers=ada.headers)


@pytest.mark.parametrize(
    "prepare",
    [
        _create_key,
        _change_password,
        _begin_passkey,
        _finish_passkey,
        _begin_app,
        _confirm_app,
        _disable_app,
        _renew_codes,
    ],
)
async def test_a_session_that_ended_meanwhile_opens_no_way_in(
    client: httpx.AsyncClient,
    runtime: Runtime,
    prepare: Callable[[httpx.AsyncClient, Person, Runtime], Awaitable[Send]],
) -> None:
    ada = await signed_up(client)
    send = await prepare(client, ada, runtime)
    assert (await client.get("/api/me", headers=ada.headers)).status_code == 200  # remembered from now on
    await change(runtime, "UPDATE sessions SET revoked_at = 1")
    refused = await send()
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")


async def test_there_is_an_end_to_passkeys_that_were_begun_together(
    client: httpx.AsyncClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passkeys, "MAX_PASSKEYS", 1)
    ada = await signed_up(client)
    one, other = [await _finish_passkey(client, ada, runtime) for _ in range(2)]
    assert (await one()).status_code == 201
    refused = await other()
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_passkeys")


async def test_a_password_that_became_doubtful_meanwhile_changes_nothing(
    client: httpx.AsyncClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await signed_up(client)
    send = await _change_password(client, ada, runtime)
    passwords: Any = runtime.identity.passwords  # type: ignore[attr-defined]
    real = passwords.hash

    async def then_it_is_doubted(password: str) -> str:
        await change(runtime, "UPDATE users SET password_unproven = true")
        hashed: str = await real(password)
        return hashed

    monkeypatch.setattr(passwords, "hash", then_it_is_doubted)
    refused = await send()
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong_password")
    assert await first(runtime, "SELECT password_unproven FROM users")


async def test_a_session_that_is_about_to_begin_ends_with_all_others(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    ada = await signed_up(client)
    async with runtime.database.write() as tx:
        user = await queries.user_by_id(tx.conn, ada.id)
        assert user is not None
        grant = await begin_session(runtime, tx, user, method="password", client=Client("", "", ORIGIN))
        ending = asyncio.ensure_future(client.delete("/api/me/sessions", headers=ada.headers))
        await asyncio.wait({ending}, timeout=AHEAD_SECONDS)
    assert (await ending).status_code == 204
    headers = {"Authorization": f"Bearer {grant.access_token}"}
    assert (await client.get("/api/me", headers=headers)).status_code == 401


async def test_a_log_in_waits_for_a_password_that_is_about_to_change(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    ada = await signed_up(client)
    async with runtime.database.write() as tx:
        await end_sessions(runtime, tx, ada.id)
        await tx.conn.execute(text("UPDATE users SET password_hash = 'another'"))
        body = {"email": ada.email, "password": PASSWORD}
        coming = asyncio.ensure_future(client.post("/api/auth/login", json=body))
        await asyncio.wait({coming}, timeout=AHEAD_SECONDS)
    refused = await coming
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_credentials")


async def test_a_reset_that_sets_no_password_proves_none(
    client: httpx.AsyncClient, app: FastAPI, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await signed_up(client)
    await client.post("/api/auth/password/forgot", json={"email": ada.email})
    token = (await newest_mail(app, ada.email, "password_reset")).token

    async def another_was_first(*_: Any, **__: Any) -> bool:
        return False

    monkeypatch.setattr(queries, "replace_password", another_was_first)
    refused = await client.post("/api/auth/password/reset", json={"token": token, "password": NEW})
    assert (refused.status_code, refused.json()["code"]) == (403, "invalid_link")
    assert await first(runtime, "SELECT password_unproven FROM users")
    assert "password_changed" not in {mail.template for mail in await mails_to(app, ada.email)}
