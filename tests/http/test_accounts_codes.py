"""Magic links, password resets and verified addresses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, event, text

from mdreader.db.engine import Transaction
from mdreader.features.accounts import challenges, limits
from mdreader.features.accounts.identity import identity_of
from mdreader.ports.rate_limits import Limit
from mdreader.settings import Settings
from support.http import PASSWORD, Person, connect, signed_up
from support.mailbox import mails_to, newest_mail

NEW = "another long passphrase"


def move_clock(monkeypatch: pytest.MonkeyPatch, app: FastAPI, *, seconds: float) -> None:
    clock = app.state.runtime.clock
    moved = clock.now() + int(seconds * 1000)
    monkeypatch.setattr(clock, "now", lambda: moved)


async def ask(client: httpx.AsyncClient, kind: str, email: str) -> httpx.Response:
    path = {"magic_link": "/api/auth/magic-link", "password_reset": "/api/auth/password/forgot"}[kind]
    return await client.post(path, json={"email": email})


async def confirm(client: httpx.AsyncClient, **body: str) -> httpx.Response:
    return await client.post("/api/auth/magic-link/confirm", json=body)


async def reset(client: httpx.AsyncClient, **body: str) -> httpx.Response:
    return await client.post("/api/auth/password/reset", json={"password": NEW, **body})


async def log_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/api/auth/login", json={"email": email, "password": password})


async def status_of_me(client: httpx.AsyncClient, token: str) -> int:
    return (await client.get("/api/me", headers={"Authorization": f"Bearer {token}"})).status_code


async def verified(client: httpx.AsyncClient, app: FastAPI, person: Person) -> None:
    """The person confirms their address."""
    assert (await client.post("/api/me/email/verification", headers=person.headers)).status_code == 202
    mail = await newest_mail(app, person.email, "verify_email")
    answer = await client.post("/api/auth/verify", json={"token": mail.token}, headers=person.headers)
    assert answer.status_code == 204, answer.text


class TestMagicLink:
    async def test_a_link_signs_in_once(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        answer = await ask(client, "magic_link", ada.email.upper())
        assert (answer.status_code, answer.json()) == (202, {})
        mail = await newest_mail(app, ada.email, "magic_link")
        assert mail.data["link"].startswith("http://mdreader.test/sign-in/link#token=")
        signed = await confirm(client, token=mail.token)
        assert signed.status_code == 200
        assert signed.json()["user"] == {"id": ada.id, "email": ada.email, "name": ada.name}
        assert signed.headers["cache-control"] == "no-store"
        assert await status_of_me(client, signed.json()["access_token"]) == 200
        again = await confirm(client, token=mail.token)
        assert (again.status_code, again.json()["code"]) == (403, "invalid_link")
        by_code = await confirm(client, email=ada.email, code=mail.code)  # the other half of the same mail
        assert (by_code.status_code, by_code.json()["code"]) == (403, "invalid_code")

    async def test_a_code_signs_in_once_with_cookies(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask(client, "magic_link", ada.email)
        mail = await newest_mail(app, ada.email, "magic_link")
        body = {"email": ada.email, "code": f" {mail.code[:3]} {mail.code[3:]}"}
        signed = await client.post("/api/auth/magic-link/confirm?session=cookie", json=body)
        assert signed.status_code == 200
        assert "access_token" not in signed.json()
        assert {"mdreader_access", "mdreader_refresh", "mdreader_csrf"} <= set(signed.cookies)
        client.cookies.clear()
        assert (await confirm(client, **body)).status_code == 403
        assert (await confirm(client, token=mail.token)).status_code == 403

    async def test_of_many_confirms_at_once_one_signs_in(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask(client, "magic_link", ada.email)
        mail = await newest_mail(app, ada.email, "magic_link")
        answers = await asyncio.gather(*(confirm(client, token=mail.token) for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [200, 403, 403, 403, 403]

    async def test_opening_the_link_uses_nothing_up(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        """What a mail scanner or a prefetching browser does: GET and HEAD, and GET on what confirms."""
        ada = await signed_up(client)
        await ask(client, "magic_link", ada.email)
        mail = await newest_mail(app, ada.email, "magic_link")
        for _ in range(3):
            await client.get(mail.data["link"])
            await client.head(mail.data["link"])
            for path in ("/api/auth/magic-link/confirm", f"/api/auth/magic-link/confirm?token={mail.token}"):
                assert (await client.get(path)).status_code == 404
        assert (await confirm(client, token=mail.token)).status_code == 200

    async def test_it_holds_for_fifteen_minutes(
        self, client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada = await signed_up(client)
        await ask(client, "magic_link", ada.email)
        mail = await newest_mail(app, ada.email, "magic_link")
        move_clock(monkeypatch, app, seconds=15 * 60)
        assert (await confirm(client, token=mail.token)).status_code == 403
        assert (await confirm(client, email=ada.email, code=mail.code)).status_code == 403

    @pytest.mark.parametrize("token", ["", "x", "\x00", "x" * 86, "💥"])
    async def test_made_up_tokens(self, client: httpx.AsyncClient, token: str) -> None:
        assert (await confirm(client, token=token)).status_code == 403

    @pytest.mark.parametrize(
        "body", [{}, {"email": "a@b.org"}, {"code": "123456"}, {"token": "x", "email": "a@b.org", "code": "1"}]
    )
    async def test_it_takes_the_token_or_the_code(self, client: httpx.AsyncClient, body: dict[str, str]) -> None:
        assert (await confirm(client, **body)).status_code == 422

    async def test_only_hashes_are_stored(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask(client, "magic_link", ada.email)
        mail = await newest_mail(app, ada.email, "magic_link")
        async with app.state.runtime.database.read() as conn:
            row = (await conn.execute(text("SELECT * FROM challenges"))).one()
        stored = repr(tuple(row))
        assert mail.token not in stored
        assert mail.code not in stored.replace(row.id, "").replace(ada.id, "").replace(str(row.created_at), "").replace(
            str(row.expires_at), ""
        )
        assert len(bytes(row.token_hash)) == len(bytes(row.code_hash)) == 32


class TestGuessing:
    async def test_five_wrong_codes_void_the_right_one(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask(client, "magic_link", ada.email)
        mail = await newest_mail(app, ada.email, "magic_link")
        wrong = f"{(int(mail.code) + 1) % 1_000_000:06}"
        for _ in range(5):
            answer = await confirm(client, email=ada.email, code=wrong)
            assert (answer.status_code, answer.json()["code"]) == (403, "invalid_code")
        assert (await confirm(client, email=ada.email, code=mail.code)).status_code == 403
        assert (await confirm(client, token=mail.token)).status_code == 200  # nobody can void the link by guessing

    async def test_many_guesses_at_once_are_five_guesses(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask(client, "magic_link", ada.email)
        mail = await newest_mail(app, ada.email, "magic_link")
        wrong = f"{(int(mail.code) + 1) % 1_000_000:06}"
        await asyncio.gather(*(confirm(client, email=ada.email, code=wrong) for _ in range(15)))
        async with app.state.runtime.database.read() as conn:
            assert (await conn.execute(text("SELECT attempts FROM challenges"))).scalar_one() == 5

    async def test_new_codes_do_not_bring_new_guesses_without_end(
        self, client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "MAILS_BY_ACCOUNT", Limit("mails_account", 1000, 900))
        ada = await signed_up(client)
        await ask(client, "magic_link", ada.email)
        mail = await newest_mail(app, ada.email, "magic_link")
        statuses = []
        for _ in range(5):
            await ask(client, "magic_link", ada.email)
            mail = await newest_mail(app, ada.email, "magic_link")
            wrong = f"{(int(mail.code) + 1) % 1_000_000:06}"
            statuses += [(await confirm(client, email=ada.email, code=wrong)).status_code for _ in range(5)]
        assert statuses == [403] * 20 + [429] * 5
        async with connect(app, address="203.0.113.9") as elsewhere:  # by account: from anywhere
            assert (await confirm(elsewhere, email=ada.email, code=mail.code)).status_code == 429
            assert (await confirm(elsewhere, token=mail.token)).status_code == 200

    async def test_guesses_at_many_accounts_are_counted_by_address(
        self, client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "CODES_BY_ADDRESS", Limit("codes_address", 3, 900))
        statuses = [(await confirm(client, email=f"{n}@example.org", code="123456")).status_code for n in range(4)]
        assert statuses == [403, 403, 403, 429]
        lying = {"X-Forwarded-For": "203.0.113.7"}
        body = {"email": "x@example.org", "code": "123456"}
        assert (await client.post("/api/auth/magic-link/confirm", json=body, headers=lying)).status_code == 429
        async with connect(app, address="203.0.113.9") as elsewhere:
            assert (await confirm(elsewhere, **body)).status_code == 403

    async def test_a_mailbox_is_not_flooded(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        statuses = [(await ask(client, "magic_link", ada.email)).status_code for _ in range(6)]
        unknown = [(await ask(client, "magic_link", "nobody@example.org")).status_code for _ in range(6)]
        assert statuses == unknown == [202] * 5 + [429]
        assert len(await mails_to(app, ada.email)) == 5
        assert (await ask(client, "password_reset", ada.email)).status_code == 202  # counted for itself


class TestEnumeration:
    @pytest.mark.parametrize("kind", ["magic_link", "password_reset"])
    async def test_unknown_addresses_are_answered_the_same(
        self, client: httpx.AsyncClient, app: FastAPI, kind: str
    ) -> None:
        ada = await signed_up(client)
        answers = []
        for email in (ada.email, "nobody@example.org"):
            answer = await ask(client, kind, email)
            headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
            tries = [await confirm(client, email=email, code="000000") for _ in range(6)]
            answers.append((answer.status_code, answer.content, headers, [(a.status_code, a.json()) for a in tries]))
        assert answers[0] == answers[1]
        assert await mails_to(app, "nobody@example.org") == []

    @pytest.mark.parametrize("kind", ["magic_link", "password_reset"])
    async def test_unknown_addresses_cost_the_same_work(
        self, client: httpx.AsyncClient, app: FastAPI, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same questions to the database and the same commit; only the mail is put into the queue beside them.

        What an answer takes is the commit. To time it would be to measure what else the machine does.
        """
        ada = await signed_up(client)
        await ask(client, kind, "warm@example.org")
        mine = asyncio.current_task()
        seen: list[str] = []

        def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if asyncio.current_task() is mine:  # not what jobs do meanwhile
                seen.append(statement.split("VALUES", maxsplit=1)[0])

        @asynccontextmanager
        async def write() -> AsyncIterator[Transaction]:
            async with real() as tx:
                yield tx
            if asyncio.current_task() is mine:
                seen.append("COMMIT")

        real = app.state.runtime.database.write
        monkeypatch.setattr(app.state.runtime.database, "write", write)
        event.listen(Engine, "before_cursor_execute", note)
        try:
            work = []
            for email in (ada.email, "nobody@example.org"):
                seen.clear()
                assert (await ask(client, kind, email)).status_code == 202
                work.append(list(seen))
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        known, unknown = work
        assert unknown.count("COMMIT") >= 1
        assert any("INSERT INTO challenges" in statement for statement in unknown)
        of_the_mail = [one for one in known if any(table in one for table in ("mails", "mail_suppressions", "jobs"))]
        assert of_the_mail
        assert [one for one in known if one not in of_the_mail] == unknown

    async def test_a_reset_hashes_for_unknown_addresses_too(
        self, client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        passwords = identity_of(app.state.runtime).passwords
        hashed: list[str] = []
        real = passwords.hash

        async def counting(password: str) -> str:
            hashed.append(password)
            return await real(password)

        ada = await signed_up(client)
        await ask(client, "password_reset", ada.email)
        monkeypatch.setattr(passwords, "hash", counting)
        for email in (ada.email, "nobody@example.org"):
            hashed.clear()
            assert (await reset(client, email=email, code="000000")).json()["code"] == "invalid_code"
            assert hashed == [NEW]


class TestPasswordReset:
    async def test_a_link_sets_a_new_password_and_ends_every_session(
        self, client: httpx.AsyncClient, app: FastAPI
    ) -> None:
        ada, grace = await signed_up(client), await signed_up(client)
        assert (await ask(client, "password_reset", ada.email)).status_code == 202
        mail = await newest_mail(app, ada.email, "password_reset")
        assert mail.data["link"].startswith("http://mdreader.test/reset-password#token=")
        answer = await reset(client, token=mail.token)
        assert (answer.status_code, answer.content) == (204, b"")
        assert await status_of_me(client, ada.access_token) == 401
        assert await status_of_me(client, grace.access_token) == 200
        refreshed = await client.post("/api/auth/refresh", json={"refresh_token": ada.refresh_token})
        assert refreshed.status_code == 401
        assert (await log_in(client, ada.email)).status_code == 401
        assert (await log_in(client, ada.email, NEW)).status_code == 200
        assert (await reset(client, token=mail.token)).json()["code"] == "invalid_link"
        assert (await newest_mail(app, ada.email, "password_changed")).data["link"].endswith("/forgot-password")

    async def test_a_code_does_as_well(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask(client, "password_reset", ada.email)
        mail = await newest_mail(app, ada.email, "password_reset")
        assert (await reset(client, email=ada.email, code=mail.code)).status_code == 204
        assert (await log_in(client, ada.email, NEW)).status_code == 200

    async def test_a_weak_password_does_not_cost_the_link(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask(client, "password_reset", ada.email)
        mail = await newest_mail(app, ada.email, "password_reset")
        weak = await reset(client, token=mail.token, password="weak")
        assert (weak.status_code, weak.json()["code"]) == (422, "weak_password")
        assert weak.json()["errors"][0]["loc"] == ["body", "password"]
        assert (await reset(client, token=mail.token)).status_code == 204

    async def test_it_voids_links_to_sign_in(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask(client, "magic_link", ada.email)
        await ask(client, "password_reset", ada.email)
        link = await newest_mail(app, ada.email, "magic_link")
        await reset(client, token=(await newest_mail(app, ada.email, "password_reset")).token)
        assert (await confirm(client, token=link.token)).status_code == 403

    async def test_the_account_is_not_closed_to_its_owner_by_guessing(
        self, client: httpx.AsyncClient, app: FastAPI
    ) -> None:
        ada = await signed_up(client)
        statuses = [(await log_in(client, ada.email, "Wrong-password-1")).status_code for _ in range(11)]
        assert statuses[-1] == 429
        await ask(client, "magic_link", ada.email)
        token = (await newest_mail(app, ada.email, "magic_link")).token
        assert (await confirm(client, token=token)).status_code == 200


class TestOneKindIsNoOther:
    """A token of one purpose shown for another."""

    async def test_mailed_tokens(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask(client, "magic_link", ada.email)
        await ask(client, "password_reset", ada.email)
        await client.post("/api/me/email/verification", headers=ada.headers)
        kinds = ("magic_link", "password_reset", "verify_email")
        mails = {kind: await newest_mail(app, ada.email, kind) for kind in kinds}

        async def show(kind: str, token: str) -> httpx.Response:
            path = {
                "magic_link": "/api/auth/magic-link/confirm",
                "password_reset": "/api/auth/password/reset",
                "verify_email": "/api/auth/verify",
            }[kind]
            body = {"token": token, "password": NEW} if kind == "password_reset" else {"token": token}
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
            wrong = await confirm(client, email=ada.email, code=mails[other].code)
            # One in a million says the same digits in both mails.
            assert wrong.status_code == (200 if mails[other].code == mails["magic_link"].code else 403)
        assert (await show("verify_email", mails["verify_email"].token)).status_code == 204
        assert (await show("password_reset", mails["password_reset"].token)).status_code == 204


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
        await ask(client, "magic_link", attacker.email)
        token = (await newest_mail(app, attacker.email, "magic_link")).token
        victim = await confirm(client, token=token)
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
        await ask(client, "magic_link", attacker.email)
        token = (await newest_mail(app, attacker.email, "magic_link")).token
        headers = {"Authorization": f"Bearer {(await confirm(client, token=token)).json()['access_token']}"}
        assert (await client.get("/api/me/security", headers=headers)).json()["has_password"] is False
        changed = await client.post("/api/auth/password", json={"new_password": NEW}, headers=headers)
        assert changed.status_code == 204
        assert (await log_in(client, attacker.email)).status_code == 401
        assert "access_token" in (await log_in(client, attacker.email, NEW)).json()

    async def test_a_password_that_opens_nothing_fills_no_mailbox(
        self, client: httpx.AsyncClient, app: FastAPI
    ) -> None:
        attacker, _ = await self.prepared(client)
        await ask(client, "magic_link", attacker.email)
        await confirm(client, token=(await newest_mail(app, attacker.email, "magic_link")).token)
        statuses = [(await log_in(client, attacker.email)).status_code for _ in range(7)]
        assert statuses == [200] * 5 + [429] * 2
        sent = [mail.template for mail in await mails_to(app, attacker.email)]
        assert sent.count("sign_in_code") == 5

    async def test_a_reset_takes_the_account_over(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        attacker, key = await self.prepared(client)
        await ask(client, "password_reset", attacker.email)
        await reset(client, token=(await newest_mail(app, attacker.email, "password_reset")).token)
        assert await status_of_me(client, attacker.access_token) == 401
        assert await status_of_me(client, key) == 401
        assert (await log_in(client, attacker.email)).status_code == 401
        assert "access_token" in (await log_in(client, attacker.email, NEW)).json()

    async def test_who_confirmed_their_address_loses_nothing(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await verified(client, app, ada)
        key = (await client.post("/api/keys", json={"name": "k", "scope": "read"}, headers=ada.headers)).json()["key"]
        await ask(client, "magic_link", ada.email)
        assert (await confirm(client, token=(await newest_mail(app, ada.email, "magic_link")).token)).status_code == 200
        assert await status_of_me(client, ada.access_token) == 200
        assert await status_of_me(client, key) == 200
        assert "access_token" in (await log_in(client, ada.email)).json()

    async def test_who_is_signed_in_where_they_open_the_link_loses_nothing(
        self, client: httpx.AsyncClient, app: FastAPI
    ) -> None:
        ada = await signed_up(client)
        await ask(client, "magic_link", ada.email)
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
        await ask(client, "magic_link", "victim@example.org")
        token = (await newest_mail(app, "victim@example.org", "magic_link")).token
        assert "access_token" in (await confirm(client, token=token)).json()
        assert (await log_in(client, "victim@example.org")).json()["methods"] == ["email_code"]


async def test_what_is_over_is_forgotten(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        await ask(client, "magic_link", f"{n}@example.org")
    move_clock(monkeypatch, app, seconds=challenges.SECONDS + 1)
    await ask(client, "magic_link", "last@example.org")
    async with app.state.runtime.database.read() as conn:
        assert (await conn.execute(text("SELECT email FROM challenges"))).scalars().all() == ["last@example.org"]


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
