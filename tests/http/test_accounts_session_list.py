"""Where people are signed in, and ending that; and under which address a real server believes to be."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from mdreader.features.accounts.device import describe
from mdreader.kernel.events import Event, SessionEnded
from mdreader.kernel.ids import new_id
from support.http import PASSWORD, Person, connect, signed_up, signed_up_at
from support.server import Server

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


async def log_in(client: httpx.AsyncClient, person: Person, user_agent: str) -> dict[str, str]:
    body = {"email": person.email, "password": PASSWORD}
    answer = await client.post("/api/auth/login", json=body, headers={"User-Agent": user_agent})
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def listed(client: httpx.AsyncClient, headers: dict[str, str]) -> list[dict[str, Any]]:
    return list((await client.get("/api/me/sessions", headers=headers)).json()["items"])


async def alive(client: httpx.AsyncClient, headers: dict[str, str]) -> bool:
    return (await client.get("/api/me", headers=headers)).status_code == 200


async def test_the_list(client: httpx.AsyncClient, app: FastAPI) -> None:
    ada, grace = await signed_up(client), await signed_up(client)
    async with connect(app, address="203.0.113.9") as elsewhere:
        phone = await log_in(elsewhere, ada, FIREFOX)
    first, second = await listed(client, phone)
    assert (first["device"], first["address"], first["method"]) == ("Firefox on Linux", "203.0.113.9", "password")
    assert (first["current"], first["user_agent"]) == (True, FIREFOX)
    assert (second["address"], second["method"], second["current"]) == ("127.0.0.1", "signup", False)
    assert first["created_at"] >= second["created_at"]
    assert first["last_seen_at"].endswith("Z")
    assert len(await listed(client, grace.headers)) == 1


async def test_ending_one(client: httpx.AsyncClient, app: FastAPI) -> None:
    events: list[Event] = []
    app.state.runtime.fanout.subscribe(events.append)
    ada, grace = await signed_up(client), await signed_up(client)
    other = await log_in(client, ada, CHROME)
    newest = (await listed(client, ada.headers))[0]
    for person, session_id in ((grace, newest["id"]), (ada, new_id()), (ada, "x")):
        gone = await client.delete(f"/api/me/sessions/{session_id}", headers=person.headers)
        assert gone.status_code == 404
    assert await alive(client, other)
    assert (await client.delete(f"/api/me/sessions/{newest['id']}", headers=ada.headers)).status_code == 204
    assert not await alive(client, other)
    assert await alive(client, ada.headers)
    assert events == [SessionEnded(session_ids=(newest["id"],))]
    assert (await client.delete(f"/api/me/sessions/{newest['id']}", headers=ada.headers)).status_code == 404


async def test_ending_all_others_or_all(client: httpx.AsyncClient) -> None:
    ada, grace = await signed_up(client), await signed_up(client)
    others = [await log_in(client, ada, CHROME) for _ in range(2)]
    gone = await client.delete("/api/me/sessions", params={"others": True}, headers=ada.headers)
    assert gone.status_code == 204
    assert [await alive(client, headers) for headers in (*others, ada.headers)] == [False, False, True]
    assert len(await listed(client, ada.headers)) == 1
    again = await log_in(client, ada, CHROME)
    assert (await client.delete("/api/me/sessions", headers=ada.headers)).status_code == 204
    assert [await alive(client, headers) for headers in (again, ada.headers, grace.headers)] == [False, False, True]
    refreshed = await client.post("/api/auth/refresh", json={"refresh_token": ada.refresh_token})
    assert refreshed.status_code == 401


async def test_ending_the_pages_own_session_takes_its_cookies(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    body = {"email": ada.email, "password": PASSWORD}
    signed = await client.post("/api/auth/login?session=cookie", json=body)
    csrf = {"X-CSRF-Token": signed.json()["csrf_token"]}
    current = next(one for one in await listed(client, {}) if one["current"])
    without = await client.delete(f"/api/me/sessions/{current['id']}")
    assert (without.status_code, without.json()["code"]) == (403, "csrf_failed")
    gone = await client.delete(f"/api/me/sessions/{current['id']}", headers=csrf)
    assert gone.status_code == 204
    assert not client.cookies


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (FIREFOX, "Firefox on Linux"),
        (CHROME, "Chrome on Windows"),
        (f"{CHROME} Edg/140.0.0.0", "Edge on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("python-httpx/0.28.1", "A Python program"),
        ("curl/8.5.0", "curl"),
        ("", "An unknown program"),
        ("Evil\r\nBcc: all@example.org", "An unknown program"),
    ],
)
def test_what_programs_are_called(user_agent: str, device: str) -> None:
    assert describe(user_agent) == device


def test_a_real_servers_own_address(server: Server) -> None:
    """Passkeys at `localhost`, which browsers take for safe; a name that a stranger writes into `Host` changes nothing."""
    port = server.url.rpartition(":")[2]
    signed_up_at(server.url)
    options = {
        host: httpx.get(f"{server.url}/api/auth/options", headers={"Host": host}, timeout=60).json()["passkeys"]
        for host in (f"127.0.0.1:{port}", f"localhost:{port}", "localhost", f"evil.example:{port}")
    }
    assert options == {
        f"127.0.0.1:{port}": False,
        f"localhost:{port}": True,
        "localhost": False,
        f"evil.example:{port}": False,
    }
    begun = httpx.post(f"{server.url}/api/auth/passkey/begin", headers={"Host": f"localhost:{port}"}, timeout=60).json()
    assert begun["options"]["rpId"] == "localhost"
