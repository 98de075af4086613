"""Passwords and second factors that a user pool keeps."""

import httpx
import pyotp
import pytest
from botocore.exceptions import ClientError
from fastapi import FastAPI
from sqlalchemy import text

from mdreader.adapters.cognito_pool import CognitoPool
from mdreader.ports.directory import SignedIn
from support.cognito import PASSWORD, UserPool
from support.cognito_people import (
    EMAIL,
    OTHER_PASSWORD,
    delete,
    directory_login,
    log_in,
    post,
    set_up_app,
)
from support.mailbox import mails_to


async def test_a_forgotten_password(page: httpx.AsyncClient, pool: UserPool) -> None:
    pool.add(EMAIL)
    await log_in(page)
    await post(page, "/auth/password/forgot", 202, email="nobody@example.org")
    await post(page, "/auth/password/forgot", 202, email=EMAIL)
    code = pool.code_for(EMAIL)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    refused = await post(page, "/auth/password/reset", 403, email=EMAIL, code=wrong, password=OTHER_PASSWORD)
    assert refused["code"] == "invalid_code"
    await post(page, "/auth/password/reset", 204, email=EMAIL, code=code, password=OTHER_PASSWORD)
    assert (await page.get("/api/me")).status_code == 401  # every session ended
    page.cookies.clear()
    await log_in(page, 401)
    await log_in(page, password=OTHER_PASSWORD)


async def test_codes_of_an_app(page: httpx.AsyncClient, pool: UserPool) -> None:
    pool.add(EMAIL)
    await log_in(page)
    made = await post(page, "/me/totp")
    assert made["uri"].startswith("otpauth://totp/")
    authenticator = pyotp.TOTP(made["secret"])
    assert (await post(page, "/me/totp/confirm", 403, code="000000"))["code"] == "invalid_code"
    assert await post(page, "/me/totp/confirm", code=authenticator.now()) == {"recovery_codes": []}
    page.cookies.clear()
    step = await log_in(page)
    assert step["methods"] == ["totp"]
    assert "mdreader_access" not in page.cookies
    await post(page, "/auth/mfa?session=cookie", 403, mfa_token=step["mfa_token"], code="00000x")
    await post(page, "/auth/mfa?session=cookie", mfa_token=step["mfa_token"], code=authenticator.now())
    refused = await delete(page, "/me/totp", 403, code=authenticator.now())
    assert (refused["code"], refused["has_password"]) == ("reauthentication_required", True)
    await delete(page, "/me/totp", code=authenticator.now(), password=PASSWORD)
    page.cookies.clear()
    assert "user" in await log_in(page)
    gone = await delete(page, "/me/totp", 404, code=authenticator.now(), password=PASSWORD)
    assert gone["code"] == "not_found"


async def test_removing_an_app_takes_the_password_and_a_code_of_the_app_that_is_set_up(
    page: httpx.AsyncClient, pool: UserPool
) -> None:
    """The pool confirms whichever app was begun last: that must not stand for the one that is asked for at log-in."""
    pool.add(EMAIL)
    await log_in(page)
    authenticator = await set_up_app(page)
    for code, password, expected in (
        (authenticator.now(), OTHER_PASSWORD, "wrong_password"),
        ("000000", PASSWORD, "invalid_code"),
    ):
        assert (await delete(page, "/me/totp", 403, code=code, password=password))["code"] == expected
    refused = await delete(page, "/me/totp", 403, recovery_code="abcde-fghij", password=PASSWORD)
    assert refused["code"] == "invalid_code"
    page.cookies.clear()
    assert (await log_in(page))["methods"] == ["totp"]


async def test_guessing_at_the_removal_of_an_app_counts_as_guessing_at_log_in(
    page: httpx.AsyncClient, pool: UserPool
) -> None:
    pool.add(EMAIL)
    await log_in(page)
    for _ in range(10):
        await delete(page, "/me/totp", 403, code="000000", password=OTHER_PASSWORD)
    await delete(page, "/me/totp", 429, code="000000", password=PASSWORD)


async def test_removing_an_app_leaves_no_session_behind_in_the_pool(
    page: httpx.AsyncClient, pool: UserPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    answer = CognitoPool.answer

    async def noted(self: CognitoPool, state: str, code: str) -> SignedIn:
        signed_in = await answer(self, state, code)
        made.append(signed_in.refresh_token or "")
        return signed_in

    pool.add(EMAIL)
    await log_in(page)
    authenticator = await set_up_app(page)
    monkeypatch.setattr(CognitoPool, "answer", noted)
    await delete(page, "/me/totp", code=authenticator.now(), password=PASSWORD)
    [token] = made
    renewal = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": token}}
    with pytest.raises(ClientError, match="NotAuthorized"):
        pool.client.initiate_auth(ClientId=pool.client_id, **renewal)


async def test_whose_address_it_is_by_now_removes_nobody_elses_app(page: httpx.AsyncClient, pool: UserPool) -> None:
    """Here Ada goes by the address that she had; there it is somebody else's, who has an app and a password for it."""
    pool.add(EMAIL)
    await log_in(page)
    await set_up_app(page)
    pool.move_address(EMAIL, "lovelace@example.org")
    pool.add(EMAIL, password=OTHER_PASSWORD)
    theirs = directory_login(pool, EMAIL, OTHER_PASSWORD)["AccessToken"]
    other = pyotp.TOTP(pool.client.associate_software_token(AccessToken=theirs)["SecretCode"])
    pool.client.verify_software_token(AccessToken=theirs, UserCode=other.now())
    settings = {"Enabled": True, "PreferredMfa": True}
    pool.client.set_user_mfa_preference(AccessToken=theirs, SoftwareTokenMfaSettings=settings)
    refused = await delete(page, "/me/totp", 403, code=other.now(), password=OTHER_PASSWORD)
    assert refused["code"] == "wrong_password"
    step = pool.client.initiate_auth(
        ClientId=pool.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": EMAIL, "PASSWORD": OTHER_PASSWORD},
    )
    assert step["ChallengeName"] == "SOFTWARE_TOKEN_MFA"  # and theirs is still asked for


async def test_a_strangers_guesses_do_not_lock_the_owners_app(page: httpx.AsyncClient, pool: UserPool) -> None:
    pool.add(EMAIL)
    await log_in(page)
    made = await post(page, "/me/totp")
    await post(page, "/me/totp/confirm", code=pyotp.TOTP(made["secret"]).now())
    page.cookies.clear()
    for _ in range(4):
        step = await post(page, "/auth/signup", 202, email=EMAIL, password=OTHER_PASSWORD, name="Mallory")
        for _ in range(5):
            await post(page, "/auth/mfa", 403, mfa_token=step["mfa_token"], code="000000")
    step = await log_in(page)
    await post(page, "/auth/mfa?session=cookie", mfa_token=step["mfa_token"], code=pyotp.TOTP(made["secret"]).now())


async def test_a_step_of_one_server_means_nothing_without_its_secret(app: FastAPI, page: httpx.AsyncClient) -> None:
    await post(page, "/auth/signup", 202, email=EMAIL, password=PASSWORD, name="Ada")
    async with app.state.runtime.database.read() as conn:
        stored = (await conn.execute(text("SELECT data FROM challenges"))).scalar_one()
    assert PASSWORD not in stored
    assert EMAIL not in stored


async def test_another_app_takes_the_place_of_one_only_with_its_code(
    page: httpx.AsyncClient, pool: UserPool, app: FastAPI
) -> None:
    pool.add(EMAIL)
    await log_in(page)
    begun = await post(page, "/me/totp")
    authenticator = pyotp.TOTP(begun["secret"])
    await post(page, "/me/totp/confirm", code=authenticator.now())
    # Somebody sits down at the open page, a moment after the sign-in.
    assert (await post(page, "/me/totp", 409))["code"] == "totp_enabled"
    assert (await post(page, "/me/totp/confirm", 409, code=authenticator.now()))["code"] == "totp_enabled"
    page.cookies.clear()
    step = await log_in(page)
    await post(page, "/auth/mfa?session=cookie", mfa_token=step["mfa_token"], code=authenticator.now())
    await delete(page, "/me/totp", 403, code="000000", password=PASSWORD)
    await delete(page, "/me/totp", code=authenticator.now(), password=PASSWORD)
    await post(page, "/me/totp")


async def test_a_reset_ends_the_sessions_of_whoever_it_was_for(
    page: httpx.AsyncClient, pool: UserPool, app: FastAPI
) -> None:
    """By whom the pool knows, not by the address: here they may go by the one from before, and that may be another's by now."""
    pool.add(EMAIL)
    await log_in(page)
    pool.move_address(EMAIL, "lovelace@example.org")
    await post(page, "/auth/password/forgot", 202, email="lovelace@example.org")
    code = pool.code_for("lovelace@example.org")
    await post(page, "/auth/password/reset", 204, email="lovelace@example.org", code=code, password=OTHER_PASSWORD)
    assert (await page.get("/api/me")).status_code == 401
    assert [mail.template for mail in await mails_to(app, EMAIL)] == ["password_changed"]
