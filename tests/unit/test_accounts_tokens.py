"""Tokens: what is believed, and every way to lie that we know."""

import base64
import json
from typing import Any

import jwt
import pytest

from mdreader.features.accounts.tokens import (
    ACCESS_AUDIENCE,
    ACCESS_SECONDS,
    LEEWAY_SECONDS,
    OPERATOR_SECONDS,
    Tokens,
    derive_key,
    mint_operator_token,
)
from mdreader.kernel.errors import UnauthenticatedError
from mdreader.kernel.ids import new_id

SECRET = bytes(range(32))
NOW = 1_795_000_000_000
USER, SESSION = new_id(), new_id()
KEY = derive_key(SECRET, "access-token")


def claims(**changes: Any) -> dict[str, Any]:
    made = {
        "iss": "mdreader",
        "aud": ACCESS_AUDIENCE,
        "sub": USER,
        "sid": SESSION,
        "typ": "access",
        "iat": NOW // 1000,
        "exp": NOW // 1000 + ACCESS_SECONDS,
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def unsigned(payload: dict[str, Any], header: dict[str, Any]) -> str:
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in (header, payload))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


def test_an_access_token_says_who_and_in_which_session() -> None:
    tokens = Tokens(SECRET)
    token = tokens.access(USER, SESSION, NOW)
    found = tokens.read_access(token, NOW)
    assert (found.user_id, found.session_id) == (USER, SESSION)
    assert jwt.decode(token, options={"verify_signature": False}) == claims()


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(unsigned(claims(), {"alg": "none", "typ": "JWT"}), id="alg none"),
        pytest.param(unsigned(claims(), {"alg": "NONE", "typ": "JWT"}), id="alg NONE"),
        pytest.param(unsigned(claims(), {"alg": "HS256", "typ": "JWT"}), id="no signature"),
        pytest.param(jwt.encode(claims(), b"k" * 32, algorithm="HS256"), id="another key"),
        pytest.param(jwt.encode(claims(), SECRET, algorithm="HS256"), id="the secret itself"),
        pytest.param(jwt.encode(claims(), KEY * 2, algorithm="HS512"), id="another algorithm"),
        pytest.param(
            jwt.encode(claims(), derive_key(SECRET, "operator-token"), algorithm="HS256"), id="operator's key"
        ),
        pytest.param(jwt.encode(claims(typ="refresh"), KEY, algorithm="HS256"), id="wrong typ"),
        pytest.param(jwt.encode(claims(typ="operator"), KEY, algorithm="HS256"), id="operator typ"),
        pytest.param(jwt.encode(claims(typ=None), KEY, algorithm="HS256"), id="no typ"),
        pytest.param(jwt.encode(claims(aud="other"), KEY, algorithm="HS256"), id="wrong audience"),
        pytest.param(jwt.encode(claims(aud=[ACCESS_AUDIENCE, "other"]), KEY, algorithm="HS256"), id="audience list"),
        pytest.param(jwt.encode(claims(aud=None), KEY, algorithm="HS256"), id="no audience"),
        pytest.param(jwt.encode(claims(iss="other"), KEY, algorithm="HS256"), id="wrong issuer"),
        pytest.param(jwt.encode(claims(sub=None), KEY, algorithm="HS256"), id="nobody"),
        pytest.param(jwt.encode(claims(sid=None), KEY, algorithm="HS256"), id="no session"),
        pytest.param(jwt.encode(claims(sid=7), KEY, algorithm="HS256"), id="session is a number"),
        pytest.param(jwt.encode(claims(exp=None), KEY, algorithm="HS256"), id="for ever"),
        pytest.param(jwt.encode(claims(iat=None), KEY, algorithm="HS256"), id="no issue date"),
        pytest.param(jwt.encode(claims(exp=1e300), KEY, algorithm="HS256"), id="float expiry"),
        pytest.param(jwt.encode(claims(exp=True), KEY, algorithm="HS256"), id="boolean expiry"),
        pytest.param(jwt.encode(claims(exp="9999999999"), KEY, algorithm="HS256"), id="text expiry"),
        pytest.param(jwt.encode(claims(iat=NOW // 1000 + 60), KEY, algorithm="HS256"), id="from the future"),
        pytest.param(Tokens(SECRET).refresh(SESSION).text, id="refresh token"),
        pytest.param(mint_operator_token(SECRET, USER, NOW), id="operator token"),
        pytest.param(Tokens(SECRET).access(USER, SESSION, NOW) + "x" * 5000, id="very long"),
        pytest.param("", id="empty"),
        pytest.param("a.b.c", id="not base64"),
        pytest.param("\ud800.\ud800.\ud800", id="surrogates"),
        pytest.param("é.é.é", id="not ASCII"),
    ],
)
def test_what_is_not_an_access_token_of_ours(token: str) -> None:
    with pytest.raises(UnauthenticatedError):
        Tokens(SECRET).read_access(token, NOW)


def test_an_access_token_holds_a_quarter_of_an_hour() -> None:
    tokens = Tokens(SECRET)
    token = tokens.access(USER, SESSION, NOW)
    end = NOW + (ACCESS_SECONDS + LEEWAY_SECONDS) * 1000
    assert tokens.read_access(token, end - 1).user_id == USER
    with pytest.raises(UnauthenticatedError, match="expired"):
        tokens.read_access(token, end)
    with pytest.raises(UnauthenticatedError):
        tokens.read_access(token, NOW - (LEEWAY_SECONDS + 1) * 1000)


def test_every_flipped_character_of_a_signature_counts() -> None:
    tokens = Tokens(SECRET)
    head, payload, signature = tokens.access(USER, SESSION, NOW).split(".")
    for position in range(len(signature) - 1):  # the last one has bits that encode nothing
        wrong = "A" if signature[position] != "A" else "B"
        changed = signature[:position] + wrong + signature[position + 1 :]
        with pytest.raises(UnauthenticatedError):
            tokens.read_access(f"{head}.{payload}.{changed}", NOW)


def test_a_refresh_token_is_recognised_and_always_new() -> None:
    tokens = Tokens(SECRET)
    first, second = tokens.refresh(SESSION), tokens.refresh(SESSION)
    assert first.text != second.text
    assert first.digest != second.digest
    assert tokens.read_refresh(first.text) == first
    assert len(first.digest) == 32


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "!",
        "é",
        "A" * 86,
        base64.urlsafe_b64encode(bytes(64)).decode(),
        Tokens(b"another secret, 32 bytes long...").refresh(SESSION).text,
        Tokens(SECRET).refresh(SESSION).text[:-4],
        Tokens(SECRET).refresh(SESSION).text + "AAAA",
        Tokens(SECRET).access(USER, SESSION, NOW),
    ],
    ids=[
        *(
            "empty",
            "letter",
            "sign",
            "accent",
            "right length",
            "zeros",
            "another secret",
            "short",
            "long",
            "access token",
        )
    ],
)
def test_a_made_up_refresh_token_is_nothing(text: str) -> None:
    assert Tokens(SECRET).read_refresh(text) is None


def test_another_spelling_of_a_refresh_token_is_the_same_token() -> None:
    tokens = Tokens(SECRET)
    token = tokens.refresh(SESSION)
    assert tokens.read_refresh(token.text + "==") == token


def test_an_operators_token_is_short_and_of_one_secret() -> None:
    tokens = Tokens(SECRET)
    token = mint_operator_token(SECRET, USER, NOW)
    assert tokens.read_operator(token, NOW) == USER
    for refused, now in (
        (token, NOW + OPERATOR_SECONDS * 1000),
        (token, NOW - 60_000),
        (mint_operator_token(b"z" * 32, USER, NOW), NOW),
        ("mdo_" + tokens.access(USER, SESSION, NOW), NOW),
        ("mdo_", NOW),
    ):
        with pytest.raises(UnauthenticatedError):
            tokens.read_operator(refused, now)


def test_a_csrf_value_is_one_sessions() -> None:
    tokens = Tokens(SECRET)
    value = tokens.csrf(SESSION)
    assert tokens.csrf_matches(SESSION, value)
    for wrong in (None, "", value[:-1], value + "=", "é", tokens.csrf(new_id()), Tokens(b"z" * 32).csrf(SESSION)):
        assert not tokens.csrf_matches(SESSION, wrong)
