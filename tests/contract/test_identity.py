"""What every way of keeping accounts does, over HTTP and behind `ports.identity`: accounts of our own, and a user pool."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
import jwt
import pytest
from fastapi import FastAPI

from mdreader.features.accounts.second_factor.totp import STEP_SECONDS
from mdreader.kernel.actor import Actor
from mdreader.kernel.clock import SystemClock
from mdreader.kernel.errors import UnauthenticatedError
from mdreader.main import create_app
from mdreader.settings import Settings
from support.cognito import PASSWORD, UserPool, local_pool
from support.http import connect
from support.mailbox import newest_mail
from support.one_time import app_code

EMAIL = "ada@example.org"
OTHER_PASSWORD = "Another-horse-2"


@dataclass
class House:
    """A server, who asks it, and what people have at hand: the code that was mailed to an address last, and what their app shows."""

    app: FastAPI
    client: httpx.AsyncClient
    code: Callable[[str, str], Awaitable[str]]
    shown: Callable[[str], str]

    async def post(self, path: str, expected: int = 200, *, bearer: str | None = None, **body: Any) -> dict[str, Any]:
        """What is answered, which must have the status `expected`."""
        return await self.send("POST", path, expected, bearer=bearer, **body)

    async def send(
        self, method: str, path: str, expected: int, *, bearer: str | None = None, **body: Any
    ) -> dict[str, Any]:
        headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
        answer = await self.client.request(method, f"/api{path}", json=body or None, headers=headers)
        assert answer.status_code == expected, answer.text
        return dict(answer.json()) if answer.content else {}

    async def sign_up(self, email: str = EMAIL) -> dict[str, Any]:
        """The session of somebody new, whose address is confirmed."""
        step = await self.post("/auth/signup", 202, email=email, password=PASSWORD, name="Ada")
        code = await self.code(email, "sign_in_code")
        return await self.post("/auth/mfa", mfa_token=step["mfa_token"], code=code)

    async def log_in(self, expected: int = 200, *, email: str = EMAIL, password: str = PASSWORD) -> dict[str, Any]:
        return await self.post("/auth/login", expected, email=email, password=password)

    async def who(self, token: str) -> Actor | None:
        """Whom the port takes the holder of a token for."""
        try:
            actor: Actor = await self.app.state.runtime.identity.authenticate(token, peer="127.0.0.1")
        except UnauthenticatedError:
            return None
        return actor


@pytest.fixture
def dialect() -> str:
    return "sqlite"  # tests/http has each of them on both


@pytest.fixture(params=["embedded", "cognito"])
async def house(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    pool: UserPool | None = None
    changed = settings.model_copy(update={"email_verification": "required"})
    if request.param == "cognito":
        request.getfixturevalue("aws_credentials")
        pool = local_pool(request.getfixturevalue("cognito"))
        there = {
            "identity": "cognito",
            "aws_endpoint_url": pool.endpoint,
            "cognito_user_pool_id": pool.pool_id,
            "cognito_client_id": pool.client_id,
            "cognito_issuer": pool.issuer,
        }
        changed = settings.model_copy(update=there)
    app = create_app(changed)

    async def code(email: str, template: str) -> str:
        return (await newest_mail(app, email, template)).code if pool is None else pool.code_for(email)

    async with app.router.lifespan_context(app), connect(app) as client:
        yield House(app, client, code, _app_of_a_pool if pool else _app_in_time(app, monkeypatch))


def _app_of_a_pool(secret: str) -> str:
    return app_code(secret, SystemClock().now())


def _app_in_time(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """With us a code works once, so time passes from one to the next."""
    clock, steps, system = app.state.runtime.clock, count(1), SystemClock()

    def shown(secret: str) -> str:
        later = next(steps) * STEP_SECONDS * 1000
        monkeypatch.setattr(clock, "now", lambda: system.now() + later)
        return app_code(secret, clock.now())

    return shown


async def test_whoever_signs_up_shows_the_address_before_there_is_a_session(house: House) -> None:
    step = await house.post("/auth/signup", 202, email=EMAIL, password=PASSWORD, name="Ada")
    assert (step["mfa_required"], step["methods"]) == (True, ["email_code"])
    code = await house.code(EMAIL, "sign_in_code")
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    refused = await house.post("/auth/mfa", 403, mfa_token=step["mfa_token"], code=wrong)
    assert refused["code"] == "invalid_code"
    session = await house.post("/auth/mfa", mfa_token=step["mfa_token"], code=code)
    assert set(session) == {"user", "access_token", "refresh_token", "token_type", "expires_in"}
    me = await house.send("GET", "/me", 200, bearer=session["access_token"])
    assert (me["id"], me["email"], me["name"]) == (session["user"]["id"], EMAIL, "Ada")
    actor = await house.who(session["access_token"])
    assert actor is not None
    assert (actor.user_id, actor.email) == (me["id"], EMAIL)
    again = await house.post("/auth/mfa", 403, mfa_token=step["mfa_token"], code=code)
    assert again["code"] == "mfa_expired"


async def test_an_address_that_is_taken_is_answered_like_one_that_is_not(house: House) -> None:
    free = await house.post("/auth/signup", 202, email="bob@example.org", password=OTHER_PASSWORD, name="Mallory")
    await house.sign_up()
    taken = await house.post("/auth/signup", 202, email=EMAIL, password=OTHER_PASSWORD, name="Mallory")
    assert {**free, "mfa_token": ""} == {**taken, "mfa_token": ""}
    assert len(free["mfa_token"]) == len(taken["mfa_token"])
    await house.log_in(401, password=OTHER_PASSWORD)


async def test_a_wrong_password_and_an_unknown_address_are_answered_alike(house: House) -> None:
    await house.sign_up()
    wrong = await house.log_in(401, password=OTHER_PASSWORD)
    unknown = await house.log_in(401, email="nobody@example.org")
    assert wrong == unknown
    assert wrong["code"] == "invalid_credentials"
    assert (await house.log_in(email=EMAIL.upper()))["user"]["email"] == EMAIL


async def test_ten_guesses_close_an_account_for_a_while(house: House) -> None:
    await house.sign_up()
    for _ in range(10):
        await house.log_in(401, password=OTHER_PASSWORD)
    assert (await house.log_in(429))["code"] == "too_many_requests"


async def test_a_refresh_token_works_once_and_a_copy_of_it_ends_the_session(house: House) -> None:
    first = await house.sign_up()
    second = await house.post("/auth/refresh", refresh_token=first["refresh_token"])
    assert await house.who(second["access_token"]) is not None
    await house.post("/auth/refresh", 401, refresh_token=first["refresh_token"])
    assert await house.who(second["access_token"]) is None
    await house.post("/auth/refresh", 401, refresh_token=second["refresh_token"])


async def test_a_log_out_ends_one_session_and_signing_out_everywhere_all(house: House) -> None:
    first, second = await house.sign_up(), await house.log_in()
    await house.post("/auth/logout", 204, bearer=first["access_token"])
    assert await house.who(first["access_token"]) is None
    assert await house.who(second["access_token"]) is not None
    third = await house.log_in()
    answer = await house.client.delete("/api/me/sessions", headers={"Authorization": f"Bearer {third['access_token']}"})
    assert answer.status_code == 204, answer.text
    assert [await house.who(one["access_token"]) for one in (second, third)] == [None, None]
    for one in (second, third):
        await house.post("/auth/refresh", 401, refresh_token=one["refresh_token"])


async def test_a_password_is_changed_by_whoever_shows_the_one_from_before(house: House) -> None:
    here, elsewhere = await house.sign_up(), await house.log_in()
    token = here["access_token"]
    body = {"current_password": OTHER_PASSWORD, "new_password": "Third-horse-3"}
    assert (await house.post("/auth/password", 403, bearer=token, **body))["code"] == "wrong_password"
    body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    await house.post("/auth/password", 204, bearer=token, **body)
    assert await house.who(token) is not None
    assert await house.who(elsewhere["access_token"]) is None
    await house.log_in(401)
    await house.log_in(password=OTHER_PASSWORD)


async def test_a_forgotten_password_is_replaced_by_a_code_that_works_once(house: House) -> None:
    session = await house.sign_up()
    unknown = await house.post("/auth/password/forgot", 202, email="nobody@example.org")
    assert await house.post("/auth/password/forgot", 202, email=EMAIL) == unknown
    code = await house.code(EMAIL, "password_reset")
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    reset = {"email": EMAIL, "password": OTHER_PASSWORD}
    assert (await house.post("/auth/password/reset", 403, code=wrong, **reset))["code"] == "invalid_code"
    await house.post("/auth/password/reset", 204, code=code, **reset)
    assert await house.who(session["access_token"]) is None
    await house.log_in(401)
    await house.log_in(password=OTHER_PASSWORD)
    await house.post("/auth/password/reset", 403, email=EMAIL, code=code, password="Third-horse-3")
    await house.log_in(password=OTHER_PASSWORD)


async def test_an_app_is_asked_for_from_its_first_code_to_its_removal(house: House) -> None:
    token = (await house.sign_up())["access_token"]
    secret = (await house.post("/me/totp", bearer=token))["secret"]
    assert "access_token" in await house.log_in()  # begun is not set up
    assert (await house.post("/me/totp/confirm", 403, bearer=token, code="000000"))["code"] == "invalid_code"
    await house.post("/me/totp/confirm", bearer=token, code=house.shown(secret))
    step = await house.log_in()
    assert step["mfa_required"]
    assert "totp" in step["methods"]
    assert (await house.post("/auth/mfa", 403, mfa_token=step["mfa_token"], code="000000"))["code"] == "invalid_code"
    assert "access_token" in await house.post("/auth/mfa", mfa_token=step["mfa_token"], code=house.shown(secret))
    assert (await house.post("/me/totp", 409, bearer=token))["code"] == "totp_enabled"
    removal = {"bearer": token, "password": PASSWORD}
    assert (await house.send("DELETE", "/me/totp", 403, code="000000", **removal))["code"] == "invalid_code"
    await house.send("DELETE", "/me/totp", 204, code=house.shown(secret), **removal)
    assert "access_token" in await house.log_in()


async def test_a_mailed_link_signs_in_once(house: House) -> None:
    """Ours in both: the pool has no such thing."""
    await house.sign_up()
    await house.post("/auth/magic-link", 202, email=EMAIL)
    link = (await newest_mail(house.app, EMAIL, "magic_link")).token
    session = await house.post("/auth/magic-link/confirm", token=link)
    assert (await house.who(session["access_token"])) is not None
    assert (await house.post("/auth/magic-link/confirm", 403, token=link))["code"] == "invalid_link"


async def test_a_key_holds_until_it_is_revoked(house: House) -> None:
    token = (await house.sign_up())["access_token"]
    made = await house.post("/keys", 201, bearer=token, name="ci", scope="read")
    actor = await house.who(made["key"])
    assert actor is not None
    assert (actor.email, actor.scope) == (EMAIL, "read")
    await house.send("DELETE", f"/keys/{made['id']}", 204, bearer=token)
    assert await house.who(made["key"]) is None


async def test_what_nobody_here_signed_is_nobody(house: House) -> None:
    token = (await house.sign_up())["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    forged = [jwt.encode(claims, "k" * 32, algorithm="HS256"), jwt.encode(claims, "", algorithm="none")]
    for credential in ("", "nonsense", "a.b.c", "mdr_nonsense", token[:-2], token + "x", *forged):
        assert await house.who(credential) is None, credential
    assert await house.who(token) is not None
