"""What a user pool refuses, and what people are told of it."""

import httpx
import pytest
from fastapi import FastAPI

from mdreader.adapters.cognito_pool import CognitoPool
from mdreader.kernel.errors import UnavailableError
from mdreader.ports.directory import DirectoryRefusedError, Reason
from support.cognito import PASSWORD, UserPool
from support.cognito_people import EMAIL, OTHER_PASSWORD, delete, log_in, set_up_app
from support.mailbox import mails_to


def refusing(reason: Reason) -> object:
    async def refuse(self: CognitoPool, *_what: str) -> None:
        raise DirectoryRefusedError(reason, f"said by the pool: {reason}")

    return refuse


async def test_people_are_told_what_the_pool_refuses_and_not_that_their_password_is_wrong(
    page: httpx.AsyncClient, pool: UserPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.add(EMAIL)
    await log_in(page)
    changes: list[tuple[Reason, int, str]] = [
        ("weak_password", 422, "weak_password"),  # its policy may ask for more than ours
        ("too_many", 429, "too_many_requests"),
        ("credentials", 403, "wrong_password"),
    ]
    for reason, status, code in changes:
        monkeypatch.setattr(CognitoPool, "change", refusing(reason))
        answer = await page.post(
            "/api/auth/password", json={"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
        )
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    removals: list[tuple[Reason, int, str]] = [
        ("too_many", 429, "too_many_requests"),
        ("reset_required", 403, "password_reset_required"),
        ("credentials", 403, "wrong_password"),
    ]
    for reason, status, code in removals:
        monkeypatch.setattr(CognitoPool, "log_in", refusing(reason))
        assert (await delete(page, "/me/totp", status, code="000000", password=PASSWORD))["code"] == code


async def test_the_owner_hears_of_a_removal_although_the_pool_goes_silent_right_after(
    app: FastAPI, page: httpx.AsyncClient, pool: UserPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(self: CognitoPool, refresh_token: str) -> None:
        raise UnavailableError("The user pool does not answer.")

    pool.add(EMAIL)
    await log_in(page)
    authenticator = await set_up_app(page)
    monkeypatch.setattr(CognitoPool, "end", silent)
    await delete(page, "/me/totp", code=authenticator.now(), password=PASSWORD)
    assert "totp_disabled" in [mail.template for mail in await mails_to(app, EMAIL)]
