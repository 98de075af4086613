"""Signing in with an account elsewhere: the way there and back."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from mdreader.features.accounts.oidc.service import safe_path
from mdreader.settings import Settings
from support.http import connect
from support.oidc_browser import go, said, start, who
from support.oidc_provider import OidcProvider


async def test_somebody_new(client: httpx.AsyncClient, provider: OidcProvider) -> None:
    where = urlsplit(await start(client))
    asked = parse_qs(where.query)
    assert asked["redirect_uri"] == ["http://mdreader.test/api/auth/oidc/acme/callback"]
    assert asked["scope"] == ["openid email profile"]
    assert len(asked["nonce"][0]) == len(asked["state"][0]) == len(asked["code_challenge"][0]) == 43
    answer = await client.get(provider.agree(where.geturl()))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    me = (await client.get("/api/me")).json()
    assert (me["email"], me["name"]) == ("ada@example.org", "Ada Lovelace")
    security = (await client.get("/api/me/security")).json()
    assert security["email_verified"] is True
    assert security["has_password"] is False
    assert security["identities"] == 1
    (session,) = (await client.get("/api/me/sessions")).json()["items"]
    assert session["method"] == "acme"
    login = await client.post("/api/auth/login", json={"email": me["email"], "password": ""})
    assert login.status_code == 401  # no password is not an empty one


async def test_the_same_person_again_even_with_another_address(
    client: httpx.AsyncClient, provider: OidcProvider
) -> None:
    await go(client, provider)
    first = (await client.get("/api/me")).json()["id"]
    client.cookies.clear()
    provider.account.email = "changed@example.org"
    await go(client, provider)
    me = (await client.get("/api/me")).json()
    assert (me["id"], me["email"]) == (first, "ada@example.org")


async def test_the_first_time_in_two_browsers_at_once(app: FastAPI, provider: OidcProvider) -> None:
    async with connect(app) as one, connect(app) as other:
        answers = await asyncio.gather(go(one, provider), go(other, provider))
        assert {said(answer).get("error") for answer in answers} <= {None, "oidc_failed"}
        for browser in (one, other):
            await go(browser, provider)
            assert await who(browser) == "ada@example.org"
    async with app.state.runtime.database.read() as conn:
        assert (await conn.execute(text("SELECT count(*) FROM users"))).scalar_one() == 1


async def test_where_the_page_goes_on(client: httpx.AsyncClient, provider: OidcProvider) -> None:
    assert (await go(client, provider, return_to="/w/1?x=2")).headers["location"] == "/w/1?x=2"


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/a\r\nSet-Cookie: x=y",
        "/api/me",
        "x",
    ],
)
def test_it_never_goes_on_elsewhere(path: str) -> None:
    assert safe_path(path) == "/"


class TestTheWayBack:
    """State, cookie, code: each belongs to one browser and one time."""

    async def test_a_state_works_once(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        begun = await start(client)
        back = provider.agree(begun)
        assert (await client.get(back)).headers["location"] == "/"
        assert said(await client.get(back))["error"] == "oidc_failed"
        # With a code that was never used, too: the provider refuses no such thing.
        assert said(await client.get(provider.agree(begun)))["error"] == "oidc_failed"

    async def test_a_state_that_nobody_gave_out(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        back = provider.agree(await start(client))
        state = parse_qs(urlsplit(back).query)["state"][0]
        assert said(await client.get(back.replace(state, "x" * 43)))["error"] == "oidc_failed"
        assert said(await client.get("/api/auth/oidc/acme/callback"))["error"] == "oidc_failed"

    async def test_another_browser(self, client: httpx.AsyncClient, app: FastAPI, provider: OidcProvider) -> None:
        """An attacker who sends a victim the end of his own way would sign the victim in to the attacker's account."""
        back = provider.agree(await start(client))
        async with connect(app) as victim:
            assert said(await victim.get(back))["error"] == "oidc_failed"
            await start(victim)
            assert said(await victim.get(back))["error"] == "oidc_failed"
            assert await who(victim) is None

    async def test_another_provider(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        back = provider.agree(await start(client))
        assert said(await client.get(back.replace("/acme/", "/github/")))["error"] == "oidc_failed"

    async def test_an_answer_that_names_another_issuer(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        back = provider.agree(await start(client))
        assert said(await client.get(f"{back}&iss=https://evil.example"))["error"] == "oidc_failed"

    async def test_somebody_who_does_not_agree(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        state = parse_qs(urlsplit(provider.agree(await start(client))).query)["state"][0]
        path = "/api/auth/oidc/acme/callback"
        answer = await client.get(path, params={"state": state, "error": "access_denied"})
        assert said(answer) == {"error": "oidc_cancelled", "provider": "acme"}

    async def test_a_code_of_another_way(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        """The verifier does not fit: PKCE."""
        stolen = parse_qs(urlsplit(provider.agree(await start(client))).query)["code"][0]
        back = provider.agree(await start(client))
        own = parse_qs(urlsplit(back).query)["code"][0]
        assert said(await client.get(back.replace(own, stolen)))["error"] == "oidc_failed"

    async def test_an_unknown_provider(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        for path in ("start", "callback"):
            assert (await client.get(f"/api/auth/oidc/nobody/{path}")).status_code == 404

    async def test_a_state_is_no_other_token(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        state = parse_qs(urlsplit(await start(client)).query)["state"][0]
        assert (await client.post("/api/auth/magic-link/confirm", json={"token": state})).status_code == 403
        step = await client.post("/api/auth/mfa", json={"mfa_token": state, "code": "123456"})
        assert step.json()["code"] == "mfa_expired"


class TestClosed:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"signup": "closed"})

    async def test_the_first_may_come_and_no_other(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        await go(client, provider)
        assert await who(client) == "ada@example.org"
        client.cookies.clear()
        provider.account.subject, provider.account.email = "2", "bob@example.org"
        assert said(await go(client, provider))["error"] == "signup_closed"
