"""A provider of OpenID Connect, and one that speaks like GitHub: real HTTP on this machine, honest unless told otherwise."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from support.http_servers import Quiet, listening

CLIENT_ID, CLIENT_SECRET = "mdreader at the provider", "a secret: with % and :"


@dataclass
class Account:
    """Somebody's account at the provider."""

    subject: str = "subject-1"
    email: str | None = "ada@example.org"
    email_verified: Any = True
    name: str = "Ada Lovelace"


@dataclass
class OidcProvider:
    """What it says can be bent: `claims` replace those of ID tokens (None leaves one out), `sign` makes the token."""

    url: str = ""
    account: Account = field(default_factory=Account)
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    email_in_token: bool = True
    failing: bool = False
    agrees: bool = True
    public: bool = False  # its client has no secret
    asked: list[str] = field(default_factory=list)
    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)
    signing: str = ""
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rotate()

    def rotate(self) -> None:
        """Sign with another key from now on; the old one is no longer published."""
        self.signing = secrets.token_hex(4)
        self.keys = {self.signing: rsa.generate_private_key(public_exponent=65537, key_size=2048)}

    def agree(self, authorization_url: str) -> str:
        """The person agrees: where the browser is sent back to."""
        parts = urlsplit(authorization_url)
        asked = dict(parse_qsl(parts.query))
        assert f"{parts.scheme}://{parts.netloc}" == self.url
        assert parts.path in {"/authorize", "/login/oauth/authorize"}
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        answer = {"code": code} if self.agrees else {"error": "access_denied"}
        return f"{asked['redirect_uri']}?{urlencode({**answer, 'state': asked['state']})}"

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        said = {
            "iss": self.url,
            "sub": self.account.subject,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked.get("nonce"),
            "name": self.account.name,
        }
        if self.email_in_token:
            said |= {"email": self.account.email, "email_verified": self.account.email_verified}
        claims = {name: value for name, value in {**said, **self.claims}.items() if value is not None}
        return self.sign(claims)

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.keys[self.signing], algorithm="RS256", headers={"kid": self.signing})

    def answer_get(self, path: str, authorization: str) -> Any:
        self.asked.append(path)
        bearer = authorization == "Bearer access-token"
        match path:
            case "/.well-known/openid-configuration":
                return {
                    "issuer": self.url,
                    "authorization_endpoint": f"{self.url}/authorize",
                    "token_endpoint": f"{self.url}/token",
                    "userinfo_endpoint": f"{self.url}/userinfo",
                    "jwks_uri": f"{self.url}/jwks",
                    **self.metadata,
                }
            case "/jwks":
                return {
                    "keys": [
                        {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}
                        for kid, key in self.keys.items()
                    ]
                }
            case "/userinfo" if bearer:
                account = self.account
                honest = {
                    "sub": account.subject,
                    "email": account.email,
                    "email_verified": account.email_verified,
                    "name": account.name,
                }
                return self.userinfo or honest
            case "/user" if bearer:
                return {"id": 4711, "login": "ada", "name": self.account.name, "email": "typed@example.org"}
            case "/user/emails" if bearer:
                other = {"email": "other@example.org", "primary": False, "verified": True}
                account = self.account
                return [other, {"email": account.email, "primary": True, "verified": account.email_verified}]
        return None

    def answer_post(self, path: str, form: dict[str, str], authorization: str) -> Any:
        self.asked.append(path)
        if path not in {"/token", "/login/oauth/access_token"}:
            return None
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form.get("redirect_uri"):
            return None
        if path == "/token":
            if self.public:
                assert (authorization, form["client_id"], "client_secret" in form) == ("", CLIENT_ID, False)
            else:
                scheme, _, encoded = authorization.partition(" ")
                user, _, password = base64.b64decode(encoded).decode().partition(":")
                assert (scheme, unquote(user.replace("+", " "))) == ("Basic", CLIENT_ID)
                assert unquote(password.replace("+", " ")) == CLIENT_SECRET
            return {"access_token": "access-token", "token_type": "Bearer", "id_token": self.id_token(asked)}
        assert (form["client_id"], form["client_secret"]) == (CLIENT_ID, CLIENT_SECRET)
        return {"access_token": "access-token", "token_type": "bearer", "scope": "read:user,user:email"}


@contextmanager
def running_provider() -> Iterator[OidcProvider]:
    """A provider that listens."""
    provider = OidcProvider()

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if urlsplit(self.path).path in {"/authorize", "/login/oauth/authorize"}:
                # A browser came by: its owner agrees, or does not, without being asked.
                self.send_response(302)
                self.send_header("Location", provider.agree(provider.url + self.path))
                self.end_headers()
                return
            self._send(provider.answer_get(urlsplit(self.path).path, self.headers.get("Authorization", "")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._send(provider.answer_post(self.path, form, self.headers.get("Authorization", "")))

        def _send(self, answer: Any) -> None:
            body = json.dumps(answer if answer is not None else {"error": "invalid_request"}).encode()
            self.send_response(500 if provider.failing else 200 if answer is not None else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with listening(Handler) as provider.url:
        yield provider
