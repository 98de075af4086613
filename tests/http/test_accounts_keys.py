"""API keys over HTTP, and the local operator."""

from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from mdreader.features.accounts import service
from mdreader.features.accounts.current import actor_from_token
from mdreader.features.accounts.identity import identity_of
from mdreader.features.accounts.keys import new_key
from mdreader.features.accounts.tokens import mint_operator_token
from mdreader.features.mail.layout import as_text
from mdreader.features.mail.templates import content_of
from mdreader.kernel.errors import UnauthenticatedError
from mdreader.kernel.events import Event, SessionEnded
from mdreader.kernel.ids import new_id
from mdreader.runtime import Runtime
from support.accounts import ask_for_mail, bearer, reset_password, status_of_me, verified
from support.clock import moved
from support.http import PASSWORD, Person, connect, signed_up
from support.mailbox import newest_mail


async def make_key(client: httpx.AsyncClient, person: Person, scope: str = "write", name: str = "CI") -> dict[str, str]:
    response = await client.post("/api/keys", json={"name": name, "scope": scope}, headers=person.headers)
    assert response.status_code == 201, response.text
    assert response.headers["cache-control"] == "no-store"
    made: dict[str, str] = response.json()
    return made


async def refreshed(client: httpx.AsyncClient, person: Person) -> Person:
    answer = await client.post("/api/auth/refresh", json={"refresh_token": person.refresh_token})
    assert answer.status_code == 200
    return replace(person, access_token=answer.json()["access_token"], refresh_token=answer.json()["refresh_token"])


async def test_a_key_is_shown_once(client: httpx.AsyncClient) -> None:
    ada, grace = await signed_up(client), await signed_up(client)
    made = await make_key(client, ada, "read", "Backups")
    assert set(made) == {"id", "name", "scope", "prefix", "created_at", "last_used_at", "key"}
    assert made["key"].startswith(made["prefix"])
    assert made["key"].startswith("mdr_")
    listed = (await client.get("/api/keys", headers=ada.headers)).json()
    assert listed == {"items": [{name: value for name, value in made.items() if name != "key"}]}
    assert (await client.get("/api/keys", headers=grace.headers)).json() == {"items": []}


async def test_a_key_speaks_for_its_owner(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    made = await make_key(client, ada)
    me = await client.get("/api/me", headers=bearer(made["key"]))
    assert (me.status_code, me.json()["id"]) == (200, ada.id)
    renamed = await client.patch("/api/me", json={"name": "By key"}, headers=bearer(made["key"]))
    assert renamed.status_code == 200
    (listed,) = (await client.get("/api/keys", headers=ada.headers)).json()["items"]
    assert listed["last_used_at"] is not None


async def test_a_read_key_only_reads(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    headers = bearer((await make_key(client, ada, "read"))["key"])
    assert (await client.get("/api/me", headers=headers)).status_code == 200
    refused = await client.patch("/api/me", json={"name": "Eve"}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "read_only_key")
    assert (await client.get("/api/me", headers=headers)).json()["name"] == ada.name


async def test_a_revoked_key_is_over_at_once(client: httpx.AsyncClient, app: FastAPI) -> None:
    events: list[Event] = []
    app.state.runtime.fanout.subscribe(events.append)
    ada, grace = await signed_up(client), await signed_up(client)
    made = await make_key(client, ada)
    assert (await client.get("/api/me", headers=bearer(made["key"]))).status_code == 200
    url = f"/api/keys/{made['id']}"
    assert (await client.delete(url, headers=grace.headers)).status_code == 404
    assert (await client.get("/api/me", headers=bearer(made["key"]))).status_code == 200
    assert (await client.delete(url, headers=ada.headers)).status_code == 204
    assert events == [SessionEnded(key_ids=(made["id"],))]
    assert (await client.get("/api/me", headers=bearer(made["key"]))).status_code == 401
    assert (await client.get("/api/keys", headers=ada.headers)).json() == {"items": []}
    for gone in (url, "/api/keys/x", f"/api/keys/{new_id()}"):
        assert (await client.delete(gone, headers=ada.headers)).status_code == 404


async def test_a_key_cannot_do_what_only_the_person_may(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    made = await make_key(client, ada)
    headers = bearer(made["key"])
    answers = [
        await client.post("/api/keys", json={"name": "More", "scope": "write"}, headers=headers),
        await client.get("/api/keys", headers=headers),
        await client.delete(f"/api/keys/{made['id']}", headers=headers),
        await client.post("/api/auth/logout", headers=headers),
        await client.post(
            "/api/auth/password",
            json={"current_password": PASSWORD, "new_password": "another long passphrase"},
            headers=headers,
        ),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "session_required")] * 5


@pytest.mark.parametrize("body", [{"name": "", "scope": "read"}, {"name": "x"}, {"name": "x", "scope": "admin"}, {}])
async def test_a_key_needs_a_name_and_a_scope(client: httpx.AsyncClient, body: dict[str, str]) -> None:
    ada = await signed_up(client)
    assert (await client.post("/api/keys", json=body, headers=ada.headers)).status_code == 422


async def test_keys_that_are_none(client: httpx.AsyncClient) -> None:
    for key in ("mdr_", "mdr_" + "a" * 49, new_key(), new_key()[:-1]):
        assert (await client.get("/api/me", headers=bearer(key))).status_code == 401


async def test_there_is_an_end_to_keys(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_KEYS", 2)
    ada = await signed_up(client)
    first, _ = await make_key(client, ada), await make_key(client, ada)
    refused = await client.post("/api/keys", json={"name": "x", "scope": "read"}, headers=ada.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_keys")
    await client.delete(f"/api/keys/{first['id']}", headers=ada.headers)
    await make_key(client, ada)


async def test_making_a_key_takes_a_sign_in_of_just_now_or_the_password(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await signed_up(client)
    moved(app.state.runtime.clock, monkeypatch, seconds=14 * 60)
    await make_key(client, ada)
    moved(app.state.runtime.clock, monkeypatch, seconds=60)
    ada = await refreshed(client, ada)  # new tokens do not make the sign-in younger
    body = {"name": "CI", "scope": "write"}
    refused = await client.post("/api/keys", json=body, headers=ada.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "reauthentication_required")
    assert refused.json()["has_password"] is True
    wrong = await client.post("/api/keys", json={**body, "password": "Wrong-horse-1"}, headers=ada.headers)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_password")
    shown = await client.post("/api/keys", json={**body, "password": PASSWORD}, headers=ada.headers)
    assert shown.status_code == 201
    assert len((await client.get("/api/keys", headers=ada.headers)).json()["items"]) == 2


@pytest.mark.parametrize("stay", [False, True])
async def test_a_reset_revokes_keys_unless_they_are_to_stay(
    client: httpx.AsyncClient, app: FastAPI, stay: bool
) -> None:
    ada, grace = await signed_up(client), await signed_up(client)
    await verified(client, app, ada)
    key, other = (await make_key(client, ada))["key"], (await make_key(client, grace))["key"]
    assert await status_of_me(client, key) == 200
    ended: list[Event] = []
    app.state.runtime.fanout.subscribe(ended.append)
    await ask_for_mail(client, "password_reset", ada.email)
    mail = await newest_mail(app, ada.email, "password_reset")
    answer = await reset_password(client, token=mail.token, **({"revoke_keys": False} if stay else {}))
    assert answer.status_code == 204
    assert await status_of_me(client, key) == (200 if stay else 401)
    assert await status_of_me(client, other) == 200
    assert any(isinstance(one, SessionEnded) and one.key_ids for one in ended) is not stay
    notice = await newest_mail(app, ada.email, "password_changed")
    said = as_text(content_of(notice.template, notice.data))
    assert ("All API keys were revoked." in said) is not stay
    assert ("It can still be opened with: 1 API key." in said) is stay


async def test_keys_outlive_a_change_of_password(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    made = await make_key(client, ada)
    change = {"current_password": PASSWORD, "new_password": "another long passphrase"}
    assert (await client.post("/api/auth/password", json=change, headers=ada.headers)).status_code == 204
    assert (await client.get("/api/me", headers=bearer(made["key"]))).status_code == 200


async def test_a_socket_asks_the_same_house(client: httpx.AsyncClient, app: FastAPI) -> None:
    runtime: Runtime = app.state.runtime
    ada = await signed_up(client)
    made = await make_key(client, ada, "read")
    by_token = await actor_from_token(runtime, ada.access_token, peer="203.0.113.9")
    by_key = await actor_from_token(runtime, made["key"], peer="203.0.113.9")
    assert (by_token.user_id, by_token.key_id, by_token.scope) == (ada.id, None, "write")
    assert (by_key.user_id, by_key.key_id, by_key.scope) == (ada.id, made["id"], "read")
    for token in ("", "x", ada.refresh_token, new_key()):
        with pytest.raises(UnauthenticatedError):
            await actor_from_token(runtime, token, peer="127.0.0.1")


async def test_the_operator_of_this_machine_acts_as_a_user(client: httpx.AsyncClient, app: FastAPI) -> None:
    runtime: Runtime = app.state.runtime
    ada = await signed_up(client)
    headers = bearer(mint_operator_token(runtime.secret, ada.id, runtime.clock.now()))
    me = await client.get("/api/me", headers=headers)
    assert (me.status_code, me.json()["id"]) == (200, ada.id)
    assert (await client.patch("/api/me", json={"name": "Op"}, headers=headers)).status_code == 200
    assert (await client.post("/api/keys", json={"name": "x", "scope": "read"}, headers=headers)).status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
async def test_nobody_is_operator_through_a_proxy(client: httpx.AsyncClient, app: FastAPI, header: str) -> None:
    runtime: Runtime = app.state.runtime
    ada = await signed_up(client)
    headers = bearer(mint_operator_token(runtime.secret, ada.id, runtime.clock.now()))
    assert (await client.get("/api/me", headers={**headers, header: "127.0.0.1"})).status_code == 401


async def test_nobody_is_operator_from_elsewhere_or_by_cookie(client: httpx.AsyncClient, app: FastAPI) -> None:
    runtime: Runtime = app.state.runtime
    ada = await signed_up(client)
    token = mint_operator_token(runtime.secret, ada.id, runtime.clock.now())
    async with connect(app, address="192.0.2.7") as elsewhere:
        assert (await elsewhere.get("/api/me", headers=bearer(token))).status_code == 401
    assert (await client.get("/api/me", headers={"Cookie": f"mdreader_access={token}"})).status_code == 401
    expired = mint_operator_token(runtime.secret, ada.id, runtime.clock.now() - 400_000)
    assert (await client.get("/api/me", headers=bearer(expired))).status_code == 401


async def test_uses_are_on_disk_after_a_flush(client: httpx.AsyncClient, app: FastAPI) -> None:
    runtime: Runtime = app.state.runtime
    ada = await signed_up(client)
    made = await make_key(client, ada)
    await client.get("/api/me", headers=bearer(made["key"]))
    await identity_of(runtime).key_uses.flush()
    identity_of(runtime).key_uses._used.clear()
    (listed,) = (await client.get("/api/keys", headers=ada.headers)).json()["items"]
    assert listed["last_used_at"] is not None
