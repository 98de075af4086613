"""The page's session: cookies and the proof that our own page sent a request."""

from http.cookies import SimpleCookie
from ipaddress import ip_network

import httpx
import pytest
from fastapi import FastAPI

from mdreader.settings import Settings
from support.http import PASSWORD, connect, signed_up


def cookies_of(response: httpx.Response) -> SimpleCookie:
    jar = SimpleCookie()
    for line in response.headers.get_list("set-cookie"):
        jar.load(line)
    return jar


async def log_in(client: httpx.AsyncClient, *, headers: dict[str, str] | None = None) -> httpx.Response:
    ada = await signed_up(client)
    body = {"email": ada.email, "password": PASSWORD}
    response = await client.post("/api/auth/login?session=cookie", json=body, headers=headers)
    assert response.status_code == 200
    return response


def csrf(client: httpx.AsyncClient) -> dict[str, str]:
    return {"X-CSRF-Token": client.cookies["mdreader_csrf"]}


async def test_the_tokens_are_in_cookies_and_nowhere_else(client: httpx.AsyncClient) -> None:
    body = {"email": "ada@example.org", "password": PASSWORD, "name": "Ada"}
    for path, status in (("/api/auth/signup", 201), ("/api/auth/login", 200)):
        response = await client.post(f"{path}?session=cookie", json=body)
        assert response.status_code == status
        assert response.headers["cache-control"] == "no-store"
        assert set(response.json()) == {"user", "csrf_token", "expires_in"}
        jar = cookies_of(response)
        assert set(jar) == {"mdreader_access", "mdreader_refresh", "mdreader_csrf"}
        for name, path_of_cookie, http_only in (
            ("mdreader_access", "/", True),
            ("mdreader_refresh", "/api/auth", True),
            ("mdreader_csrf", "/", ""),
        ):
            assert jar[name]["path"] == path_of_cookie
            assert jar[name]["httponly"] == http_only
            assert jar[name]["samesite"] == "lax"
            assert jar[name]["secure"] == ""
            assert jar[name]["domain"] == ""
        assert jar["mdreader_csrf"].value == response.json()["csrf_token"]
        assert jar["mdreader_access"].value not in response.text
        assert jar["mdreader_refresh"].value not in response.text


async def test_another_session_mode_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/auth/login?session=local", json={"email": "a@b.c", "password": "x"})
    assert response.status_code == 422


async def test_safe_methods_need_no_proof_and_unsafe_ones_do(client: httpx.AsyncClient) -> None:
    await log_in(client)
    assert (await client.get("/api/me")).status_code == 200
    stranger = connect(client._transport.app)  # type: ignore[attr-defined]
    other_csrf = (await log_in(stranger)).json()["csrf_token"]
    await stranger.aclose()
    for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": other_csrf}):
        refused = await client.patch("/api/me", json={"name": "Eve"}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    allowed = await client.patch("/api/me", json={"name": "Countess"}, headers=csrf(client))
    assert (allowed.status_code, allowed.json()["name"]) == (200, "Countess")


async def test_a_planted_csrf_cookie_does_not_help(client: httpx.AsyncClient) -> None:
    await log_in(client)
    access = client.cookies["mdreader_access"]
    headers = {"Cookie": f"mdreader_access={access}; mdreader_csrf=planted", "X-CSRF-Token": "planted"}
    client.cookies.clear()
    refused = await client.patch("/api/me", json={"name": "Eve"}, headers=headers)
    assert refused.status_code == 403


async def test_a_bearer_needs_no_proof_and_wins_over_the_cookie(client: httpx.AsyncClient) -> None:
    await log_in(client)
    grace = await signed_up(client)
    response = await client.patch("/api/me", json={"name": "Grace"}, headers=grace.headers)
    assert (response.status_code, response.json()["id"]) == (200, grace.id)
    bad = await client.get("/api/me", headers={"Authorization": "Bearer x"})
    assert bad.status_code == 401


async def test_refresh_by_cookie(client: httpx.AsyncClient) -> None:
    first = await log_in(client)
    old = client.cookies["mdreader_refresh"]
    refused = await client.post("/api/auth/refresh")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    response = await client.post("/api/auth/refresh", headers=csrf(client))
    assert response.status_code == 200
    assert set(response.json()) == {"user", "csrf_token", "expires_in"}
    assert client.cookies["mdreader_refresh"] != old
    assert response.json()["csrf_token"] == first.json()["csrf_token"]  # another tab's stays good
    assert (await client.get("/api/me")).status_code == 200
    # The body wins over the cookie, and answers with tokens.
    body = await client.post("/api/auth/refresh", json={"refresh_token": client.cookies["mdreader_refresh"]})
    assert "refresh_token" in body.json()


async def test_refresh_by_an_empty_or_broken_cookie(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/auth/refresh")).status_code == 401
    response = await client.post("/api/auth/refresh", headers={"Cookie": "mdreader_refresh=x"})
    assert (response.status_code, response.json()["code"]) == (401, "invalid_refresh_token")


async def test_log_out_takes_the_cookies_back(client: httpx.AsyncClient) -> None:
    await log_in(client)
    refused = await client.post("/api/auth/logout")
    assert refused.status_code == 403
    response = await client.post("/api/auth/logout", headers=csrf(client))
    assert response.status_code == 204
    assert not client.cookies
    assert {name: jar["max-age"] for name, jar in cookies_of(response).items()} == {
        "mdreader_access": "0",
        "mdreader_refresh": "0",
        "mdreader_csrf": "0",
    }
    assert (await client.get("/api/me")).status_code == 401


async def test_log_out_by_the_refresh_cookie_alone_and_by_a_broken_one(client: httpx.AsyncClient) -> None:
    await log_in(client)
    token = client.cookies["mdreader_refresh"]
    headers = {"Cookie": f"mdreader_refresh={token}", **csrf(client)}
    client.cookies.clear()
    assert (await client.post("/api/auth/logout", headers=headers)).status_code == 204
    assert (await client.post("/api/auth/refresh", headers=headers)).status_code == 401
    broken = await client.post("/api/auth/logout", headers={"Cookie": "mdreader_refresh=x"})
    assert broken.status_code == 204
    assert set(cookies_of(broken)) == {"mdreader_access", "mdreader_refresh", "mdreader_csrf"}


async def test_an_api_key_in_the_cookie_is_nobody(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    key = (await client.post("/api/keys", json={"name": "CI", "scope": "write"}, headers=ada.headers)).json()["key"]
    assert (await client.get("/api/me", headers={"Cookie": f"mdreader_access={key}"})).status_code == 401


def secure(response: httpx.Response) -> set[bool]:
    return {bool(cookie["secure"]) for cookie in cookies_of(response).values()}


async def test_a_proxy_that_nobody_named_cannot_make_cookies_secure(client: httpx.AsyncClient) -> None:
    assert secure(await log_in(client, headers={"X-Forwarded-Proto": "https"})) == {False}


async def test_https_makes_cookies_secure(app: FastAPI) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://mdreader.test") as client:
        assert secure(await log_in(client)) == {True}
        assert secure(await client.post("/api/auth/logout", headers=csrf(client))) == {True}


class TestBehindAProxy:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"trusted_proxies": (ip_network("10.0.0.0/8"),)})

    async def test_the_named_proxy_is_believed_and_no_other(self, app: FastAPI) -> None:
        for address, proto, expected in (
            ("10.1.2.3", "https", {True}),
            ("10.1.2.3", "http, https", {True}),
            ("10.1.2.3", "https, http", {False}),
            ("10.1.2.3", "http", {False}),
            ("203.0.113.9", "https", {False}),
        ):
            async with connect(app, address=address) as client:
                assert secure(await log_in(client, headers={"X-Forwarded-Proto": proto})) == expected


class TestWithAPublicAddress:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"public_url": "https://notes.example.org"})

    async def test_cookies_are_secure(self, client: httpx.AsyncClient) -> None:
        assert secure(await log_in(client)) == {True}
