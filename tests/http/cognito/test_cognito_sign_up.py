"""Signing up and logging in with a user pool behind."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from mdreader.adapters.aws import Aws
from mdreader.features.accounts import limits
from mdreader.ports.rate_limits import Limit
from support.accounts import bearer
from support.aws import REGION
from support.cognito import PASSWORD, UserPool
from support.cognito_people import EMAIL, OTHER_PASSWORD, codes_in_mailbox, directory_login, log_in, post, settled_there
from support.http import connect
from support.mailbox import mails_to


async def test_sign_up_with_the_code_that_the_pool_mails(page: httpx.AsyncClient, pool: UserPool) -> None:
    options = (await page.get("/api/auth/options")).json()
    assert (options["email_verification"], options["providers"]) == ("required", [])
    body = {"email": EMAIL, "password": PASSWORD, "name": "Ada Lovelace"}
    step = await post(page, "/auth/signup?session=cookie", 202, **body)
    assert step["methods"] == ["email_code"]
    assert "mdreader_access" not in page.cookies
    code = pool.code_for(EMAIL)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    refused = await post(page, "/auth/mfa?session=cookie", 403, mfa_token=step["mfa_token"], code=wrong)
    assert refused["code"] == "invalid_code"
    session = await post(page, "/auth/mfa?session=cookie", mfa_token=step["mfa_token"], code=f"{code[:3]} {code[3:]}")
    assert (session["user"]["email"], session["user"]["name"]) == (EMAIL, "Ada Lovelace")
    me = (await page.get("/api/me")).json()
    assert me["email"] == EMAIL
    again = await post(page, "/auth/mfa", 403, mfa_token=step["mfa_token"], code=code)
    assert again["code"] == "mfa_expired"


async def test_an_address_that_is_taken_is_answered_the_same(page: httpx.AsyncClient, pool: UserPool) -> None:
    pool.add(EMAIL)
    step = await post(page, "/auth/signup", 202, email=EMAIL, password=OTHER_PASSWORD, name="Mallory")
    assert step["methods"] == ["email_code"]
    refused = await post(page, "/auth/mfa", 403, mfa_token=step["mfa_token"], code="123456")
    assert refused["code"] == "invalid_code"


async def test_who_signs_up_again_before_the_code_came_gets_another(
    page: httpx.AsyncClient, pool: UserPool, app: FastAPI
) -> None:
    await post(page, "/auth/signup", 202, email=EMAIL, password=PASSWORD, name="Ada")
    pool.code_for(EMAIL)
    step = await post(page, "/auth/signup", 202, email=EMAIL, password=PASSWORD, name="Ada")
    (code,) = await codes_in_mailbox(app, pool)
    await post(page, "/auth/mfa/resend", 202, mfa_token=step["mfa_token"])
    newer = (await codes_in_mailbox(app, pool))[-1]
    if code != newer:
        await post(page, "/auth/mfa?session=cookie", 403, mfa_token=step["mfa_token"], code=code)
    await post(page, "/auth/mfa?session=cookie", mfa_token=step["mfa_token"], code=newer)


async def test_the_owner_of_a_taken_address_hears_of_it(page: httpx.AsyncClient, pool: UserPool, app: FastAPI) -> None:
    pool.add(EMAIL)
    await post(page, "/auth/signup", 202, email=EMAIL, password=OTHER_PASSWORD, name="Mallory")
    assert await codes_in_mailbox(app, pool) == []
    assert [mail.template for mail in await mails_to(app, EMAIL)] == ["email_taken"]


async def owner_signs_up(page: httpx.AsyncClient) -> str:
    step = await post(page, "/auth/signup", 202, email=EMAIL, password=OTHER_PASSWORD, name="Ada")
    return str(step["mfa_token"])


async def owner_logs_in(page: httpx.AsyncClient) -> str:
    return str((await log_in(page, password=OTHER_PASSWORD))["mfa_token"])


async def tries(page: httpx.AsyncClient, token: str, code: str) -> bool:
    answer = await page.post("/api/auth/mfa?session=cookie", json={"mfa_token": token, "code": code})
    return answer.status_code == 200


@pytest.mark.parametrize("come", [owner_signs_up, owner_logs_in])
async def test_a_code_confirms_no_password_of_somebody_else(
    page: httpx.AsyncClient,
    pool: UserPool,
    app: FastAPI,
    come: Callable[[httpx.AsyncClient], Coroutine[Any, Any, str]],
) -> None:
    """Somebody signs up with another's address and waits until its owner confirms that; the owner tries every code that came."""
    async with connect(app) as stranger:
        theirs = await post(stranger, "/auth/signup", 202, email=EMAIL, password=PASSWORD, name="Mallory")
        token = await come(page)
        let_in = [await tries(page, token, code) for code in await codes_in_mailbox(app, pool)]
        await post(stranger, "/auth/login", 401, email=EMAIL, password=PASSWORD)
        for code in await codes_in_mailbox(app, pool):
            await post(stranger, "/auth/mfa", 403, mfa_token=theirs["mfa_token"], code=code)
        assert any(let_in)
        assert (await page.get("/api/me")).json()["email"] == EMAIL
        assert "access_token" in await post(stranger, "/auth/login", email=EMAIL, password=OTHER_PASSWORD)
    answer = pool.client.admin_get_user(UserPoolId=pool.pool_id, Username=EMAIL)
    said = {item["Name"]: item["Value"] for item in answer["UserAttributes"]}
    assert said["email_verified"] == "true"
    assert (come is owner_logs_in) == (
        said["name"] == "Mallory"
    )  # the name is the one of the sign-up that was confirmed


async def test_a_sign_up_that_was_confirmed_meanwhile_is_not_taken_over(
    page: httpx.AsyncClient, pool: UserPool, app: FastAPI
) -> None:
    async with connect(app) as other:
        first = await post(other, "/auth/signup", 202, email=EMAIL, password=PASSWORD, name="Ada")
        (sent,) = await codes_in_mailbox(app, pool)
        token = await owner_signs_up(page)
        (code,) = await codes_in_mailbox(app, pool)
        await post(other, "/auth/mfa", mfa_token=first["mfa_token"], code=sent)
        refused = await post(page, "/auth/mfa?session=cookie", 403, mfa_token=token, code=code)
        assert refused["code"] == "mfa_expired"
        await post(other, "/auth/login", email=EMAIL, password=PASSWORD)


async def test_a_first_time_that_comes_several_times_at_once(app: FastAPI, pool: UserPool) -> None:
    pool.add(EMAIL)
    tokens = [directory_login(pool)["AccessToken"] for _ in range(2)]

    async def by_password() -> Any:
        async with connect(app) as one:
            return (await post(one, "/auth/login", email=EMAIL, password=PASSWORD))["user"]["id"]

    async def by_token(token: str) -> Any:
        async with connect(app, headers=bearer(token)) as one:
            answer = await one.get("/api/me")
            assert answer.status_code == 200, answer.text
            return answer.json()["id"]

    found = await asyncio.gather(*(by_password() for _ in range(4)), *map(by_token, [*tokens, *tokens]))
    assert len(set(found)) == 1


async def test_another_code_of_the_pools_for_its_own_sign_up(
    page: httpx.AsyncClient, pool: UserPool, app: FastAPI
) -> None:
    step = await post(page, "/auth/signup", 202, email=EMAIL, password=PASSWORD, name="Ada")
    pool.code_for(EMAIL)
    await post(page, "/auth/mfa/resend", 202, mfa_token=step["mfa_token"])
    await settled_there(app)
    await post(page, "/auth/mfa?session=cookie", mfa_token=step["mfa_token"], code=pool.code_for(EMAIL))


async def test_codes_are_tried_five_times(page: httpx.AsyncClient, pool: UserPool) -> None:
    step = await post(page, "/auth/signup", 202, email=EMAIL, password=PASSWORD, name="Ada")
    code = pool.code_for(EMAIL)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(5):
        assert (await post(page, "/auth/mfa", 403, mfa_token=step["mfa_token"], code=wrong))["code"] == "invalid_code"
    over = await post(page, "/auth/mfa", 403, mfa_token=step["mfa_token"], code=code)
    assert over["code"] == "mfa_expired"


async def test_who_never_confirmed_is_asked_at_log_in_for_a_new_code(
    page: httpx.AsyncClient, pool: UserPool, app: FastAPI
) -> None:
    await post(page, "/auth/signup", 202, email=EMAIL, password=PASSWORD, name="Ada")
    pool.code_for(EMAIL)
    step = await log_in(page)
    assert step["methods"] == ["email_code"]
    await post(page, "/auth/mfa/resend", 202, mfa_token=step["mfa_token"])
    code = (await codes_in_mailbox(app, pool))[-1]
    await post(page, "/auth/mfa?session=cookie", mfa_token=step["mfa_token"], code=code)
    assert (await page.get("/api/me")).status_code == 200


async def test_log_in_refresh_and_log_out(page: httpx.AsyncClient, pool: UserPool, app: FastAPI) -> None:
    pool.add(EMAIL)
    refused = await log_in(page, 401, password="Wrong-horse-1")
    assert refused["code"] == "invalid_credentials"
    first = (await log_in(page))["user"]["id"]
    assert (await page.post("/api/auth/refresh")).status_code == 200
    assert (await page.post("/api/auth/logout")).status_code == 204
    assert (await page.get("/api/me")).status_code == 401
    await settled_there(app)
    assert (await log_in(page))["user"]["id"] == first  # the same local account


async def test_who_may_no_longer_there_may_no_longer_here(page: httpx.AsyncClient, pool: UserPool) -> None:
    pool.add(EMAIL)
    await log_in(page)
    pool.client.admin_user_global_sign_out(UserPoolId=pool.pool_id, Username=EMAIL)
    answer = await page.post("/api/auth/refresh")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_refresh_token")
    assert (await page.get("/api/me")).status_code == 401


async def test_a_pool_that_is_away_ends_no_session(page: httpx.AsyncClient, pool: UserPool, app: FastAPI) -> None:
    pool.add(EMAIL)
    await log_in(page)
    keeper = app.state.runtime.directory.sessions
    reachable = keeper._client
    keeper._client = Aws(REGION, "http://127.0.0.1:9").client("cognito-idp", retries={"total_max_attempts": 1})
    assert (await page.post("/api/auth/refresh")).status_code == 503
    assert (await page.get("/api/me")).status_code == 200
    keeper._client = reachable
    assert (await page.post("/api/auth/refresh")).status_code == 200


async def test_passwords_for_an_address_that_waits_are_counted_as_guesses(
    page: httpx.AsyncClient, pool: UserPool, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pool asks for the code whatever the password is: that proves nothing, and sends mails."""
    monkeypatch.setattr(limits, "LOGIN_BY_ADDRESS", Limit("login_address", 3, 900))
    await post(page, "/auth/signup", 202, email=EMAIL, password=PASSWORD, name="Ada")
    for number in range(3):
        assert "mfa_token" in await log_in(page, password=f"Wrong-horse-{number}")
    await log_in(page, 429)
