"""Providers as they are, and as the settings name them."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI

from mdreader.bootstrap.accounts import sign_in_providers
from mdreader.features.accounts.directory import standing as directory_standing
from mdreader.features.accounts.directory.standing import LocalStanding
from mdreader.features.accounts.identity import identity_of
from mdreader.features.accounts.oidc.client import ProviderClient
from mdreader.features.accounts.oidc.providers import GITHUB_API, GOOGLE_ISSUER, Provider
from mdreader.settings import SettingsError, load_settings
from support.clock import standing_still
from support.http import signed_up
from support.mailbox import mails_to, newest_mail
from support.oidc_browser import go, said, start, verified_person, who
from support.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider
from support.one_time import app_code


class TestAndTheRest:
    async def test_an_authenticator_app_is_asked_for(
        self, client: httpx.AsyncClient, app: FastAPI, provider: OidcProvider
    ) -> None:
        ada = await verified_person(client, app, "ada@example.org")
        secret = (await client.post("/api/me/totp", json={}, headers=ada.headers)).json()["secret"]
        with standing_still(app.state.runtime.clock) as now:
            body = {"code": app_code(secret, now, steps=-1)}
            await client.post("/api/me/totp/confirm", json=body, headers=ada.headers)
        answer = await go(client, provider, return_to="/w/1")
        step = said(answer)
        assert answer.headers["location"].startswith("/sign-in#")
        assert (step["methods"], step["return_to"]) == ("totp,recovery_code", "/w/1")
        assert await who(client) is None
        # Linked with the second factor, not before: a mailbox alone must not leave a way in behind.
        assert (await client.get("/api/me/identities", headers=ada.headers)).json() == {"items": []}
        assert "identity_linked" not in {mail.template for mail in await mails_to(app, ada.email)}
        body = {"mfa_token": step["mfa_token"], "code": app_code(secret, now)}
        assert (await client.post("/api/auth/mfa?session=cookie", json=body)).status_code == 200
        assert await who(client) == ada.email
        (linked,) = (await client.get("/api/me/identities", headers=ada.headers)).json()["items"]
        assert linked["provider"] == "acme"
        assert (await newest_mail(app, ada.email, "identity_linked")).data["provider"] == "Acme"

    async def test_what_was_linked_to_another_before_the_second_factor_stays_theirs(
        self, client: httpx.AsyncClient, app: FastAPI, provider: OidcProvider
    ) -> None:
        ada, grace = await verified_person(client, app, "ada@example.org"), await signed_up(client)
        secret = (await client.post("/api/me/totp", json={}, headers=ada.headers)).json()["secret"]
        with standing_still(app.state.runtime.clock) as now:
            body = {"code": app_code(secret, now, steps=-1)}
            await client.post("/api/me/totp/confirm", json=body, headers=ada.headers)
        step = said(await go(client, provider))
        begun = await client.post("/api/me/identities/acme/start", json={}, headers=grace.headers)
        assert said(await client.get(provider.agree(begun.json()["url"]))) == {"linked": "acme"}
        body = {"mfa_token": step["mfa_token"], "code": app_code(secret, now)}
        refused = await client.post("/api/auth/mfa", json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "mfa_expired")
        assert (await client.get("/api/me/identities", headers=ada.headers)).json() == {"items": []}

    @pytest.mark.parametrize(
        ("standing", "error"),
        [
            (LocalStanding(enabled=True, totp=True, emails=frozenset()), "password_sign_in_required"),
            (LocalStanding(enabled=False, totp=False, emails=frozenset()), "invalid_credentials"),
            (LocalStanding(enabled=True, totp=False, emails=frozenset()), None),
        ],
    )
    async def test_a_directory_that_keeps_passwords_is_asked(
        self,
        client: httpx.AsyncClient,
        provider: OidcProvider,
        monkeypatch: pytest.MonkeyPatch,
        standing: LocalStanding,
        error: str | None,
    ) -> None:
        """It knows of the second factor, and of accounts that were closed."""

        async def answer(_runtime: Any, _user_id: str) -> LocalStanding:
            return standing

        monkeypatch.setattr(directory_standing, "standing_of", answer)
        assert said(await go(client, provider)).get("error") == error
        assert await who(client) == (None if error else "ada@example.org")

    async def test_a_clients_secret_that_was_rotated(
        self, client: httpx.AsyncClient, app: FastAPI, provider: OidcProvider
    ) -> None:
        kept = {"secret": "of the start"}
        known = identity_of(app.state.runtime).providers
        acme = Provider("acme", "Acme", provider.url, CLIENT_ID, "of the start", newest_secret=lambda: kept["secret"])
        known["acme"] = ProviderClient(acme)
        kept["secret"] = CLIENT_SECRET  # the provider refuses every other one
        await go(client, provider)
        assert await who(client) == "ada@example.org"

    async def test_a_name_of_the_providers_making(
        self, client: httpx.AsyncClient, app: FastAPI, provider: OidcProvider
    ) -> None:
        provider.account.name = "Ada\r\nBcc: all@example.org\u202e<b>" + "x" * 200
        await go(client, provider)
        name = (await client.get("/api/me")).json()["name"]
        assert name.startswith("Ada Bcc: all@example.org <b>xxx")
        assert len(name) == 100
        provider.account = type(provider.account)(subject="2", email="bob@example.org", name="\u202e\x00")
        client.cookies.clear()
        await go(client, provider)
        assert (await client.get("/api/me")).json()["name"] == "bob"

    async def test_github(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        where = await start(client, "github")
        assert parse_qs(urlsplit(where).query)["scope"] == ["read:user user:email"]
        assert (await client.get(provider.agree(where))).headers["location"] == "/"
        assert await who(client) == "ada@example.org"  # not what the profile says
        client.cookies.clear()
        provider.account.email_verified = False
        await go(client, provider, "github")
        assert await who(client) == "ada@example.org"  # known by its number

    async def test_github_with_no_confirmed_address(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        provider.account.email_verified = False
        assert said(await go(client, provider, "github"))["error"] == "email_unverified_at_provider"

    async def test_what_the_page_is_told(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        options = (await client.get("/api/auth/options")).json()
        assert options["providers"] == [{"id": "acme", "name": "Acme"}, {"id": "github", "name": "GitHub"}]
        assert "secret" not in json.dumps(options)


def test_providers_by_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOOGLE", "GITHUB"):
        monkeypatch.setenv(f"{name}_CLIENT_ID", "id")
        monkeypatch.setenv(f"{name}_CLIENT_SECRET", "hush")
    acme = {"id": "acme", "name": "Acme", "issuer": "https://id.acme.example", "client_id": "a", "client_secret": "b"}
    monkeypatch.setenv("OIDC_PROVIDERS", json.dumps([acme]))
    google, github, other = sign_in_providers(load_settings())
    assert (google.issuer, google.github_api) == (GOOGLE_ISSUER, None)
    assert github.github_api == GITHUB_API
    assert (other.id, other.issuer, other.client_secret) == ("acme", "https://id.acme.example", "b")
    assert "hush" not in repr([google, github])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GOOGLE_CLIENT_ID", "x"),
        ("OIDC_PROVIDERS", "no json"),
        ("OIDC_PROVIDERS", '{"id": "x"}'),
        ("OIDC_PROVIDERS", '[{"id": "acme", "client_secret": "hush"}]'),
        (
            "OIDC_PROVIDERS",
            json.dumps(
                [{"id": "a", "name": "A", "issuer": "http://x.example", "client_id": "i", "client_secret": "hush"}]
            ),
        ),
        (
            "OIDC_PROVIDERS",
            json.dumps(
                2 * [{"id": "a", "name": "A", "issuer": "https://x", "client_id": "i", "client_secret": "hush"}]
            ),
        ),
        *[
            (
                "OIDC_PROVIDERS",
                json.dumps(
                    [{"id": ours, "name": "A", "issuer": "https://x", "client_id": "i", "client_secret": "hush"}]
                ),
            )
            for ours in ("passkey", "password", "signup", "directory")
        ],
    ],
)
def test_settings_that_cannot_be_used(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name) as caught:
        load_settings()
    assert "hush" not in str(caught.value)
