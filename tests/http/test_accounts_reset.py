"""Passwords that were forgotten."""

import httpx
from fastapi import FastAPI

from support.accounts import NEW_PASSWORD, ask_for_mail, confirm_link, log_in, reset_password, status_of_me
from support.http import signed_up
from support.mailbox import newest_mail


class TestPasswordReset:
    async def test_a_link_sets_a_new_password_and_ends_every_session(
        self, client: httpx.AsyncClient, app: FastAPI
    ) -> None:
        ada, grace = await signed_up(client), await signed_up(client)
        assert (await ask_for_mail(client, "password_reset", ada.email)).status_code == 202
        mail = await newest_mail(app, ada.email, "password_reset")
        assert mail.data["link"].startswith("http://mdreader.test/reset-password#token=")
        answer = await reset_password(client, token=mail.token)
        assert (answer.status_code, answer.content) == (204, b"")
        assert await status_of_me(client, ada.access_token) == 401
        assert await status_of_me(client, grace.access_token) == 200
        refreshed = await client.post("/api/auth/refresh", json={"refresh_token": ada.refresh_token})
        assert refreshed.status_code == 401
        assert (await log_in(client, ada.email)).status_code == 401
        assert (await log_in(client, ada.email, NEW_PASSWORD)).status_code == 200
        assert (await reset_password(client, token=mail.token)).json()["code"] == "invalid_link"
        assert (await newest_mail(app, ada.email, "password_changed")).data["link"].endswith("/forgot-password")

    async def test_a_code_does_as_well(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask_for_mail(client, "password_reset", ada.email)
        mail = await newest_mail(app, ada.email, "password_reset")
        assert (await reset_password(client, email=ada.email, code=mail.code)).status_code == 204
        assert (await log_in(client, ada.email, NEW_PASSWORD)).status_code == 200

    async def test_a_weak_password_does_not_cost_the_link(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask_for_mail(client, "password_reset", ada.email)
        mail = await newest_mail(app, ada.email, "password_reset")
        weak = await reset_password(client, token=mail.token, password="weak")
        assert (weak.status_code, weak.json()["code"]) == (422, "weak_password")
        assert weak.json()["errors"][0]["loc"] == ["body", "password"]
        assert (await reset_password(client, token=mail.token)).status_code == 204

    async def test_it_voids_links_to_sign_in(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask_for_mail(client, "magic_link", ada.email)
        await ask_for_mail(client, "password_reset", ada.email)
        link = await newest_mail(app, ada.email, "magic_link")
        await reset_password(client, token=(await newest_mail(app, ada.email, "password_reset")).token)
        assert (await confirm_link(client, token=link.token)).status_code == 403

    async def test_the_account_is_not_closed_to_its_owner_by_guessing(
        self, client: httpx.AsyncClient, app: FastAPI
    ) -> None:
        ada = await signed_up(client)
        statuses = [(await log_in(client, ada.email, "Wrong-password-1")).status_code for _ in range(11)]
        assert statuses[-1] == 429
        await ask_for_mail(client, "magic_link", ada.email)
        token = (await newest_mail(app, ada.email, "magic_link")).token
        assert (await confirm_link(client, token=token)).status_code == 200
