"""The outbox: what the operator sees of mail, and nobody else does."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text, update
from structlog.testing import capture_logs

from mdreader.features.mail.queries import Suppression, suppress
from mdreader.features.mail.service import enqueue_mail, tidy
from mdreader.features.mail.tables import mails
from mdreader.kernel.errors import InvalidInputError
from support.http import Person, signed_up

LINK = "https://notes.example.org/sign-in/link#token=abc"


async def post(app: FastAPI, to: str = "ada@example.org", template: str = "magic_link", **data: Any) -> str:
    runtime = app.state.runtime
    given = {"link": LINK, "code": "123456", "minutes": 15, **data}
    async with runtime.database.write() as tx:
        return await enqueue_mail(runtime, tx, template, to, given)


async def outbox(client: httpx.AsyncClient, person: Person, **query: Any) -> dict[str, Any]:
    response = await client.get("/api/mail/outbox", headers=person.headers, params=query)
    assert response.status_code == 200, response.text
    return dict(response.json())


async def until_state(client: httpx.AsyncClient, person: Person, mail_id: str, *states: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            found = [one for one in (await outbox(client, person))["items"] if one["id"] == mail_id]
            if found and found[0]["state"] in states:
                return dict(found[0])
            await asyncio.sleep(0.01)


@pytest.fixture
async def operator(client: httpx.AsyncClient) -> Person:
    return await signed_up(client)


async def test_the_first_account_runs_the_server_and_no_other(client: httpx.AsyncClient, operator: Person) -> None:
    other = await signed_up(client)
    me = [(await client.get("/api/me", headers=one.headers)).json()["is_operator"] for one in (operator, other)]
    assert me == [True, False]


async def test_the_operator_reads_a_mail_with_its_link_and_code(
    app: FastAPI, client: httpx.AsyncClient, operator: Person
) -> None:
    with capture_logs() as lines:
        mail_id = await post(app)
        mail = await until_state(client, operator, mail_id, "sent")
    assert (await outbox(client, operator))["kept"] is True
    assert (mail["to"], mail["subject"], mail["template"]) == ("ada@example.org", "Your link to log in", "magic_link")
    assert (mail["link"], mail["code"], mail["error"]) == (LINK, "123456", None)
    assert LINK in mail["text"]
    assert "123456" in mail["html"]
    assert mail["created_at"] <= mail["sent_at"]
    # And the console says it, for a server whose page nobody can get into.
    (line,) = [line for line in lines if line["event"] == "mail"]
    assert (line["to"], line["link"], line["code"]) == ("ada@example.org", LINK, "123456")


async def test_nobody_else_does(app: FastAPI, client: httpx.AsyncClient, operator: Person) -> None:
    other = await signed_up(client)
    made = await client.post("/api/keys", json={"name": "k", "scope": "write"}, headers=operator.headers)
    key = {"Authorization": f"Bearer {made.json()['key']}"}
    for method, path in (
        ("GET", "/api/mail/outbox"),
        ("GET", "/api/mail/suppressions"),
        ("DELETE", "/api/mail/suppressions?email=a@example.org"),
        ("POST", "/api/mail/outbox/m1/again"),
    ):
        for headers, status, code in (
            ({}, 401, "unauthenticated"),
            (other.headers, 403, "operator_required"),
            (key, 403, "session_required"),
        ):
            answer = await client.request(method, path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_pages_of_the_outbox(app: FastAPI, client: httpx.AsyncClient, operator: Person) -> None:
    ids = [await post(app, to=f"{number}@example.org") for number in range(5)]
    seen, cursor = [], None
    while True:
        page = await outbox(client, operator, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [one for one in seen if one in ids] == ids[::-1]
    bad = await client.get("/api/mail/outbox", params={"cursor": "x"}, headers=operator.headers)
    assert bad.status_code == 422


async def test_a_transaction_that_fails_sends_nothing(
    app: FastAPI, client: httpx.AsyncClient, operator: Person
) -> None:
    runtime = app.state.runtime

    class ChangedMindError(Exception):
        pass

    async def change_ones_mind() -> None:
        async with runtime.database.write() as tx:
            await enqueue_mail(runtime, tx, "email_taken", "ada@example.org", {"link": LINK})
            raise ChangedMindError

    with pytest.raises(ChangedMindError):
        await change_ones_mind()
    mail_id = await post(app)
    await until_state(client, operator, mail_id, "sent")
    assert [one["id"] for one in (await outbox(client, operator))["items"]] == [mail_id]


@pytest.mark.parametrize("to", ["ada@example.org\r\nBcc: x@example.org", "ada\n@example.org", "nobody", "@x", "x@"])
async def test_what_could_break_a_header_is_refused_at_once(app: FastAPI, to: str) -> None:
    with pytest.raises(InvalidInputError):
        await post(app, to=to)


async def test_an_address_that_no_mail_server_takes_fails_and_says_why(
    app: FastAPI, client: httpx.AsyncClient, operator: Person
) -> None:
    mail = await until_state(client, operator, await post(app, to="a..b@example.org"), "failed")
    assert "not an address" in mail["error"]
    assert mail["link"] is mail["text"] is None


async def test_no_mail_goes_to_a_suppressed_address_until_that_is_lifted(
    app: FastAPI, client: httpx.AsyncClient, operator: Person
) -> None:
    async with app.state.runtime.database.write() as tx:
        assert await suppress(tx, Suppression("ada@xn--bcher-kva.example", "bounce", "550 no such person", 1))
    mail = await until_state(client, operator, await post(app, to="Ada@Bücher.example"), "suppressed")
    assert "bounce" in mail["error"]
    listed = (await client.get("/api/mail/suppressions", headers=operator.headers)).json()["items"]
    assert [(one["email"], one["reason"]) for one in listed] == [("ada@xn--bcher-kva.example", "bounce")]
    path = "/api/mail/suppressions"
    lifted = await client.delete(path, params={"email": "ada@bücher.example"}, headers=operator.headers)
    assert lifted.status_code == 204
    await until_state(client, operator, await post(app, to="Ada@Bücher.example"), "sent")
    again = await client.delete(path, params={"email": "ada@bücher.example"}, headers=operator.headers)
    assert (again.status_code, again.json()["code"]) == (404, "not_suppressed")


async def again(client: httpx.AsyncClient, person: Person, mail_id: str) -> tuple[int, str]:
    answer = await client.post(f"/api/mail/outbox/{mail_id}/again", headers=person.headers)
    return answer.status_code, "" if answer.status_code == 204 else answer.json()["code"]


async def change(app: FastAPI, mail_id: str, **values: str | int) -> None:
    async with app.state.runtime.database.write() as tx:
        await tx.conn.execute(update(mails).where(mails.c.id == mail_id).values(values))


async def test_the_operator_sends_again_what_nobody_knows_of_while_it_holds(
    app: FastAPI, client: httpx.AsyncClient, operator: Person
) -> None:
    mail_id = await post(app)
    sent = await until_state(client, operator, mail_id, "sent")
    assert not sent["sendable"]
    assert await again(client, operator, mail_id) == (409, "not_sendable")
    await change(app, mail_id, state="unknown", give_up_at=app.state.runtime.clock.now() - 1)
    assert not (await until_state(client, operator, mail_id, "unknown"))["sendable"]
    assert await again(client, operator, mail_id) == (409, "not_sendable")
    await change(app, mail_id, give_up_at=2**52)
    assert (await until_state(client, operator, mail_id, "unknown"))["sendable"]
    assert await again(client, operator, mail_id) == (204, "")
    assert (await until_state(client, operator, mail_id, "sent"))["error"] is None
    assert await again(client, operator, "nothing") == (409, "not_sendable")


async def test_the_secrets_of_what_cannot_be_sent_again_are_forgotten(
    app: FastAPI, client: httpx.AsyncClient, operator: Person
) -> None:
    runtime, now = app.state.runtime, app.state.runtime.clock.now()
    ids = [await post(app) for _ in range(3)]
    for mail_id, state, over in zip(
        ids, ("unknown", "ending", "unknown"), (now - 7_200_000, now - 7_200_000, now), strict=True
    ):
        await until_state(client, operator, mail_id, "sent")
        await change(app, mail_id, state=state, give_up_at=over)
    async with runtime.database.write() as tx:
        await tidy(runtime, tx)
    async with runtime.database.read() as conn:
        rows = (await conn.execute(text("SELECT id, state, data <> '' AS kept FROM mails ORDER BY id"))).all()
    assert [(row.state, bool(row.kept)) for row in rows] == [("unknown", False), ("unknown", False), ("unknown", True)]


async def test_old_mails_are_forgotten_and_stranded_ones_given_up(
    app: FastAPI, client: httpx.AsyncClient, operator: Person
) -> None:
    runtime = app.state.runtime
    sent = await post(app)
    await until_state(client, operator, sent, "sent")
    day = 24 * 3600 * 1000
    row = {"template": "email_taken", "recipient": "x@example.org", "subject": "s", "data": json.dumps({"link": LINK})}
    insert = text(
        "INSERT INTO mails (id, template, recipient, subject, data, state, created_at, give_up_at)"
        " VALUES (:id, :template, :recipient, :subject, :data, :state, :created_at, :give_up_at)"
    )
    now = runtime.clock.now()
    async with runtime.database.write() as tx:
        for mail_id, state, created in (("0", "queued", now - 2 * day), ("1", "sent", now - 8 * day)):
            values = {**row, "id": mail_id, "state": state, "created_at": created, "give_up_at": created + day}
            await tx.conn.execute(insert, values)
    async with runtime.database.write() as tx:
        await tidy(runtime, tx)
    left = {one["id"]: one["state"] for one in (await outbox(client, operator))["items"]}
    assert left == {sent: "sent", "0": "failed"}
