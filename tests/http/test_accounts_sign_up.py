"""Signing up, over HTTP."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from mdreader import __version__
from mdreader.features.accounts.tokens import ACCESS_SECONDS
from mdreader.settings import Settings
from support.http import PASSWORD, signed_up


async def test_sign_up_answers_with_a_session(client: httpx.AsyncClient) -> None:
    body = {"email": "  Ada@Example.ORG ", "password": PASSWORD, "name": " Ada Lovelace "}
    response = await client.post("/api/auth/signup", json=body)
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    made = response.json()
    assert set(made) == {"user", "access_token", "refresh_token", "token_type", "expires_in"}
    assert made["user"] == {"id": made["user"]["id"], "email": "ada@example.org", "name": "Ada Lovelace"}
    assert (made["token_type"], made["expires_in"]) == ("Bearer", ACCESS_SECONDS)
    assert "set-cookie" not in response.headers
    me = await client.get("/api/me", headers={"Authorization": f"bearer {made['access_token']}"})
    assert me.status_code == 200
    assert me.json() == {**made["user"], "created_at": me.json()["created_at"], "is_operator": True}
    assert me.json()["created_at"].endswith("Z")


async def test_an_address_has_one_account_however_it_is_written(client: httpx.AsyncClient) -> None:
    await signed_up(client, email="ada@example.org")
    body = {"email": "ADA@example.org", "password": PASSWORD, "name": "Other"}
    response = await client.post("/api/auth/signup", json=body)
    assert (response.status_code, response.json()["code"]) == (409, "email_taken")


async def test_two_who_sign_up_with_one_address_at_once(client: httpx.AsyncClient) -> None:
    body = {"email": "ada@example.org", "password": PASSWORD, "name": "Ada"}
    answers = await asyncio.gather(*(client.post("/api/auth/signup", json=body) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


@pytest.mark.parametrize(
    "change",
    [
        {"email": "ada"},
        {"email": "@example.org"},
        {"email": "ada@"},
        {"email": "ada@@example.org"},
        {"email": "a@b@example.org"},
        {"email": "ada@example..org"},
        {"email": "ada lovelace@example.org"},
        {"email": "ada@example.org\u0000"},
        {"email": "ada\n@example.org"},
        {"email": "ada\u202e@example.org"},
        {"email": "\ud800@example.org"},
        {"email": "<ada@example.org>"},
        {"email": "a" * 250 + "@b.org"},
        {"email": None},
        {"email": 7},
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 101},
        {"name": "Ada\nLovelace"},
        {"name": "Ada\u0000"},
        {"name": "Ada \u202eecalevoL"},
        {"name": "\udfff"},
        {"password": "weak"},
        {"password": "Correct-horse-1\ud800"},
        {"password": "x" * 257},
        {"password": "x" * 5000},
        {"password": ["Correct-horse-1"]},
    ],
)
async def test_sign_up_refuses_what_it_cannot_use(client: httpx.AsyncClient, change: dict[str, Any]) -> None:
    body = {"email": "ada@example.org", "password": PASSWORD, "name": "Ada", **change}
    # Written here, because httpx refuses lone surrogates, and others will send them.
    response = await client.post(
        "/api/auth/signup", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] in {"invalid_input", "weak_password"}
    assert problem["errors"][0]["loc"] == ["body", *change]
    assert PASSWORD not in response.text


@pytest.mark.parametrize("email", ["ada@localhost", "ada+test@例え.jp", "дмитрий@пример.рф", "o'neil_1.x@a-b.example"])
async def test_addresses_of_any_script(client: httpx.AsyncClient, email: str) -> None:
    assert (await signed_up(client, email=email)).email == email


async def test_names_of_any_script(client: httpx.AsyncClient) -> None:
    for name in ("李小龍", "عائشة", "👩‍💻 Ada", "Zoë O'Neil", "میان‌وند"):
        assert (await signed_up(client, name=name)).name == name


class TestClosedSignup:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"signup": "closed"})

    async def test_the_first_account_may_be_made_and_no_other(self, client: httpx.AsyncClient) -> None:
        config = (await client.get("/api/config")).json()
        assert (config["signup_open"], config["first_run"]) == (True, True)
        await signed_up(client)
        config = (await client.get("/api/config")).json()
        assert (config["signup_open"], config["first_run"]) == (False, False)
        body = {"email": "late@example.org", "password": PASSWORD, "name": "Late"}
        response = await client.post("/api/auth/signup", json=body)
        assert (response.status_code, response.json()["code"]) == (403, "signup_closed")

    async def test_two_first_accounts_at_once(self, client: httpx.AsyncClient) -> None:
        bodies = [{"email": f"{n}@example.org", "password": PASSWORD, "name": "First"} for n in range(3)]
        answers = await asyncio.gather(*(client.post("/api/auth/signup", json=body) for body in bodies))
        assert sorted(answer.status_code for answer in answers) == [201, 403, 403]


async def test_what_the_page_knows_before_a_log_in(client: httpx.AsyncClient) -> None:
    expected = {"version": __version__, "signup_open": True, "first_run": True, "max_document_bytes": 5_000_000}
    assert (await client.get("/api/config")).json() == expected
    await signed_up(client)
    assert (await client.get("/api/config")).json() == {**expected, "first_run": False}
