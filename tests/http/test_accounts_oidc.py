"""Signing in with accounts elsewhere, honest and not."""

import asyncio
import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI
from sqlalchemy import text

from mdreader.bootstrap.accounts import sign_in_providers
from mdreader.features.accounts.directory import standing as directory_standing
from mdreader.features.accounts.directory.standing import LocalStanding
from mdreader.features.accounts.identity import identity_of
from mdreader.features.accounts.oidc.client import ProviderClient
from mdreader.features.accounts.oidc.providers import GITHUB_API, GOOGLE_ISSUER, Provider
from mdreader.features.accounts.oidc.service import safe_path
from mdreader.settings import Settings, SettingsError, load_settings
from support.http import PASSWORD, Person, connect, signed_up
from support.mailbox import mails_to, newest_mail
from support.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider, running_provider
from support.one_time import app_code


@pytest.fixture(scope="module")
def listening() -> Iterator[OidcProvider]:
    with running_provider() as made:
        yield made


@pytest.fixture
def provider(listening: OidcProvider, app: FastAPI) -> OidcProvider:
    """Honest again, and known to the application as `acme` and `github`."""
    url = listening.url
    listening.__dict__.update(OidcProvider(url=url).__dict__)
    known = identity_of(app.state.runtime).providers
    known["acme"] = ProviderClient(Provider("acme", "Acme", url, CLIENT_ID, CLIENT_SECRET))
    known["github"] = ProviderClient(Provider("github", "GitHub", url, CLIENT_ID, CLIENT_SECRET, github_api=url))
    return listening


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


async def verified(client: httpx.AsyncClient, app: FastAPI, email: str) -> Person:
    person = await signed_up(client, email=email)
    await client.post("/api/me/email/verification", headers=person.headers)
    token = (await newest_mail(app, email, "verify_email")).token
    await client.post("/api/auth/verify", json={"token": token}, headers=person.headers)
    return person


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


class TestLinking:
    """Two accounts become one by an address only when both sides confirmed it."""

    async def test_a_confirmed_address_on_both_sides(
        self, client: httpx.AsyncClient, app: FastAPI, provider: OidcProvider
    ) -> None:
        ada = await verified(client, app, "ada@example.org")
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
        await verified(client, app, "ada@example.org")
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


class TestTheWayBack:
    """State, cookie, code: each belongs to one browser and one time."""

    async def test_a_state_works_once(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        back = provider.agree(await start(client))
        assert (await client.get(back)).headers["location"] == "/"
        assert said(await client.get(back))["error"] == "oidc_failed"

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


def part(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


class TestTokensThatLie:
    @pytest.mark.parametrize(
        "claims",
        [
            pytest.param({"aud": "somebody else"}, id="another audience"),
            pytest.param({"aud": [CLIENT_ID, "somebody else"]}, id="several audiences and nobody authorised"),
            pytest.param({"aud": [CLIENT_ID, "x"], "azp": "x"}, id="somebody else authorised"),
            pytest.param({"aud": None}, id="no audience"),
            pytest.param({"iss": "https://evil.example"}, id="another issuer"),
            pytest.param({"iss": None}, id="no issuer"),
            pytest.param({"nonce": "x"}, id="another nonce"),
            pytest.param({"nonce": None}, id="no nonce"),
            pytest.param({"exp": 1_700_000_000}, id="expired"),
            pytest.param({"exp": None}, id="never expires"),
            pytest.param({"iat": None}, id="of no time"),
            pytest.param({"nbf": 4_000_000_000}, id="not yet"),
            pytest.param({"sub": None}, id="nobody"),
            pytest.param({"sub": ""}, id="nobody at all"),
            pytest.param({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, id="another access token"),
        ],
    )
    async def test_claims(self, client: httpx.AsyncClient, provider: OidcProvider, claims: dict[str, Any]) -> None:
        provider.claims = claims
        assert said(await go(client, provider)) == {"error": "oidc_failed", "provider": "acme"}
        assert await who(client) is None

    @pytest.mark.parametrize("kind", ["none", "None", "hs256 with the public key", "another key", "no signature"])
    async def test_signatures(
        self, client: httpx.AsyncClient, provider: OidcProvider, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lie(claims: dict[str, Any]) -> str:
            head = {"alg": kind, "kid": provider.signing}
            if kind == "another key":
                other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
                return jwt.encode(claims, other, algorithm="RS256", headers={"kid": provider.signing})
            if kind.startswith("hs256"):
                public = provider.keys[provider.signing].public_key()
                pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
                text = f"{part({**head, 'alg': 'HS256'})}.{part(claims)}"
                signature = urlsafe_b64encode(hmac.digest(pem, text.encode(), hashlib.sha256)).decode().rstrip("=")
                return f"{text}.{signature}"
            head["alg"] = "RS256" if kind == "no signature" else kind
            return f"{part(head)}.{part(claims)}."

        monkeypatch.setattr(provider, "sign", lie)
        assert said(await go(client, provider))["error"] == "oidc_failed"
        assert await who(client) is None

    async def test_a_key_that_rotates(self, client: httpx.AsyncClient, provider: OidcProvider, app: FastAPI) -> None:
        await go(client, provider)
        assert await who(client) == "ada@example.org"
        client.cookies.clear()
        provider.rotate()
        known = identity_of(app.state.runtime).providers["acme"]
        known._keys_at -= 60  # asked again at most every ten seconds: made-up ids of keys must not flood the provider
        await go(client, provider)
        assert await who(client) == "ada@example.org"
        client.cookies.clear()
        provider.keys = {"old": provider.keys[provider.signing]}
        before = provider.asked.count("/jwks")
        assert said_or_in(await go_without_key(client, provider)) == "in"
        assert provider.asked.count("/jwks") == before

    async def test_userinfo_of_somebody_else(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        provider.email_in_token = False
        provider.userinfo = {"sub": "somebody else", "email": "root@example.org", "email_verified": True}
        assert said(await go(client, provider))["error"] == "oidc_failed"
        provider.userinfo = None
        assert (await go(client, provider)).headers["location"] == "/"
        assert await who(client) == "ada@example.org"

    async def test_a_description_of_another_issuer(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        provider.metadata = {"issuer": "https://evil.example"}
        assert said(await client.get("/api/auth/oidc/acme/start"))["error"] == "oidc_failed"

    async def test_a_provider_that_fails(self, client: httpx.AsyncClient, provider: OidcProvider) -> None:
        back = provider.agree(await start(client))
        provider.failing = True
        assert said(await client.get(back))["error"] == "oidc_failed"
        ada = await signed_up(client)
        provider.metadata = {}
        begun = await client.post("/api/me/identities/acme/start", json={}, headers=ada.headers)
        assert begun.status_code in {200, 503}  # its description may be remembered


async def go_without_key(client: httpx.AsyncClient, provider: OidcProvider) -> httpx.Response:
    """Signed with a key that the provider no longer publishes, and that is remembered still."""
    provider.keys[provider.signing] = provider.keys.pop("old")
    return await go(client, provider)


def said_or_in(answer: httpx.Response) -> str:
    return "in" if answer.headers["location"] == "/" else said(answer)["error"]


class TestAndTheRest:
    async def test_an_authenticator_app_is_asked_for(
        self, client: httpx.AsyncClient, app: FastAPI, provider: OidcProvider
    ) -> None:
        ada = await verified(client, app, "ada@example.org")
        secret = (await client.post("/api/me/totp", json={}, headers=ada.headers)).json()["secret"]
        now = app.state.runtime.clock.now()
        code = app_code(secret, now, steps=-1)
        await client.post("/api/me/totp/confirm", json={"code": code}, headers=ada.headers)
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
        ada, grace = await verified(client, app, "ada@example.org"), await signed_up(client)
        secret = (await client.post("/api/me/totp", json={}, headers=ada.headers)).json()["secret"]
        now = app.state.runtime.clock.now()
        code = app_code(secret, now, steps=-1)
        await client.post("/api/me/totp/confirm", json={"code": code}, headers=ada.headers)
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
