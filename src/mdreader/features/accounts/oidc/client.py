"""The client side of OpenID Connect's code flow, and of GitHub's OAuth 2. Knows no database."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from mdreader.features.accounts.oidc.providers import Provider
from mdreader.kernel.tls import system_tls

if TYPE_CHECKING:
    import httpx

SECONDS: Final = 10.0
# How long a provider's description and keys are believed; keys are asked for again when a token names one that is not among them.
FRESH_SECONDS: Final = 3600.0
RENEW_SECONDS: Final = 10.0
LEEWAY_SECONDS: Final = 60
# No `none`, and none with a shared secret: the provider's public keys check what only the provider can sign.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


class ProviderError(Exception):
    """The provider did not answer, or not as it should. The message is for the log."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who a provider says that somebody is."""

    issuer: str
    subject: str
    email: str | None
    email_verified: bool
    name: str


class ProviderClient:
    """Speaks to one provider, and remembers its description and keys."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._metadata: dict[str, Any] = {}
        self._metadata_at = 0.0
        self._keys: dict[str, Any] = {}
        self._keys_at = 0.0

    async def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where the browser is sent. Raises `ProviderError`."""
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        github = self.provider.github_api is not None
        asked = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": redirect_uri,
            "scope": "read:user user:email" if github else "openid email profile",
            "state": state,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        if github:
            return f"{self.provider.issuer}/login/oauth/authorize?{urlencode(asked)}"
        endpoint = await self._endpoint("authorization_endpoint")
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode({**asked, 'nonce': nonce})}"

    async def identify(self, *, code: str, redirect_uri: str, nonce: str, verifier: str, now: int) -> Person:
        """Who came back with `code`; `now` in milliseconds. Raises `ProviderError`."""
        import httpx

        try:
            async with self._http() as http:
                if self.provider.github_api is not None:
                    return await self._identify_at_github(http, code, redirect_uri, verifier)
                tokens = await self._exchange(
                    http, await self._endpoint("token_endpoint"), code, redirect_uri, verifier
                )
                claims = await self._check(tokens, nonce, now)
                return await self._person(http, tokens, claims)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProviderError(f"{type(error).__name__}: {error}") from error

    async def _exchange(
        self, http: "httpx.AsyncClient", endpoint: str, code: str, redirect_uri: str, verifier: str
    ) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": self.provider.client_id,
        }
        basic = "client_secret_basic" in self._metadata.get(
            "token_endpoint_auth_methods_supported", ["client_secret_basic"]
        )
        if not self.provider.secret:
            # A public client has nothing to show: the verifier alone says that it is the one that asked.
            answer = await http.post(endpoint, data=form)
        elif self.provider.github_api is not None or not basic:
            form["client_secret"] = self.provider.secret
            answer = await http.post(endpoint, data=form, headers={"Accept": "application/json"})
        else:
            credentials = (_form_encoded(self.provider.client_id), _form_encoded(self.provider.secret))
            answer = await http.post(endpoint, data=form, auth=credentials)
        return _json(answer)

    async def _check(self, tokens: dict[str, Any], nonce: str, now: int) -> dict[str, Any]:
        """The claims of the ID token, when everything about it is right."""
        import jwt
        from authlib.oidc.core import CodeIDToken

        token = str(tokens["id_token"])
        issuer = str((await self._described())["issuer"])
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key(str(header.get("kid", "")))
            # The signature here; the claims below, as OpenID Connect has more of them to compare.
            claims = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                options={
                    "verify_aud": False,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                    "verify_iss": False,
                },
            )
        except jwt.PyJWTError as error:
            raise ProviderError(f"ID token: {error}") from error
        checked = CodeIDToken(
            claims,
            header,
            options={"iss": {"value": issuer}, "aud": {"value": self.provider.client_id}},
            params={
                "nonce": nonce,
                "client_id": self.provider.client_id,
                "access_token": tokens.get("access_token"),
            },
        )
        try:
            checked.validate(now=now // 1000, leeway=LEEWAY_SECONDS)
        except Exception as error:
            raise ProviderError(f"ID token: {error}") from error
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise ProviderError("ID token: no subject")
        return dict(claims)

    async def _person(self, http: "httpx.AsyncClient", tokens: dict[str, Any], claims: dict[str, Any]) -> Person:
        said = claims
        if "email" not in claims and "userinfo_endpoint" in self._metadata:
            endpoint = await self._endpoint("userinfo_endpoint")
            bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
            said = _json(await http.get(endpoint, headers=bearer))
            if said.get("sub") != claims["sub"]:
                raise ProviderError("userinfo speaks of somebody else")
        email = said.get("email")
        return Person(
            issuer=str(self._metadata["issuer"]),
            subject=claims["sub"],
            email=email if isinstance(email, str) else None,
            email_verified=said.get("email_verified") is True,  # some say "true": what is not true is not
            name=str(said.get("name") or said.get("preferred_username") or ""),
        )

    async def _identify_at_github(
        self, http: "httpx.AsyncClient", code: str, redirect_uri: str, verifier: str
    ) -> Person:
        endpoint = f"{self.provider.issuer}/login/oauth/access_token"
        tokens = await self._exchange(http, endpoint, code, redirect_uri, verifier)
        headers = {"Authorization": f"Bearer {tokens['access_token']}", "Accept": "application/vnd.github+json"}
        user = _json(await http.get(f"{self.provider.github_api}/user", headers=headers))
        answer = await http.get(f"{self.provider.github_api}/user/emails", headers=headers)
        answer.raise_for_status()
        # The public address of a profile is whatever its owner typed; this list says which were confirmed.
        primary = next((one for one in answer.json() if one["primary"] is True and one["verified"] is True), None)
        if type(user["id"]) is not int:
            raise ProviderError("GitHub: no id")
        return Person(
            issuer=self.provider.issuer,
            subject=str(user["id"]),  # the number: names are given to others when they are given up
            email=str(primary["email"]) if primary else None,
            email_verified=primary is not None,
            name=str(user.get("name") or user.get("login") or ""),
        )

    async def _endpoint(self, name: str) -> str:
        endpoint = (await self._described()).get(name)
        if not isinstance(endpoint, str) or not endpoint.startswith(("https://", "http://")):
            raise ProviderError(f"the provider names no {name}")
        return endpoint

    async def _described(self) -> dict[str, Any]:
        """What the provider says of itself (OpenID Connect Discovery)."""
        if not self._metadata or time.monotonic() - self._metadata_at > FRESH_SECONDS:
            base = self.provider.issuer.rstrip("/")
            metadata = await self._fetch(f"{base}/.well-known/openid-configuration")
            if str(metadata.get("issuer", "")).rstrip("/") != base:
                raise ProviderError("the provider names another issuer")
            self._metadata, self._metadata_at = metadata, time.monotonic()
        return self._metadata

    async def _key(self, name: str) -> Any:
        """The public key with this id; a token without an id is checked with the only key that there is."""
        old = time.monotonic() - self._keys_at
        if not self._keys or old > FRESH_SECONDS or (name and name not in self._keys and old > RENEW_SECONDS):
            await self._fetch_keys()
        if name in self._keys:
            return self._keys[name]
        if not name and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        raise ProviderError("ID token: signed with an unknown key")

    async def _fetch_keys(self) -> None:
        import jwt

        answer = await self._fetch(await self._endpoint("jwks_uri"))
        usable = [one for one in answer["keys"] if one.get("kty") != "oct" and one.get("use", "sig") == "sig"]
        try:
            found = jwt.PyJWKSet.from_dict({"keys": usable}).keys
        except jwt.PyJWTError as error:
            raise ProviderError(f"keys: {error}") from error
        self._keys, self._keys_at = {key.key_id or "": key for key in found}, time.monotonic()

    async def _fetch(self, url: str) -> dict[str, Any]:
        import httpx

        try:
            async with self._http() as http:
                return _json(await http.get(url))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise ProviderError(f"{type(error).__name__}: {error}") from error

    def _http(self) -> "httpx.AsyncClient":
        import httpx

        # No proxies and passwords of the environment: only what the settings say.
        return httpx.AsyncClient(timeout=SECONDS, verify=system_tls(), trust_env=False)


def _json(answer: "httpx.Response") -> dict[str, Any]:
    answer.raise_for_status()
    said = answer.json()
    if not isinstance(said, dict):
        raise ProviderError("the provider answers no object")
    return said


def _form_encoded(text: str) -> str:
    # RFC 6749, 2.3.1: encoded before Basic encodes it.
    return urlencode({"": text})[1:]
