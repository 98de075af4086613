"""Passwords and second factors that a user pool keeps."""

import httpx
import pyotp
from fastapi import FastAPI
from sqlalchemy import text

from support.cognito import PASSWORD, UserPool
from support.cognito_people import (
    EMAIL,
    OTHER_PASSWORD,
    delete,
    log_in,
    post,
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
    removed = await page.request("DELETE", "/api/me/totp", json={"code": authenticator.now()})
    assert removed.status_code == 204, removed.text
    page.cookies.clear()
    assert "user" in await log_in(page)


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
    await delete(page, "/me/totp", 403, code="000000")
    await delete(page, "/me/totp", code=authenticator.now())
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
