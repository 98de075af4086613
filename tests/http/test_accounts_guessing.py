"""Mailed codes that are guessed, and who has an account."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, event, text

from mdreader.db.engine import Transaction
from mdreader.features.accounts import limits
from mdreader.features.accounts.identity import identity_of
from mdreader.ports.rate_limits import Limit
from support.accounts import NEW_PASSWORD, ask_for_mail, confirm_link, reset_password
from support.http import connect, signed_up
from support.mailbox import all_asked_for, mails_to, newest_mail


class TestGuessing:
    async def test_five_wrong_codes_void_the_right_one(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask_for_mail(client, "magic_link", ada.email)
        mail = await newest_mail(app, ada.email, "magic_link")
        wrong = f"{(int(mail.code) + 1) % 1_000_000:06}"
        for _ in range(5):
            answer = await confirm_link(client, email=ada.email, code=wrong)
            assert (answer.status_code, answer.json()["code"]) == (403, "invalid_code")
        assert (await confirm_link(client, email=ada.email, code=mail.code)).status_code == 403
        assert (await confirm_link(client, token=mail.token)).status_code == 200  # nobody can void the link by guessing

    async def test_many_guesses_at_once_are_five_guesses(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        await ask_for_mail(client, "magic_link", ada.email)
        mail = await newest_mail(app, ada.email, "magic_link")
        wrong = f"{(int(mail.code) + 1) % 1_000_000:06}"
        await asyncio.gather(*(confirm_link(client, email=ada.email, code=wrong) for _ in range(15)))
        async with app.state.runtime.database.read() as conn:
            assert (await conn.execute(text("SELECT attempts FROM challenges"))).scalar_one() == 5

    async def test_new_codes_do_not_bring_new_guesses_without_end(
        self, client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "MAILS_BY_ACCOUNT", Limit("mails_account", 1000, 900))
        ada = await signed_up(client)
        await ask_for_mail(client, "magic_link", ada.email)
        mail = await newest_mail(app, ada.email, "magic_link")
        statuses = []
        for _ in range(5):
            await ask_for_mail(client, "magic_link", ada.email)
            mail = await newest_mail(app, ada.email, "magic_link")
            wrong = f"{(int(mail.code) + 1) % 1_000_000:06}"
            statuses += [(await confirm_link(client, email=ada.email, code=wrong)).status_code for _ in range(5)]
        assert statuses == [403] * 20 + [429] * 5
        async with connect(app, address="203.0.113.9") as elsewhere:  # by account: from anywhere
            assert (await confirm_link(elsewhere, email=ada.email, code=mail.code)).status_code == 429
            assert (await confirm_link(elsewhere, token=mail.token)).status_code == 200

    async def test_guesses_at_many_accounts_are_counted_by_address(
        self, client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "CODES_BY_ADDRESS", Limit("codes_address", 3, 900))
        statuses = [(await confirm_link(client, email=f"{n}@example.org", code="123456")).status_code for n in range(4)]
        assert statuses == [403, 403, 403, 429]
        lying = {"X-Forwarded-For": "203.0.113.7"}
        body = {"email": "x@example.org", "code": "123456"}
        assert (await client.post("/api/auth/magic-link/confirm", json=body, headers=lying)).status_code == 429
        async with connect(app, address="203.0.113.9") as elsewhere:
            assert (await confirm_link(elsewhere, **body)).status_code == 403

    async def test_a_mailbox_is_not_flooded(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        ada = await signed_up(client)
        statuses = [(await ask_for_mail(client, "magic_link", ada.email)).status_code for _ in range(6)]
        unknown = [(await ask_for_mail(client, "magic_link", "nobody@example.org")).status_code for _ in range(6)]
        assert statuses == unknown == [202] * 5 + [429]
        assert len(await mails_to(app, ada.email)) == 5
        assert (await ask_for_mail(client, "password_reset", ada.email)).status_code == 202  # counted for itself


class TestEnumeration:
    @pytest.mark.parametrize("kind", ["magic_link", "password_reset"])
    async def test_unknown_addresses_are_answered_the_same(
        self, client: httpx.AsyncClient, app: FastAPI, kind: str
    ) -> None:
        ada = await signed_up(client)
        answers = []
        for email in (ada.email, "nobody@example.org"):
            answer = await ask_for_mail(client, kind, email)
            await all_asked_for(app)
            headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
            tries = [await confirm_link(client, email=email, code="000000") for _ in range(6)]
            answers.append((answer.status_code, answer.content, headers, [(a.status_code, a.json()) for a in tries]))
        assert answers[0] == answers[1]
        assert await mails_to(app, "nobody@example.org") == []

    @pytest.mark.parametrize("kind", ["magic_link", "password_reset"])
    async def test_unknown_addresses_cost_the_same_work(
        self, client: httpx.AsyncClient, app: FastAPI, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same statements and the same commit, and nothing else: who has the address is a job's question.

        To time it would be to measure what else the machine does.
        """
        ada = await signed_up(client)
        await ask_for_mail(client, kind, "warm@example.org")
        await all_asked_for(app)
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
                assert (await ask_for_mail(client, kind, email)).status_code == 202
                work.append(list(seen))
                await all_asked_for(app)  # beside the job a connection may be opened, which takes statements of its own
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        known, unknown = work
        assert known == unknown
        assert (known[-2].startswith("INSERT INTO jobs"), known[-1]) == (True, "COMMIT")
        assert not any(table in statement for statement in known for table in ("users", "mails", "challenges"))
        assert len(await mails_to(app, ada.email)) == 1
        assert await mails_to(app, "nobody@example.org") == []

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
        await ask_for_mail(client, "password_reset", ada.email)
        monkeypatch.setattr(passwords, "hash", counting)
        for email in (ada.email, "nobody@example.org"):
            hashed.clear()
            assert (await reset_password(client, email=email, code="000000")).json()["code"] == "invalid_code"
            assert hashed == [NEW_PASSWORD]
