"""Links and codes that sign in."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from mdreader.features.accounts import challenges
from mdreader.features.accounts.codes import service
from support.accounts import NEW_PASSWORD, ask_for_mail, confirm_link, status_of_me
from support.clock import moved
from support.http import signed_up
from support.mailbox import all_asked_for, mails_to, newest_mail


class TestMagicLink:
    async def test_a_link_signs_in_once(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        answer = await ask_for_mail(client, "magic_link", ada.email.upper())
        assert (answer.status_code, answer.json()) == (202, {})
        mail = await newest_mail(app, ada.email, "magic_link")
        assert mail.data["link"].startswith("http://mdreader.test/sign-in/link#token=")
        signed = await confirm_link(client, token=mail.token)
        assert signed.status_code == 200
        assert signed.json()["user"] == {"id": ada.id, "email": ada.email, "name": ada.name}
        assert signed.headers["cache-control"] == "no-store"
        assert await status_of_me(client, signed.json()["access_token"]) == 200
        again = await confirm_link(client, token=mail.token)
        assert (again.status_code, again.json()["code"]) == (403, "invalid_link")
        by_code = await confirm_link(client, email=ada.email, code=mail.code)  # the other half of the same mail
        assert (by_code.status_code, by_code.json()["code"]) == (403, "invalid_code")

    async def test_a_code_signs_in_once_with_cookies(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask_for_mail(client, "magic_link", ada.email)
        mail = await newest_mail(app, ada.email, "magic_link")
        body = {"email": ada.email, "code": f" {mail.code[:3]} {mail.code[3:]}"}
        signed = await client.post("/api/auth/magic-link/confirm?session=cookie", json=body)
        assert signed.status_code == 200
        assert "access_token" not in signed.json()
        assert {"mdreader_access", "mdreader_refresh", "mdreader_csrf"} <= set(signed.cookies)
        client.cookies.clear()
        assert (await confirm_link(client, **body)).status_code == 403
        assert (await confirm_link(client, token=mail.token)).status_code == 403

    async def test_of_many_confirms_at_once_one_signs_in(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask_for_mail(client, "magic_link", ada.email)
        mail = await newest_mail(app, ada.email, "magic_link")
        answers = await asyncio.gather(*(confirm_link(client, token=mail.token) for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [200, 403, 403, 403, 403]

    async def test_opening_the_link_uses_nothing_up(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        """What a mail scanner or a prefetching browser does: GET and HEAD, and GET on what confirms."""
        ada = await signed_up(client)
        await ask_for_mail(client, "magic_link", ada.email)
        mail = await newest_mail(app, ada.email, "magic_link")
        for _ in range(3):
            await client.get(mail.data["link"])
            await client.head(mail.data["link"])
            for path in ("/api/auth/magic-link/confirm", f"/api/auth/magic-link/confirm?token={mail.token}"):
                assert (await client.get(path)).status_code == 404
        assert (await confirm_link(client, token=mail.token)).status_code == 200

    async def test_it_holds_for_fifteen_minutes(
        self, client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada = await signed_up(client)
        await ask_for_mail(client, "magic_link", ada.email)
        mail = await newest_mail(app, ada.email, "magic_link")
        moved(app.state.runtime.clock, monkeypatch, seconds=15 * 60)
        assert (await confirm_link(client, token=mail.token)).status_code == 403
        assert (await confirm_link(client, email=ada.email, code=mail.code)).status_code == 403

    @pytest.mark.parametrize("token", ["", "x", "\x00", "x" * 86, "💥"])
    async def test_made_up_tokens(self, client: httpx.AsyncClient, token: str) -> None:
        assert (await confirm_link(client, token=token)).status_code == 403

    @pytest.mark.parametrize(
        "body", [{}, {"email": "a@b.org"}, {"code": "123456"}, {"token": "x", "email": "a@b.org", "code": "1"}]
    )
    async def test_it_takes_the_token_or_the_code(self, client: httpx.AsyncClient, body: dict[str, str]) -> None:
        assert (await confirm_link(client, **body)).status_code == 422

    async def test_only_hashes_are_stored(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask_for_mail(client, "magic_link", ada.email)
        mail = await newest_mail(app, ada.email, "magic_link")
        async with app.state.runtime.database.read() as conn:
            row = (await conn.execute(text("SELECT * FROM challenges"))).one()
        stored = repr(tuple(row))
        assert mail.token not in stored
        assert mail.code not in stored.replace(row.id, "").replace(ada.id, "").replace(str(row.created_at), "").replace(
            str(row.expires_at), ""
        )
        assert len(bytes(row.token_hash)) == len(bytes(row.code_hash)) == 32


class TestOneKindIsNoOther:
    """A token of one purpose shown for another."""

    async def test_mailed_tokens(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask_for_mail(client, "magic_link", ada.email)
        await ask_for_mail(client, "password_reset", ada.email)
        await client.post("/api/me/email/verification", headers=ada.headers)
        kinds = ("magic_link", "password_reset", "verify_email")
        mails = {kind: await newest_mail(app, ada.email, kind) for kind in kinds}

        async def show(kind: str, token: str) -> httpx.Response:
            path = {
                "magic_link": "/api/auth/magic-link/confirm",
                "password_reset": "/api/auth/password/reset",
                "verify_email": "/api/auth/verify",
            }[kind]
            body = {"token": token, "password": NEW_PASSWORD} if kind == "password_reset" else {"token": token}
            headers = ada.headers if kind == "verify_email" else {}
            return await client.post(path, json=body, headers=headers)

        for kind in kinds:
            others = [mails[other].token for other in kinds if other != kind]
            for token in [*others, ada.access_token[:80], ada.refresh_token[:86]]:
                answer = await show(kind, token)
                assert (answer.status_code, answer.json()["code"]) == (403, "invalid_link"), kind
            as_step = await client.post(
                "/api/auth/mfa", json={"mfa_token": mails[kind].token, "code": mails[kind].code}
            )
            assert as_step.json()["code"] == "mfa_expired"
            assert await status_of_me(client, mails[kind].token) == 401
            refreshed = await client.post("/api/auth/refresh", json={"refresh_token": mails[kind].token})
            assert refreshed.status_code == 401
        for other in ("password_reset", "verify_email"):
            wrong = await confirm_link(client, email=ada.email, code=mails[other].code)
            # One in a million says the same digits in both mails.
            assert wrong.status_code == (200 if mails[other].code == mails["magic_link"].code else 403)
        assert (await show("verify_email", mails["verify_email"].token)).status_code == 204
        assert (await show("password_reset", mails["password_reset"].token)).status_code == 204


async def test_what_is_over_is_forgotten(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        await ask_for_mail(client, "magic_link", f"{n}@example.org")
    await all_asked_for(app)
    moved(app.state.runtime.clock, monkeypatch, seconds=challenges.SECONDS + 1)
    await ask_for_mail(client, "magic_link", "last@example.org")
    await all_asked_for(app)
    async with app.state.runtime.database.read() as conn:
        assert (await conn.execute(text("SELECT email FROM challenges"))).scalars().all() == ["last@example.org"]


async def test_what_was_asked_for_long_ago_is_not_mailed_any_more(client: httpx.AsyncClient, app: FastAPI) -> None:
    """When no worker was there for so long: whoever asked has asked again, or given up."""
    ada, runtime = await signed_up(client), app.state.runtime
    for minutes, expected in ((15, 0), (14, 1)):
        asked = {
            "purpose": "magic_link",
            "email": ada.email,
            "client": {"address": "", "user_agent": "", "base": "http://x"},
        }
        asked["asked_at"] = runtime.clock.now() - minutes * 60_000
        async with runtime.database.write() as tx:
            await runtime.jobs.enqueue(tx, service.MAIL, asked)
        assert len(await mails_to(app, ada.email)) == expected


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "mdreader.test@evil.example", "localhost"])
async def test_a_link_never_leads_where_the_host_header_says(
    client: httpx.AsyncClient, app: FastAPI, host: str
) -> None:
    ada = await signed_up(client)
    await client.post("/api/auth/magic-link", json={"email": ada.email}, headers={"Host": host})
    mail = await newest_mail(app, ada.email, "magic_link")
    assert mail.data["link"].startswith("http://mdreader.test/sign-in/link#")


@pytest.mark.parametrize(
    "email",
    ["ada@example.org\r\nBcc: all@example.org", "ada@example.org\nSubject: x", "ada@example.org%0aBcc:x", "a b@c.org"],
)
async def test_no_address_writes_headers(client: httpx.AsyncClient, app: FastAPI, email: str) -> None:
    for path in ("/api/auth/magic-link", "/api/auth/password/forgot"):
        answer = await client.post(path, json={"email": email})
        if answer.status_code == 202:  # %0a is a local part like any other: as it stands, and decoded by nobody
            assert "%0a" in email
        else:
            assert answer.status_code == 422
    async with app.state.runtime.database.read() as conn:
        assert "\n" not in "".join((await conn.execute(text("SELECT email FROM challenges"))).scalars())
