"""Tokens of a Cognito user pool: checked against its published keys, which rotate."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import httpx
import jwt
import structlog

from mdreader.kernel.errors import UnauthenticatedError, UnavailableError
from mdreader.kernel.tls import system_tls
from mdreader.ports.directory import Claims, Profile

log = structlog.get_logger(__name__)

ALGORITHM: Final = "RS256"  # the only one that a pool signs with; the token's own word for it is never believed
LEEWAY_SECONDS: Final = 5
# Keys are asked for again after an hour, so that one that was withdrawn is forgotten.
FRESH_SECONDS: Final = 3600.0
# And at once for a key that is not known: it may be new. Anybody can make up such tokens, hence the pause.
PAUSE_SECONDS: Final = 30.0
FETCH_SECONDS: Final = 5.0
MAX_CHARACTERS: Final = 16_384
_MAX_KEYS: Final = 32

_STRANGE: Final = "The token is not one of this server's user pool."


class PublishedKeys:
    """The pool's public keys by id, as its JWKS document names them."""

    def __init__(self, url: str, *, now: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._now = now
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._tried_at = float("-inf")
        self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def get(self, key_id: str) -> jwt.PyJWK | None:
        """The key, asked for if it may be new. Raises `UnavailableError` when no keys could be had at all."""
        if key_id not in self._keys or self._now() - self._fetched_at > FRESH_SECONDS:
            async with self._fetching:
                await self._renew(key_id)
        if not self._keys:
            raise UnavailableError("The user pool's keys cannot be read. Try again in a moment.")
        return self._keys.get(key_id)

    async def _renew(self, key_id: str) -> None:
        now = self._now()
        fresh = key_id in self._keys and now - self._fetched_at <= FRESH_SECONDS
        if fresh or now - self._tried_at < PAUSE_SECONDS:
            return
        self._tried_at = now
        try:
            async with httpx.AsyncClient(timeout=FETCH_SECONDS, follow_redirects=False, verify=system_tls()) as client:
                answer = await client.get(self._url)
                answer.raise_for_status()
            self._keys = _read_keys(answer.content)
            self._fetched_at = now
        except (httpx.HTTPError, jwt.PyJWTError, ValueError) as error:
            # The old ones stay: that the document cannot be read says nothing against them.
            log.warning("user_pool_keys_unreadable", url=self._url, reason=f"{type(error).__name__}: {error}")
            if not self._keys:
                self._tried_at = now - PAUSE_SECONDS + 1  # without any, nobody can come in: try again soon


def _read_keys(document: bytes) -> dict[str, jwt.PyJWK]:
    parsed = json.loads(document)
    keys = parsed.get("keys") if isinstance(parsed, dict) else None
    usable = [
        key
        for key in (keys[:_MAX_KEYS] if isinstance(keys, list) else ())
        if isinstance(key, dict)
        and key.get("kty") == "RSA"
        and key.get("use", "sig") == "sig"
        and key.get("alg", ALGORITHM) == ALGORITHM
        and "kid" in key
    ]
    found = {str(key["kid"]): jwt.PyJWK(key, algorithm=ALGORITHM) for key in usable}
    if not found:
        raise ValueError("no RSA key for signatures in it")
    return found


class CognitoTokens:
    """Verifies tokens of one pool for one client."""

    def __init__(self, *, issuer: str, client_id: str, keys: PublishedKeys) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._keys = keys

    async def verify(self, token: str, use: Literal["access", "id"], now: int) -> Claims:
        """See `ports.directory.TokenVerifier`."""
        key_id = _key_id(token)
        key = await self._keys.get(key_id)
        if key is None:
            raise UnauthenticatedError(_STRANGE)
        try:
            # An identity token is for its `aud`; an access token has none and names its `client_id`. Times are ours to compare.
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                audience=self._client_id if use == "id" else None,
                options={
                    "require": ["iss", "sub", "iat", "exp", "token_use", *(["auth_time"] if use == "access" else [])],
                    "verify_aud": use == "id",
                    "strict_aud": use == "id",
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise UnauthenticatedError(_STRANGE) from error
        if claims["token_use"] != use or (use == "access" and claims.get("client_id") != self._client_id):
            raise UnauthenticatedError(_STRANGE)
        return _claims(claims, use, now)


def _key_id(token: str) -> str:
    if len(token) > MAX_CHARACTERS:
        raise UnauthenticatedError(_STRANGE)
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError) as error:
        raise UnauthenticatedError(_STRANGE) from error
    key_id = header.get("kid")
    if header.get("alg") != ALGORITHM or not isinstance(key_id, str):
        raise UnauthenticatedError(_STRANGE)
    return key_id


def _claims(claims: Mapping[str, Any], use: Literal["access", "id"], now: int) -> Claims:
    subject, issued, expires = claims["sub"], claims["iat"], claims["exp"]
    signed_in = claims.get("auth_time", issued)
    if not (isinstance(subject, str) and subject and all(type(at) is int for at in (issued, expires, signed_in))):
        raise UnauthenticatedError(_STRANGE)
    if not issued - LEEWAY_SECONDS <= now / 1000 < expires + LEEWAY_SECONDS:
        raise UnauthenticatedError("The token has expired.")
    family = claims.get("origin_jti")
    return Claims(
        subject=subject,
        family=family if isinstance(family, str) else str(signed_in),
        issued_at=issued,
        signed_in_at=signed_in,
        expires_at=expires,
        nonce=claims.get("nonce") if isinstance(claims.get("nonce"), str) else None,
        profile=profile_of(claims) if use == "id" else None,
    )


def profile_of(attributes: Mapping[str, Any]) -> Profile:
    """A person by their attributes or claims. Federated ones have "true" where the pool's own have true."""
    email, verified = str(attributes.get("email") or "").strip().lower(), attributes.get("email_verified")
    return Profile(
        subject=str(attributes["sub"]),
        email=email,
        email_verified=verified is True or verified == "true",
        name=str(attributes.get("name") or "").strip() or email.partition("@")[0],
    )
