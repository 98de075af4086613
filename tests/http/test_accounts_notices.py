"""Mails that tell of changes to an account."""

import asyncio

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from mdreader.features.accounts import mails
from mdreader.features.accounts.client import Client
from mdreader.features.mail import delivery
from support.http import signed_up

SOMEWHERE = Client("203.0.113.9", "", "http://mdreader.test")


async def notify(app: FastAPI, template: str, to: str, times: int) -> None:
    runtime = app.state.runtime
    for _ in range(times):
        async with runtime.database.write() as tx:
            await mails.notify(runtime, tx, template, to, SOMEWHERE)


async def states(app: FastAPI) -> list[tuple[str, str, str]]:
    """Template, address and state of each mail, once all are settled."""
    statement = text("SELECT template, recipient, state FROM mails ORDER BY id")
    async with asyncio.timeout(60):
        while True:
            async with app.state.runtime.database.read() as conn:
                found = [(row.template, row.recipient, row.state) for row in await conn.execute(statement)]
            if all(state not in {"queued", "sending", "ending"} for *_, state in found):
                return found
            await asyncio.sleep(0.02)


async def test_a_mailbox_gets_so_many_of_a_kind_an_hour(client: httpx.AsyncClient, app: FastAPI) -> None:
    """Whoever opens an account with a stranger's address may turn its app on and off all day."""
    assert (delivery.NOTICES.count, delivery.NOTICES.seconds) == (10, 3600)
    ada, grace = await signed_up(client), await signed_up(client)
    await notify(app, "totp_enabled", ada.email, 6)
    await notify(app, "totp_enabled", ada.email.upper(), 6)
    await notify(app, "totp_enabled", grace.email, 1)
    await notify(app, "password_changed", ada.email, 1)  # a grave one is not held back by many harmless ones
    found = await states(app)
    kept = [state for template, to, state in found if template == "totp_enabled" and to.lower() == ada.email]
    assert sorted(kept) == ["sent"] * 10 + ["suppressed"] * 2
    assert [one for one in found if one[0] == "password_changed"] == [("password_changed", ada.email, "sent")]
    assert ("totp_enabled", grace.email, "sent") in found


async def test_a_code_that_is_waited_for_is_no_notice(client: httpx.AsyncClient, app: FastAPI) -> None:
    ada = await signed_up(client)
    runtime = app.state.runtime
    for number in range(12):
        async with runtime.database.write() as tx:
            data = {"code": f"{number:06}", "minutes": 10}
            await mails.send(runtime, tx, "sign_in_code", to=ada.email, client=SOMEWHERE, data=data)
    assert {state for *_, state in await states(app)} == {"sent"}
