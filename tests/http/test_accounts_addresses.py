"""Addresses that somebody confirmed, and those that nobody did."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from mdreader.settings import Settings
from support.accounts import NEW_PASSWORD, ask_for_mail, confirm_link, log_in, reset_password, status_of_me, verified
from support.http import PASSWORD, Person, signed_up
from support.mailbox import mails_to, newest_mail


class TestVerification:
    async def test_by_link_in_the_session(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        security = await client.get("/api/me/security", headers=ada.headers)
        assert security.json()["email_verified"] is False
        await verified(client, app, ada)
        security = await client.get("/api/me/security", headers=ada.headers)
        assert security.json()["email_verified"] is True
        again = await client.post("/api/me/email/verification", headers=ada.headers)
        assert (again.status_code, again.json()["code"]) == (409, "already_verified")

    async def test_by_code_in_the_session(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada, grace = await signed_up(client), await signed_up(client)
        await client.post("/api/me/email/verification", headers=ada.headers)
        code = (await newest_mail(app, ada.email, "verify_email")).code
        assert (await client.post("/api/auth/verify", json={"code": code})).status_code == 401
        other = await client.post("/api/auth/verify", json={"code": code}, headers=grace.headers)
        assert other.json()["code"] == "invalid_code"
        assert (await client.post("/api/auth/verify", json={"code": code}, headers=ada.headers)).status_code == 204

    async def test_without_the_session_it_takes_the_password(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        """Who is sent a link by a stranger's sign-up cannot confirm that stranger's account by a careless click."""
        ada, grace = await signed_up(client), await signed_up(client)
        await client.post("/api/me/email/verification", headers=ada.headers)
        token = (await newest_mail(app, ada.email, "verify_email")).token
        for headers in ({}, grace.headers):
            answer = await client.post("/api/auth/verify", json={"token": token}, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "password_needed")
        wrong = await client.post("/api/auth/verify", json={"token": token, "password": "Wrong-password-1"})
        assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_password")
        right = await client.post("/api/auth/verify", json={"token": token, "password": PASSWORD})
        assert right.status_code == 204

    async def test_a_key_is_not_enough(self, client: httpx.AsyncClient) -> None:
        ada = await signed_up(client)
        made = await client.post("/api/keys", json={"name": "k", "scope": "write"}, headers=ada.headers)
        headers = {"Authorization": f"Bearer {made.json()['key']}"}
        for path in ("/api/me/email/verification", "/api/me/totp"):
            assert (await client.post(path, headers=headers)).json()["code"] == "session_required"
        assert (await client.get("/api/me/sessions", headers=headers)).json()["code"] == "session_required"


class TestSomebodyElseSignedUpWithMyAddress:
    """The account stands under the victim's address; the attacker knows its password and waits."""

    async def prepared(self, client: httpx.AsyncClient) -> tuple[Person, str]:
        attacker = await signed_up(client, email="victim@example.org", name="Mallory")
        made = await client.post("/api/keys", json={"name": "k", "scope": "write"}, headers=attacker.headers)
        return attacker, made.json()["key"]

    async def test_a_magic_link_takes_the_account_over(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        attacker, key = await self.prepared(client)
        await ask_for_mail(client, "magic_link", attacker.email)
        token = (await newest_mail(app, attacker.email, "magic_link")).token
        victim = await confirm_link(client, token=token)
        assert victim.status_code == 200
        assert await status_of_me(client, attacker.access_token) == 401
        assert await status_of_me(client, key) == 401
        refreshed = await client.post("/api/auth/refresh", json={"refresh_token": attacker.refresh_token})
        assert refreshed.status_code == 401
        # The password alone opens nothing any more: a code goes to the address.
        tried = await log_in(client, attacker.email)
        assert tried.json()["methods"] == ["email_code"]
        assert "access_token" not in tried.json()
        # Whoever has both is the owner after all, and is asked once.
        code = (await newest_mail(app, attacker.email, "sign_in_code")).code
        body = {"mfa_token": tried.json()["mfa_token"], "code": code}
        assert "access_token" in (await client.post("/api/auth/mfa", json=body)).json()
        assert "access_token" in (await log_in(client, attacker.email)).json()

    async def test_the_owner_sets_a_password_without_knowing_the_strangers(
        self, client: httpx.AsyncClient, app: FastAPI
    ) -> None:
        attacker, _ = await self.prepared(client)
        await ask_for_mail(client, "magic_link", attacker.email)
        token = (await newest_mail(app, attacker.email, "magic_link")).token
        headers = {"Authorization": f"Bearer {(await confirm_link(client, token=token)).json()['access_token']}"}
        assert (await client.get("/api/me/security", headers=headers)).json()["has_password"] is False
        changed = await client.post("/api/auth/password", json={"new_password": NEW_PASSWORD}, headers=headers)
        assert changed.status_code == 204
        assert (await log_in(client, attacker.email)).status_code == 401
        assert "access_token" in (await log_in(client, attacker.email, NEW_PASSWORD)).json()

    async def test_a_password_that_opens_nothing_fills_no_mailbox(
        self, client: httpx.AsyncClient, app: FastAPI
    ) -> None:
        attacker, _ = await self.prepared(client)
        await ask_for_mail(client, "magic_link", attacker.email)
        await confirm_link(client, token=(await newest_mail(app, attacker.email, "magic_link")).token)
        statuses = [(await log_in(client, attacker.email)).status_code for _ in range(7)]
        assert statuses == [200] * 5 + [429] * 2
        sent = [mail.template for mail in await mails_to(app, attacker.email)]
        assert sent.count("sign_in_code") == 5

    async def test_a_reset_takes_the_account_over(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        attacker, key = await self.prepared(client)
        await ask_for_mail(client, "password_reset", attacker.email)
        await reset_password(client, token=(await newest_mail(app, attacker.email, "password_reset")).token)
        assert await status_of_me(client, attacker.access_token) == 401
        assert await status_of_me(client, key) == 401
        assert (await log_in(client, attacker.email)).status_code == 401
        assert "access_token" in (await log_in(client, attacker.email, NEW_PASSWORD)).json()

    async def test_who_confirmed_their_address_loses_nothing(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await verified(client, app, ada)
        key = (await client.post("/api/keys", json={"name": "k", "scope": "read"}, headers=ada.headers)).json()["key"]
        await ask_for_mail(client, "magic_link", ada.email)
        assert (
            await confirm_link(client, token=(await newest_mail(app, ada.email, "magic_link")).token)
        ).status_code == 200
        assert await status_of_me(client, ada.access_token) == 200
        assert await status_of_me(client, key) == 200
        assert "access_token" in (await log_in(client, ada.email)).json()

    async def test_who_is_signed_in_where_they_open_the_link_loses_nothing(
        self, client: httpx.AsyncClient, app: FastAPI
    ) -> None:
        ada = await signed_up(client)
        await ask_for_mail(client, "magic_link", ada.email)
        token = (await newest_mail(app, ada.email, "magic_link")).token
        answer = await client.post("/api/auth/magic-link/confirm", json={"token": token}, headers=ada.headers)
        assert answer.status_code == 200
        assert await status_of_me(client, ada.access_token) == 200
        assert "access_token" in (await log_in(client, ada.email)).json()


class TestVerificationRequired:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"email_verification": "required"})

    async def sign_up(self, client: httpx.AsyncClient, email: str) -> httpx.Response:
        return await client.post("/api/auth/signup", json={"email": email, "password": PASSWORD, "name": "Ada"})

    async def test_a_code_comes_before_the_first_session(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        answer = await self.sign_up(client, "ada@example.org")
        assert answer.status_code == 202
        step = answer.json()
        assert set(step) == {"mfa_required", "mfa_token", "methods", "expires_in"}
        assert step["methods"] == ["email_code"]
        assert await status_of_me(client, step["mfa_token"]) == 401
        code = (await newest_mail(app, "ada@example.org", "sign_in_code")).code
        body = {"mfa_token": step["mfa_token"], "code": code}
        signed = await client.post("/api/auth/mfa?session=cookie", json=body)
        assert signed.status_code == 200
        assert signed.json()["user"]["email"] == "ada@example.org"
        assert (await client.get("/api/me/security")).json()["email_verified"] is True
        client.cookies.clear()
        assert (await client.post("/api/auth/mfa", json=body)).json()["code"] == "mfa_expired"
        assert "access_token" in (await log_in(client, "ada@example.org")).json()

    async def test_who_never_entered_it_is_asked_at_the_next_log_in(
        self, client: httpx.AsyncClient, app: FastAPI
    ) -> None:
        await self.sign_up(client, "ada@example.org")
        step = (await log_in(client, "ada@example.org")).json()
        assert step["methods"] == ["email_code"]
        first = (await newest_mail(app, "ada@example.org", "sign_in_code")).code
        again = await client.post("/api/auth/mfa/resend", json={"mfa_token": step["mfa_token"]})
        assert again.status_code == 202
        second = (await newest_mail(app, "ada@example.org", "sign_in_code")).code
        if first != second:
            wrong = await client.post("/api/auth/mfa", json={"mfa_token": step["mfa_token"], "code": first})
            assert wrong.json()["code"] == "invalid_code"
        right = await client.post("/api/auth/mfa", json={"mfa_token": step["mfa_token"], "code": second})
        assert right.status_code == 200

    async def test_a_taken_address_is_answered_like_a_free_one(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        first = await self.sign_up(client, "ada@example.org")
        taken, free = await self.sign_up(client, "ada@example.org"), await self.sign_up(client, "b@example.org")
        said = []
        for answer in (first, taken, free):
            step = answer.json()
            headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
            token = step.pop("mfa_token")
            tries: list[Any] = [
                await client.post("/api/auth/mfa", json={"mfa_token": token, "code": "000000"}) for _ in range(6)
            ]
            resent = await client.post("/api/auth/mfa/resend", json={"mfa_token": token})
            said.append((answer.status_code, step, headers, [(t.status_code, t.json()) for t in tries], resent.text))
        assert said[0] == said[1] == said[2]
        assert [mail.template for mail in await mails_to(app, "ada@example.org")][:2] == ["sign_in_code", "email_taken"]

    async def test_a_stranger_who_used_my_address_has_nothing(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        await self.sign_up(client, "victim@example.org")
        await ask_for_mail(client, "magic_link", "victim@example.org")
        token = (await newest_mail(app, "victim@example.org", "magic_link")).token
        assert "access_token" in (await confirm_link(client, token=token)).json()
        assert (await log_in(client, "victim@example.org")).json()["methods"] == ["email_code"]
