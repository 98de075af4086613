"""Logging in, refreshing, logging out, over HTTP."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import text

from mdreader.db.metadata import metadata
from mdreader.features.accounts.identity import identity_of
from mdreader.features.accounts.tokens import ACCESS_SECONDS, LEEWAY_SECONDS, REFRESH_SECONDS, Tokens
from mdreader.kernel.events import Event, SessionEnded
from mdreader.kernel.ids import new_id
from mdreader.runtime import Runtime
from support.accounts import status_of_me
from support.clock import moved
from support.http import PASSWORD, Person, signed_up


@pytest.fixture
def runtime(app: FastAPI) -> Runtime:
    made = app.state.runtime
    assert isinstance(made, Runtime)
    return made


@pytest.fixture
def events(runtime: Runtime) -> list[Event]:
    seen: list[Event] = []
    runtime.fanout.subscribe(seen.append)
    return seen


async def refresh(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/api/auth/refresh", json={"refresh_token": token})


async def test_log_in(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    response = await client.post("/api/auth/login", json={"email": ada.email.upper(), "password": PASSWORD})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["user"] == {"id": ada.id, "email": ada.email, "name": ada.name}
    assert await status_of_me(client, response.json()["access_token"]) == 200
    assert await status_of_me(client, ada.access_token) == 200  # the first session goes on


@pytest.mark.real_passwords
async def test_nobody_learns_who_has_an_account(
    client: httpx.AsyncClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await signed_up(client)
    verified: list[str] = []
    real = Argon2Hasher.verify

    def counting(self: Argon2Hasher, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002 - pwdlib's name
        verified.append(str(hash))
        return real(self, password, hash)

    monkeypatch.setattr(Argon2Hasher, "verify", counting)
    answers = []
    for email in (ada.email, "nobody@example.org", "not an address", "x" * 300):
        verified.clear()
        response = await client.post("/api/auth/login", json={"email": email, "password": "Wrong-password-1"})
        assert len(verified) == 1, email
        assert verified[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        headers = {name: value for name, value in response.headers.items() if name != "x-request-id"}
        answers.append((response.status_code, response.json(), headers))
    assert answers[0][0] == 401
    assert answers[0][1]["code"] == "invalid_credentials"
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.real_passwords
async def test_a_hash_of_older_parameters_is_made_anew_at_log_in(client: httpx.AsyncClient, runtime: Runtime) -> None:
    ada = await signed_up(client)
    old = Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    async with runtime.database.write() as tx:
        await tx.conn.execute(text("UPDATE users SET password_hash = :old"), {"old": old})
    for _ in range(2):
        response = await client.post("/api/auth/login", json={"email": ada.email, "password": PASSWORD})
        assert response.status_code == 200
        async with runtime.database.read() as conn:
            stored = (await conn.execute(text("SELECT password_hash FROM users"))).scalar_one()
        assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_a_password_that_changes_during_a_log_in_lets_nobody_in(
    client: httpx.AsyncClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await signed_up(client)
    passwords = identity_of(runtime).passwords
    real = passwords.verify

    async def then_it_changes(password: str, stored: str | None) -> Any:
        verdict = await real(password, stored)
        async with runtime.database.write() as tx:
            await tx.conn.execute(text("UPDATE users SET password_hash = 'changed'"))
        return verdict

    monkeypatch.setattr(passwords, "verify", then_it_changes)
    response = await client.post("/api/auth/login", json={"email": ada.email, "password": PASSWORD})
    assert (response.status_code, response.json()["code"]) == (401, "invalid_credentials")


async def test_refresh_gives_new_tokens_and_the_old_access_token_holds_on(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    response = await refresh(client, ada.refresh_token)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["user"] == {"id": ada.id, "email": ada.email, "name": ada.name}
    assert response.json()["refresh_token"] != ada.refresh_token
    assert await status_of_me(client, response.json()["access_token"]) == 200
    assert await status_of_me(client, ada.access_token) == 200


async def test_an_old_refresh_token_ends_the_family_for_good(
    client: httpx.AsyncClient, runtime: Runtime, events: list[Event]
) -> None:
    ada = await signed_up(client)
    other = await client.post("/api/auth/login", json={"email": ada.email, "password": PASSWORD})
    second = (await refresh(client, ada.refresh_token)).json()
    third = (await refresh(client, second["refresh_token"])).json()
    assert events == []
    stolen = await refresh(client, ada.refresh_token)
    assert (stolen.status_code, stolen.json()["code"]) == (401, "invalid_refresh_token")
    # Committed although the answer was an error, and told to everybody after that.
    async with runtime.database.read() as conn:
        rows = (await conn.execute(text("SELECT id FROM sessions WHERE revoked_at IS NOT NULL"))).scalars().all()
    assert events == [SessionEnded(session_ids=tuple(rows))]
    assert len(rows) == 1
    for token in (ada.access_token, second["access_token"], third["access_token"]):
        assert await status_of_me(client, token) == 401
    for token in (third["refresh_token"], second["refresh_token"], ada.refresh_token):
        assert (await refresh(client, token)).status_code == 401
    assert len(events) == 1
    assert (await refresh(client, other.json()["refresh_token"])).status_code == 200


async def test_of_two_refreshes_at_once_one_wins_and_the_family_ends(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    answers = await asyncio.gather(*(refresh(client, ada.refresh_token) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    (won,) = (answer for answer in answers if answer.status_code == 200)
    assert (await refresh(client, won.json()["refresh_token"])).status_code == 401


async def test_a_session_slides_for_thirty_days(
    client: httpx.AsyncClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await signed_up(client)
    moved(runtime.clock, monkeypatch, seconds=REFRESH_SECONDS - 60)
    second = await refresh(client, ada.refresh_token)
    assert second.status_code == 200
    moved(runtime.clock, monkeypatch, seconds=REFRESH_SECONDS - 60)
    third = await refresh(client, second.json()["refresh_token"])
    assert third.status_code == 200
    moved(runtime.clock, monkeypatch, seconds=REFRESH_SECONDS)
    assert (await refresh(client, third.json()["refresh_token"])).status_code == 401


async def test_an_access_token_expires(
    client: httpx.AsyncClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await signed_up(client)
    assert await status_of_me(client, ada.access_token) == 200
    moved(runtime.clock, monkeypatch, seconds=ACCESS_SECONDS + LEEWAY_SECONDS)
    assert await status_of_me(client, ada.access_token) == 401


async def test_sessions_that_are_over_are_forgotten_at_the_next_log_in(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    ada = await signed_up(client)
    for _ in range(3):
        response = await client.post("/api/auth/login", json={"email": ada.email, "password": PASSWORD})
        headers = {"Authorization": f"Bearer {response.json()['access_token']}"}
        assert (await client.post("/api/auth/logout", headers=headers)).status_code == 204
    async with runtime.database.read() as conn:
        assert (await conn.execute(text("SELECT count(*) FROM sessions"))).scalar_one() == 2


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "Token x", "Bearer mdr_x"]
)
async def test_credentials_that_are_none(client: httpx.AsyncClient, authorization: str) -> None:
    response = await client.get("/api/me", headers={"Authorization": authorization})
    assert response.status_code == 401
    assert response.json()["code"] == "unauthenticated"
    assert response.headers["www-authenticate"].startswith("Bearer")


async def test_a_refresh_token_is_no_access_token_and_the_other_way_round(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    assert await status_of_me(client, ada.refresh_token) == 401
    assert (await refresh(client, ada.access_token)).status_code == 401
    assert (await refresh(client, "")).status_code == 401
    # None of that counted as a reuse.
    assert (await refresh(client, ada.refresh_token)).status_code == 200


async def test_a_made_up_refresh_token_cannot_end_somebodys_session(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    ada = await signed_up(client)
    async with runtime.database.read() as conn:
        session_id = (await conn.execute(text("SELECT id FROM sessions"))).scalar_one()
    assert (await refresh(client, Tokens(b"f" * 32).refresh(session_id).text)).status_code == 401
    assert await status_of_me(client, ada.access_token) == 200


async def test_log_out_ends_this_session_alone(
    client: httpx.AsyncClient, runtime: Runtime, events: list[Event]
) -> None:
    ada = await signed_up(client)
    other = (await client.post("/api/auth/login", json={"email": ada.email, "password": PASSWORD})).json()
    assert (await client.post("/api/auth/logout", headers=ada.headers)).status_code == 204
    assert [type(event) for event in events] == [SessionEnded]
    assert await status_of_me(client, ada.access_token) == 401
    assert (await refresh(client, ada.refresh_token)).status_code == 401
    assert await status_of_me(client, other["access_token"]) == 200
    assert (await client.post("/api/auth/logout", headers=ada.headers)).status_code == 401


async def test_log_out_by_refresh_token_when_the_access_token_is_long_gone(
    client: httpx.AsyncClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await signed_up(client)
    moved(runtime.clock, monkeypatch, seconds=3 * ACCESS_SECONDS)
    for _ in range(2):  # again is no error
        response = await client.post("/api/auth/logout", json={"refresh_token": ada.refresh_token})
        assert response.status_code == 204
    assert (await refresh(client, ada.refresh_token)).status_code == 401


async def test_log_out_by_nobody(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/auth/logout")).status_code == 401


async def test_changing_the_password_ends_the_other_sessions(
    client: httpx.AsyncClient, runtime: Runtime, events: list[Event]
) -> None:
    ada, grace = await signed_up(client), await signed_up(client)
    others = [
        (await client.post("/api/auth/login", json={"email": ada.email, "password": PASSWORD})).json() for _ in range(2)
    ]
    change = {"current_password": PASSWORD, "new_password": "another long passphrase"}
    response = await client.post("/api/auth/password", json=change, headers=ada.headers)
    assert (response.status_code, response.content) == (204, b"")
    (ended,) = events
    assert isinstance(ended, SessionEnded)
    assert len(ended.session_ids) == 2
    assert await status_of_me(client, ada.access_token) == 200
    assert (await refresh(client, ada.refresh_token)).status_code == 200
    for other in others:
        assert await status_of_me(client, other["access_token"]) == 401
        assert (await refresh(client, other["refresh_token"])).status_code == 401
    assert await status_of_me(client, grace.access_token) == 200
    old = await client.post("/api/auth/login", json={"email": ada.email, "password": PASSWORD})
    new = await client.post("/api/auth/login", json={"email": ada.email, "password": "another long passphrase"})
    assert (old.status_code, new.status_code) == (401, 200)


async def test_changing_the_password_needs_the_current_one_and_a_strong_new_one(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)

    async def change(current: str, new: str) -> httpx.Response:
        body = {"current_password": current, "new_password": new}
        return await client.post("/api/auth/password", json=body, headers=ada.headers)

    wrong = await change("Wrong-password-1", "another long passphrase")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_password")
    weak = await change(PASSWORD, "weak")
    assert (weak.status_code, weak.json()["code"]) == (422, "weak_password")
    assert weak.json()["missing"] == ["length", "upper", "digit", "symbol"]
    assert weak.json()["errors"][0]["loc"] == ["body", "new_password"]
    assert (await client.post("/api/auth/login", json={"email": ada.email, "password": PASSWORD})).status_code == 200


async def test_changing_ones_name(client: httpx.AsyncClient, events: list[Event]) -> None:
    ada = await signed_up(client)
    response = await client.patch("/api/me", json={"name": " Countess "}, headers=ada.headers)
    assert response.status_code == 200
    assert response.json()["name"] == "Countess"
    assert (await client.get("/api/me", headers=ada.headers)).json() == response.json()
    assert [(type(event).__name__, getattr(event, "name", None)) for event in events] == [
        ("ProfileChanged", "Countess")
    ]
    for name in ("", "\n", "x" * 101):
        refused = await client.patch("/api/me", json={"name": name}, headers=ada.headers)
        assert refused.status_code == 422
    assert len(events) == 1


async def test_no_secret_is_stored_as_it_is(client: httpx.AsyncClient, runtime: Runtime) -> None:
    ada = await signed_up(client)
    key = (await client.post("/api/keys", json={"name": "CI", "scope": "write"}, headers=ada.headers)).json()["key"]
    async with runtime.database.read() as conn:
        rows = [row for table in metadata.sorted_tables for row in await conn.execute(table.select())]
    stored = b"".join(one if isinstance(one, bytes) else str(one).encode() for row in rows for one in row)
    stored += b"".join(path.read_bytes() for path in runtime.data.glob("mdreader.sqlite3*"))  # what was deleted, too
    assert ada.email.encode() in stored
    for secret in (PASSWORD, ada.refresh_token, ada.access_token, key, key[12:40]):
        assert secret.encode() not in stored


async def test_an_account_that_is_gone_is_nobody(client: httpx.AsyncClient, runtime: Runtime) -> None:
    ada: Person = await signed_up(client)
    async with runtime.database.write() as tx:
        await tx.conn.execute(text("DELETE FROM users WHERE id = :id"), {"id": ada.id})
    assert await status_of_me(client, ada.access_token) == 401
    assert await status_of_me(client, identity_of(runtime).tokens.access(ada.id, new_id(), runtime.clock.now())) == 401
