"""Providers' tokens that lie."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI

from mdreader.features.accounts.identity import identity_of
from support.http import signed_up
from support.oidc_browser import go, said, start, who
from support.oidc_provider import CLIENT_ID, OidcProvider


def part(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


class TestTokensThatLie:
    @pytest.mark.parametrize(
        "claims",
        [
            pytest.param({"aud": "somebody else"}, id="another audience"),
            pytest.param({"aud": "somebody else", "azp": CLIENT_ID}, id="another audience, and we authorised"),
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
