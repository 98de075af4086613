"""What is believed of a user pool's token, and what is not."""

import asyncio
import base64
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mdreader.adapters.cognito_tokens import FRESH_SECONDS, PAUSE_SECONDS, CognitoTokens, PublishedKeys
from mdreader.kernel.errors import UnauthenticatedError, UnavailableError
from support.clock import FakeTime
from support.keys import Publisher, private_key, publisher

ISSUER = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example"
CLIENT = "7client"
NOW = 1_795_000_000
ACCESS = {
    "iss": ISSUER,
    "sub": "1234",
    "client_id": CLIENT,
    "token_use": "access",
    "iat": NOW,
    "auth_time": NOW - 60,
    "exp": NOW + 3600,
    "scope": "aws.cognito.signin.user.admin",
}
ID = {
    "iss": ISSUER,
    "sub": "1234",
    "aud": CLIENT,
    "token_use": "id",
    "iat": NOW,
    "auth_time": NOW - 60,
    "exp": NOW + 3600,
    "email": "Ada@Example.org",
    "email_verified": True,
    "name": "Ada",
    "nonce": "n",
}


@pytest.fixture
def keys() -> Iterator[Publisher]:
    with publisher() as made:
        made.publish(first=private_key("first"), second=private_key("second"))
        yield made


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def tokens(keys: Publisher, time: FakeTime) -> CognitoTokens:
    return CognitoTokens(issuer=ISSUER, client_id=CLIENT, keys=PublishedKeys(keys.url, now=time))


def signed(claims: dict[str, Any], *, key: str = "first", kid: str | None = None) -> str:
    return jwt.encode(claims, private_key(key), algorithm="RS256", headers={"kid": kid or key})


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


async def test_a_genuine_access_token(tokens: CognitoTokens) -> None:
    claims = await tokens.verify(signed(ACCESS), "access", NOW * 1000)
    assert (claims.subject, claims.issued_at, claims.signed_in_at) == ("1234", NOW, NOW - 60)
    assert claims.profile is None


async def test_a_genuine_identity_token(tokens: CognitoTokens) -> None:
    claims = await tokens.verify(signed(ID, key="second"), "id", NOW * 1000)
    assert claims.profile is not None
    assert (claims.profile.email, claims.profile.email_verified, claims.nonce) == ("ada@example.org", True, "n")


@pytest.mark.parametrize("value", [False, "false", None, 0, "True", [], "yes"])
async def test_an_address_is_verified_only_when_it_says_so(tokens: CognitoTokens, value: object) -> None:
    claims = await tokens.verify(signed(ID | {"email_verified": value}), "id", NOW * 1000)
    assert claims.profile is not None
    assert not claims.profile.email_verified


def alg_none() -> str:
    return f"{encoded({'alg': 'none', 'kid': 'first'})}.{encoded(ACCESS)}."


def alg_none_with_a_signature() -> str:
    return f"{encoded({'alg': 'none', 'kid': 'first'})}.{encoded(ACCESS)}.{signed(ACCESS).rpartition('.')[2]}"


def hs256_with_the_public_key() -> str:
    public = private_key("first").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = f"{encoded({'alg': 'HS256', 'kid': 'first'})}.{encoded(ACCESS)}"
    return f"{head}.{base64.urlsafe_b64encode(hmac.digest(public, head.encode(), 'sha256')).decode().rstrip('=')}"


def hs256_that_calls_itself_rs256() -> str:
    public = private_key("first").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = f"{encoded({'alg': 'RS256', 'kid': 'first'})}.{encoded(ACCESS)}"
    return f"{head}.{base64.urlsafe_b64encode(hmac.digest(public, head.encode(), 'sha256')).decode().rstrip('=')}"


def another_rsa_algorithm() -> str:
    return jwt.encode(ACCESS, private_key("first"), algorithm="RS512", headers={"kid": "first"})


def key_in_the_header() -> str:
    stranger = private_key("stranger")
    own = Publisher.public("first", stranger)
    return jwt.encode(ACCESS, stranger, algorithm="RS256", headers={"kid": "first", "jwk": own})


def altered() -> str:
    head, _, signature = signed(ACCESS).split(".")
    return f"{head}.{encoded(ACCESS | {'sub': 'somebody else'})}.{signature}"


FORGED: dict[str, Callable[[], str]] = {
    "alg none": alg_none,
    "alg none with a signature": alg_none_with_a_signature,
    "HS256 with the public key": hs256_with_the_public_key,
    "HS256 that calls itself RS256": hs256_that_calls_itself_rs256,
    "RS512": another_rsa_algorithm,
    "the key in the header": key_in_the_header,
    "altered": altered,
    "signed by a stranger under a known id": lambda: signed(ACCESS, key="stranger", kid="first"),
    "signed by a stranger": lambda: signed(ACCESS, key="stranger", kid="stranger"),
    "another key's id": lambda: signed(ACCESS, key="first", kid="second"),
    "no key id": lambda: jwt.encode(ACCESS, private_key("first"), algorithm="RS256"),
    "a key id that is a list": lambda: (
        f"{encoded({'alg': 'RS256', 'kid': ['first']})}.{signed(ACCESS).partition('.')[2]}"
    ),
    "two tokens": lambda: signed(ACCESS) + "." + signed(ACCESS),
    "cut off": lambda: signed(ACCESS)[:-6],
    "nothing": lambda: "",
    "letters": lambda: "a.b.c",
    "not ASCII": lambda: "\u00e9.\u00e9.\u00e9",
    "very long": lambda: "x" * 100_000,
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
async def test_a_forged_token_is_refused(tokens: CognitoTokens, forge: Callable[[], str]) -> None:
    with pytest.raises(UnauthenticatedError):
        await tokens.verify(forge(), "access", NOW * 1000)


@pytest.mark.parametrize(
    "change",
    [
        {"token_use": "id"},
        {"token_use": "refresh"},
        {"client_id": "another client of the pool"},
        {"client_id": [CLIENT]},
        {"iss": ISSUER + "2"},
        {"iss": "https://cognito-idp.eu-central-1.amazonaws.com"},
        {"iss": ISSUER + "/"},
        {"exp": NOW - 60},
        {"exp": str(NOW + 3600)},
        {"exp": NOW + 3600.5},
        {"iat": NOW + 3600, "exp": NOW + 7200},
        {"auth_time": "yesterday"},
        {"sub": ""},
        {"sub": 1234},
    ],
    ids=str,
)
async def test_an_access_token_for_something_else_is_refused(tokens: CognitoTokens, change: dict[str, Any]) -> None:
    with pytest.raises(UnauthenticatedError):
        await tokens.verify(signed(ACCESS | change), "access", NOW * 1000)


@pytest.mark.parametrize("name", ["iss", "sub", "client_id", "token_use", "iat", "exp", "auth_time"])
async def test_an_access_token_that_lacks_a_word_is_refused(tokens: CognitoTokens, name: str) -> None:
    with pytest.raises(UnauthenticatedError):
        await tokens.verify(signed({key: value for key, value in ACCESS.items() if key != name}), "access", NOW * 1000)


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"aud": None},
        {"token_use": "access"},
        {"exp": NOW - 60},
        {"iss": "x"},
    ],
    ids=str,
)
async def test_an_identity_token_for_something_else_is_refused(tokens: CognitoTokens, change: dict[str, Any]) -> None:
    with pytest.raises(UnauthenticatedError):
        await tokens.verify(signed(ID | change), "id", NOW * 1000)


async def test_one_kind_does_not_pass_for_the_other(tokens: CognitoTokens) -> None:
    with pytest.raises(UnauthenticatedError):
        await tokens.verify(signed(ID), "access", NOW * 1000)
    with pytest.raises(UnauthenticatedError):
        await tokens.verify(signed(ACCESS), "id", NOW * 1000)
    with pytest.raises(UnauthenticatedError):  # not even when it has both names of its client
        await tokens.verify(signed(ID | {"client_id": CLIENT}), "access", NOW * 1000)


async def test_keys_are_read_once_for_many(tokens: CognitoTokens, keys: Publisher) -> None:
    await asyncio.gather(*(tokens.verify(signed(ACCESS), "access", NOW * 1000) for _ in range(20)))
    assert keys.asked == 1


async def test_a_new_key_is_found(tokens: CognitoTokens, keys: Publisher, time: FakeTime) -> None:
    await tokens.verify(signed(ACCESS), "access", NOW * 1000)
    keys.publish(third=private_key("third"), first=private_key("first"))
    time.now += PAUSE_SECONDS
    await tokens.verify(signed(ACCESS, key="third"), "access", NOW * 1000)
    assert keys.asked == 2


async def test_a_withdrawn_key_is_forgotten(tokens: CognitoTokens, keys: Publisher, time: FakeTime) -> None:
    await tokens.verify(signed(ACCESS), "access", NOW * 1000)
    keys.publish(second=private_key("second"))
    time.now += FRESH_SECONDS + 1
    with pytest.raises(UnauthenticatedError):
        await tokens.verify(signed(ACCESS), "access", NOW * 1000)


async def test_a_flood_of_made_up_keys_asks_once_a_pause(
    tokens: CognitoTokens, keys: Publisher, time: FakeTime
) -> None:
    await tokens.verify(signed(ACCESS), "access", NOW * 1000)
    time.now += PAUSE_SECONDS

    async def refused(number: int) -> None:
        with pytest.raises(UnauthenticatedError):
            await tokens.verify(signed(ACCESS, key="stranger", kid=f"made-up-{number}"), "access", NOW * 1000)

    for _ in range(10):
        await asyncio.gather(*(refused(number) for number in range(20)))
    assert keys.asked == 2
    await tokens.verify(signed(ACCESS), "access", NOW * 1000)


async def test_a_publisher_that_is_down_leaves_the_known_keys(
    tokens: CognitoTokens, keys: Publisher, time: FakeTime
) -> None:
    await tokens.verify(signed(ACCESS), "access", NOW * 1000)
    keys.down = True
    time.now += FRESH_SECONDS + 1
    await tokens.verify(signed(ACCESS), "access", NOW * 1000)
    assert keys.asked == 2


async def test_without_any_key_the_server_says_so_and_tries_again_soon(
    tokens: CognitoTokens, keys: Publisher, time: FakeTime
) -> None:
    keys.down = True
    with pytest.raises(UnavailableError):
        await tokens.verify(signed(ACCESS), "access", NOW * 1000)
    keys.down = False
    time.now += 1
    await tokens.verify(signed(ACCESS), "access", NOW * 1000)


@pytest.mark.parametrize(
    "document", [{"keys": []}, [], {"keys": [{"kty": "oct", "k": "AAAA", "kid": "first", "alg": "HS256"}]}, "text"]
)
async def test_a_document_without_a_usable_key_brings_none(
    tokens: CognitoTokens, keys: Publisher, document: object
) -> None:
    keys.document = document
    with pytest.raises(UnavailableError):
        await tokens.verify(signed(ACCESS), "access", NOW * 1000)
