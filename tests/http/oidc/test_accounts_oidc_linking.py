"""Accounts elsewhere that join one here."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from support.http import PASSWORD, signed_up
from support.mailbox import mails_to
from support.oidc_browser import go, said, verified_person, who
from support.oidc_provider import OidcProvider


class TestLinking:
    """Two accounts become one by an address only when both sides confirmed it."""

    async def test_a_confirmed_address_on_both_sides(
        self, client: httpx.AsyncClient, app: FastAPI, provider: OidcProvider
    ) -> None:
        ada = await verified_person(client, app, "ada@example.org")
        await go(client, provider)
        assert (await client.get("/api/me")).json()["id"] == ada.id
        assert "identity_linked" in [mail.template for mail in await mails_to(app, ada.email)]
        client.cookies.clear()
        assert (
            await client.post("/api/auth/login", json={"email": ada.email, "password": PASSWORD})
        ).status_code == 200

    @pytest.mark.parametrize("claim", [False, "true", 1, None])
    async def test_not_confirmed_at_the_provider(
        self, client: httpx.AsyncClient, app: FastAPI, provider: OidcProvider, claim: Any
    ) -> None:
        """An attacker opens an account at the provider with the victim's address."""
        await verified_person(client, app, "ada@example.org")
        provider.account.email_verified = claim
        assert said(await go(client, provider)) == {"error": "email_unverified_at_provider", "provider": "acme"}
        assert await who(client) is None

    async def test_not_confirmed_here(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        """An attacker signed up here with the victim's address, and waits for the victim's account elsewhere to be joined to it."""
        await signed_up(client, email="ada@example.org")
        assert said(await go(client, provider))["error"] == "account_unverified"
        assert await who(client) is None

    @pytest.mark.parametrize("email", [None, "no address", "ada@example.org\r\nBcc: x@y.org"])
    async def test_no_address(self, client: httpx.AsyncClient, provider: OidcProvider, email: str | None) -> None:
        provider.account.email = email
        assert said(await go(client, provider))["error"] == "email_unverified_at_provider"

    async def test_by_somebody_who_is_signed_in(
        self, client: httpx.AsyncClient, app: FastAPI, provider: OidcProvider
    ) -> None:
        ada = await signed_up(client, email="ada@home.example")
        provider.account.email, provider.account.email_verified = "ada@work.example", False
        begun = await client.post(
            "/api/me/identities/acme/start", json={"return_to": "/account/security"}, headers=ada.headers
        )
        assert begun.status_code == 200
        answer = await client.get(provider.agree(begun.json()["url"]))
        assert answer.headers["location"] == "/account/security#linked=acme"
        (linked,) = (await client.get("/api/me/identities", headers=ada.headers)).json()["items"]
        assert (linked["provider"], linked["name"], linked["email"]) == ("acme", "Acme", "ada@work.example")
        await go(client, provider)
        assert await who(client) == "ada@home.example"
        gone = await client.delete(f"/api/me/identities/{linked['id']}", headers=ada.headers)
        assert gone.status_code == 204
        client.cookies.clear()
        assert said(await go(client, provider))["error"] == "email_unverified_at_provider"

    async def test_what_is_linked_to_another_is_not_taken_away(
        self, client: httpx.AsyncClient, provider: OidcProvider
    ) -> None:
        await go(client, provider)
        client.cookies.clear()
        grace = await signed_up(client)
        begun = await client.post("/api/me/identities/acme/start", json={"return_to": "/x"}, headers=grace.headers)
        answer = await client.get(provider.agree(begun.json()["url"]))
        assert answer.headers["location"] == "/x#error=identity_taken&provider=acme"

    async def test_a_session_that_ended_links_nothing(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        ada = await signed_up(client)
        begun = await client.post("/api/me/identities/acme/start", json={}, headers=ada.headers)
        await client.post("/api/auth/logout", headers=ada.headers)
        assert said(await client.get(provider.agree(begun.json()["url"])))["error"] == "oidc_failed"

    async def test_others_cannot_unlink(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        await go(client, provider)
        (linked,) = (await client.get("/api/me/identities")).json()["items"]
        client.cookies.clear()
        grace = await signed_up(client)
        gone = await client.delete(f"/api/me/identities/{linked['id']}", headers=grace.headers)
        assert gone.status_code == 404
