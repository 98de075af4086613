"""Tokens: what they say, how they are signed, and what is believed of one that comes back.

Every kind is made with a key of its own, derived from the server's secret, so that one kind can never pass for another.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mdreader.kernel.errors import UnauthenticatedError

ISSUER = "mdreader"
ALGORITHM = "HS256"
ACCESS_AUDIENCE = "mdreader-api"
OPERATOR_AUDIENCE = "mdreader-operator"
ACCESS_SECONDS = 15 * 60
OPERATOR_SECONDS = 5 * 60
REFRESH_SECONDS = 30 * 24 * 3600
# Between the clocks of two servers with one secret.
LEEWAY_SECONDS = 5
OPERATOR_PREFIX = "mdo_"
# Ours have about 400 characters; nobody gets to make us hash megabytes.
MAX_CHARACTERS = 2048

_ID_BYTES = 16
_NONCE_BYTES = 32
_TAG_BYTES = 16


def derive_key(secret: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose: one block of HKDF-Expand, as the secret is uniformly random already."""
    return hmac.digest(secret, f"mdreader/{purpose}/v1".encode() + b"\x01", "sha256")


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a verified access token says. `issued_at` and `expires_at` in seconds since the Unix epoch."""

    user_id: str
    session_id: str
    issued_at: int
    expires_at: int

    def holds(self, now: int) -> bool:
        """Whether the token holds at `now`, in milliseconds."""
        seconds = now / 1000
        return self.issued_at - LEEWAY_SECONDS <= seconds < self.expires_at + LEEWAY_SECONDS


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token as the client keeps it: session id, 256 random bits and a tag, in URL-safe base64.

    The tag tells a token that this server gave out from one that somebody made up: only the former, when it is not the newest,
    may end the session.
    """

    session_id: str
    text: str

    @property
    def digest(self) -> bytes:
        """What is stored: SHA-256 is enough, as there is nothing to guess in 256 random bits."""
        return hashlib.sha256(self.text.encode()).digest()


class Tokens:
    """Makes and reads the tokens of one secret."""

    def __init__(self, secret: bytes) -> None:
        self._access_key = derive_key(secret, "access-token")
        self._refresh_key = derive_key(secret, "refresh-token")
        self._operator_key = derive_key(secret, "operator-token")
        self._csrf_key = derive_key(secret, "csrf")

    def access(self, user_id: str, session_id: str, now: int) -> str:
        """An access token for a session; `now` in milliseconds."""
        claims = _claims(user_id, ACCESS_AUDIENCE, "access", now, ACCESS_SECONDS)
        return _encode({**claims, "sid": session_id}, self._access_key)

    def read_access(self, token: str, now: int) -> AccessClaims:
        """What `token` says, when it is an access token of ours that holds at `now` (ms); else `UnauthenticatedError`."""
        claims = _decode(token, self._access_key, ACCESS_AUDIENCE, "access")
        session_id = claims.get("sid")
        if not isinstance(session_id, str):
            raise UnauthenticatedError("The access token is not one of this server.")
        found = AccessClaims(claims["sub"], session_id, claims["iat"], claims["exp"])
        if not found.holds(now):
            raise UnauthenticatedError("The access token has expired.")
        return found

    def read_operator(self, token: str, now: int) -> str:
        """The user as whom the local operator acts; `UnauthenticatedError` for anything but a fresh token of ours."""
        claims = _decode(token.removeprefix(OPERATOR_PREFIX), self._operator_key, OPERATOR_AUDIENCE, "operator")
        if not claims["iat"] - LEEWAY_SECONDS <= now / 1000 < claims["exp"]:
            raise UnauthenticatedError("The operator's token has expired.")
        return str(claims["sub"])

    def refresh(self, session_id: str) -> RefreshToken:
        """A fresh refresh token for a session."""
        body = UUID(session_id).bytes + secrets.token_bytes(_NONCE_BYTES)
        tag = hmac.digest(self._refresh_key, body, "sha256")[:_TAG_BYTES]
        return RefreshToken(session_id, base64.urlsafe_b64encode(body + tag).decode().rstrip("="))

    def read_refresh(self, text: str) -> RefreshToken | None:
        """The token behind `text`, when this server gave it out at any time; None for what somebody made up."""
        try:
            raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        body, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
        genuine = hmac.compare_digest(hmac.digest(self._refresh_key, body, "sha256")[:_TAG_BYTES], tag)
        if not genuine or len(body) != _ID_BYTES + _NONCE_BYTES:
            return None
        # Written anew: base64 has several spellings of the same bytes, and only one has the stored hash.
        return RefreshToken(str(UUID(bytes=body[:_ID_BYTES])), base64.urlsafe_b64encode(raw).decode().rstrip("="))

    def csrf(self, session_id: str) -> str:
        """The value that the page must send back with unsafe methods; bound to the session, so that no other one's passes."""
        return base64.urlsafe_b64encode(hmac.digest(self._csrf_key, session_id.encode(), "sha256")).decode().rstrip("=")

    def csrf_matches(self, session_id: str, value: str | None) -> bool:
        """Whether `value` is the session's, compared in constant time."""
        return value is not None and hmac.compare_digest(
            self.csrf(session_id).encode(), value.encode("utf-8", "replace")
        )


def mint_operator_token(secret: bytes, user_id: str, now: int) -> str:
    """A token with which the local operator (who can read the data folder's secret) acts as `user_id` for five minutes.

    The server takes it from this machine alone. `now` in milliseconds.
    """
    claims = _claims(user_id, OPERATOR_AUDIENCE, "operator", now, OPERATOR_SECONDS)
    return OPERATOR_PREFIX + _encode(claims, derive_key(secret, "operator-token"))


def warm_up() -> None:
    """Import what the first token needs, once the server listens: a start does not wait for it, and nor does who comes first."""
    import jwt  # noqa: F401 - it brings cryptography: 40 ms


def _claims(user_id: str, audience: str, kind: str, now: int, seconds: int) -> dict[str, Any]:
    issued = now // 1000
    return {"iss": ISSUER, "aud": audience, "sub": user_id, "typ": kind, "iat": issued, "exp": issued + seconds}


def _encode(claims: dict[str, Any], key: bytes) -> str:
    import jwt  # see `warm_up`

    return jwt.encode(claims, key, algorithm=ALGORITHM)


def _decode(token: str, key: bytes, audience: str, kind: str) -> dict[str, Any]:
    if len(token) > MAX_CHARACTERS:
        raise UnauthenticatedError("The token is not one of this server.")
    import jwt

    try:
        # Times are compared by the callers, with the server's clock: a token that is remembered is compared again on every use.
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=audience,
            issuer=ISSUER,
            options={
                "require": ["iss", "aud", "sub", "iat", "exp"],
                "strict_aud": True,
                "verify_exp": False,
                "verify_iat": False,
            },
        )
    except (jwt.PyJWTError, ValueError) as error:
        raise UnauthenticatedError("The token is not one of this server.") from error
    if claims.get("typ") != kind or type(claims["iat"]) is not int or type(claims["exp"]) is not int:
        raise UnauthenticatedError("The token is not one of this server.")
    return claims
