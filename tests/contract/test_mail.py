"""What every adapter of `ports.mail` does: kept here, by SMTP to a real server, by SES to moto's."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import httpx
import pytest
from structlog.testing import capture_logs

from mdreader.adapters.aws import Aws
from mdreader.adapters.mail_mime import address_of, envelope, mime_of
from mdreader.adapters.mail_outbox import OutboxMail
from mdreader.adapters.mail_ses import SesMail
from mdreader.adapters.mail_smtp import SmtpMail, SmtpServer, parse_smtp_url
from mdreader.ports.mail import Mail, MailRefusedError, MailUnavailableError, MailUncertainError
from support.aws import REGION
from support.mail_servers import LINK, MESSAGE, PASSWORD, USER, Mailbox, Tls, parsed, smtp_server, trusting, unasked
from support.ports import free_port
from support.waiting import eventually

Arrived = Callable[[], list[EmailMessage]]
INJECTED = ["\r\n", "\n", "\r", "\r\n ", "\x00", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"]


def at(box: Mailbox, **changes: Any) -> SmtpServer:
    given = {"host": "127.0.0.1", "port": box.port, "user": None, "password": None, "tls": False, "starttls": False}
    return SmtpServer(**{**given, **changes})


def sent_by_moto(endpoint: str) -> list[dict[str, Any]]:
    said = httpx.get(f"{endpoint}/moto-api/data.json", timeout=60).json()
    return [one for one in said["ses"].get("RawMessage", ()) if one]


@pytest.fixture(params=["outbox", "smtp", "ses"])
async def carrier(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Mail, Arrived]]:
    if request.param == "outbox":
        with capture_logs() as lines:

            def shown() -> list[EmailMessage]:
                # The console is told what the page shows in full.
                found = []
                for line in lines:
                    message = EmailMessage()
                    message["To"], message["Subject"] = line["to"], line["subject"]
                    message.set_content(f"{line['link']} {line['code']}")
                    found.append(message)
                return found

            yield OutboxMail(), shown
    elif request.param == "smtp":
        async with smtp_server() as box:
            yield SmtpMail(at(box)), lambda: box.messages
    else:
        endpoint: str = request.getfixturevalue("aws_endpoint")
        client = Aws(REGION, endpoint).client("sesv2", retries={"total_max_attempts": 1})
        client.create_email_identity(EmailIdentity="noreply@notes.example.org")
        yield (
            SesMail(client),
            lambda: [parsed(one["raw_data"].encode()) for one in sent_by_moto(endpoint)],
        )


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


async def test_a_mail_arrives_with_its_letters_and_its_link(carrier: tuple[Mail, Arrived]) -> None:
    mail, arrived = carrier
    assert await mail.send(MESSAGE, unasked)
    (message,) = arrived()
    assert message["To"] == "ada@example.org"
    assert message["Subject"] == MESSAGE.subject
    assert LINK in text_of(message)


# Not by the outbox, which carries nothing away: what it shows comes from the database (tests/http/test_mail_outbox.py).
@pytest.mark.parametrize("carrier", ["smtp", "ses"], indirect=True)
async def test_both_texts_and_the_headers_arrive_as_they_were(carrier: tuple[Mail, Arrived]) -> None:
    mail, arrived = carrier
    await mail.send(MESSAGE, unasked)
    (message,) = arrived()
    assert text_of(message).replace("\r\n", "\n") == MESSAGE.text
    html = message.get_body(("html",))
    assert html is not None
    assert str(html.get_content()).strip() == MESSAGE.html
    assert message["From"] == "Nötes <noreply@notes.example.org>"
    assert message["Message-ID"] == f"<{MESSAGE.message_id}>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.timestamp() == MESSAGE.at // 1000
    assert message.get_content_type() == "multipart/alternative"


async def test_the_same_message_becomes_the_same_bytes(carrier: tuple[Mail, Arrived]) -> None:
    mail, arrived = carrier
    await mail.send(MESSAGE, unasked)
    await mail.send(replace(MESSAGE), unasked)
    first, second = arrived()
    assert first.as_bytes() == second.as_bytes()


async def test_the_carrier_has_no_mail_before_its_end(carrier: tuple[Mail, Arrived]) -> None:
    mail, arrived = carrier
    there: list[int] = []

    async def before_end() -> None:
        there.append(len(await asyncio.to_thread(arrived)))

    await mail.send(MESSAGE, before_end)
    assert there == [0]
    assert len(arrived()) == 1


async def test_a_mail_that_is_not_ended_is_never_taken(carrier: tuple[Mail, Arrived]) -> None:
    class ChangedMindError(Exception):
        pass

    async def change_ones_mind() -> None:
        raise ChangedMindError

    mail, arrived = carrier
    with pytest.raises(ChangedMindError):
        await mail.send(MESSAGE, change_ones_mind)
    # Its carrier goes on with the next.
    await mail.send(replace(MESSAGE, to="ben@example.org"), unasked)
    assert [message["To"] for message in arrived()] == ["ben@example.org"]


async def test_what_is_no_address_is_refused_for_good(carrier: tuple[Mail, Arrived]) -> None:
    mail, arrived = carrier
    for address in ("nobody", "@example.org", "ada@", "a b@example.org", "a..b@example.org", ".a@example.org", ""):
        with pytest.raises(MailRefusedError):
            await mail.send(replace(MESSAGE, to=address), unasked)
    assert arrived() == []


async def test_no_line_break_gets_into_a_header(carrier: tuple[Mail, Arrived]) -> None:
    mail, arrived = carrier
    for end in INJECTED:
        evil = f"{end}Bcc: everybody@example.org"
        for message in (
            replace(MESSAGE, subject=f"Hello{evil}"),
            replace(MESSAGE, to=f"ada@example.org{evil}"),
            replace(MESSAGE, to=f"Ada{evil} <ada@example.org>"),
            replace(MESSAGE, sender=f"Notes{evil} <noreply@notes.example.org>"),
            replace(MESSAGE, message_id=f"1@example.org>{evil}"),
        ):
            with pytest.raises(MailRefusedError):
                await mail.send(message, unasked)
    assert arrived() == []


async def test_a_domain_beyond_ascii_is_written_as_dns_has_it() -> None:
    assert envelope("ada@bücher.example") == "ada@xn--bcher-kva.example"
    assert str(address_of("Ada <ada@bücher.example>")) == "Ada <ada@xn--bcher-kva.example>"
    assert mime_of(replace(MESSAGE, to="ada@bücher.example"))["To"] == "ada@xn--bcher-kva.example"


# ---- SMTP; SES alone is in `test_mail_ses` ----


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_smtp_goes_over_tls_with_name_and_password(tls: Tls) -> None:
    async with smtp_server(tls=tls, password=True) as box:
        server = at(box, user=USER, password=PASSWORD, tls=tls == "implicit", starttls=tls == "starttls")
        await SmtpMail(server, trust=trusting()).send(MESSAGE, unasked)
        assert [message["Subject"] for message in box.messages] == [MESSAGE.subject]
        assert box.mails[0].mail_from == "noreply@notes.example.org"
        assert box.mails[0].rcpt_tos == ["ada@example.org"]


async def test_smtp_sends_nothing_in_the_clear_when_the_server_has_no_starttls() -> None:
    async with smtp_server() as box:
        with pytest.raises(MailUnavailableError, match="STARTTLS"):
            await SmtpMail(at(box, starttls=True), trust=trusting()).send(MESSAGE, unasked)
        assert box.mails == []


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_smtp_trusts_no_unknown_certificate(tls: Tls) -> None:
    async with smtp_server(tls=tls) as box:
        server = at(box, tls=tls == "implicit", starttls=tls == "starttls")
        with pytest.raises(MailUnavailableError, match="certificate"):
            await SmtpMail(server).send(MESSAGE, unasked)
        assert box.mails == []


async def test_smtp_reads_whom_to_trust_once_and_not_for_each_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes 30 ms, in which nobody else is served."""
    read: list[ssl.Purpose] = []
    real = ssl.create_default_context

    def noted(purpose: ssl.Purpose = ssl.Purpose.SERVER_AUTH, **options: Any) -> ssl.SSLContext:
        read.append(purpose)
        return real(purpose, **options)

    async with smtp_server(tls="starttls") as box:
        mail = SmtpMail(at(box, starttls=True))
        for _ in range(2):
            with pytest.raises(MailUnavailableError, match="certificate"):
                await mail.send(MESSAGE, unasked)
            monkeypatch.setattr(ssl, "create_default_context", noted)
    assert ssl.Purpose.SERVER_AUTH not in read


async def test_smtp_with_a_wrong_password_may_work_once_it_is_put_right() -> None:
    async with smtp_server(tls="starttls", password=True) as box:
        server = at(box, user=USER, password="wrong", starttls=True)
        with pytest.raises(MailUnavailableError, match="MAIL_URL") as raised:
            await SmtpMail(server, trust=trusting()).send(MESSAGE, unasked)
        assert "wrong" not in str(raised.value)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("550 5.1.1 no such person", MailRefusedError),
        ("552 5.2.2 mailbox full", MailRefusedError),
        ("450 4.2.0 greylisted, come back", MailUnavailableError),
        ("421 4.3.0 closing", MailUnavailableError),
    ],
)
async def test_smtp_knows_a_refusal_for_good_from_one_for_now(answer: str, kind: type[Exception]) -> None:
    async with smtp_server() as box:
        mail = SmtpMail(at(box))
        box.answer = lambda _address: answer
        with pytest.raises(kind, match=answer[4:9]):
            await mail.send(MESSAGE, unasked)
        box.answer = lambda _address: "250 OK"
        box.on_data = lambda _envelope: answer
        with pytest.raises(kind, match=answer[4:9]) as raised:
            await mail.send(MESSAGE, unasked)
        assert not isinstance(raised.value, MailUncertainError)


async def test_smtp_where_nobody_listens_may_work_later() -> None:
    with pytest.raises(MailUnavailableError) as raised:
        await SmtpMail(at(Mailbox(free_port()))).send(MESSAGE, unasked)
    assert not isinstance(raised.value, MailUncertainError)


async def test_smtp_that_hangs_up_before_the_last_byte_has_no_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    clients: list[aiosmtplib.SMTP] = []

    class Client(aiosmtplib.SMTP):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            clients.append(self)

    monkeypatch.setattr(aiosmtplib, "SMTP", Client)
    async with smtp_server() as box:

        async def until_it_is_gone() -> None:
            assert box.connection
            box.connection.abort()
            await eventually(lambda: not clients[0].is_connected, "end of the connection")

        with pytest.raises(MailUnavailableError, match="hung up") as raised:
            await SmtpMail(at(box)).send(MESSAGE, until_it_is_gone)
        assert not isinstance(raised.value, MailUncertainError)
        assert box.mails == []


async def test_smtp_that_hangs_up_behind_the_last_byte_may_have_the_mail() -> None:
    async with smtp_server() as box:
        box.hangs_up = True
        with pytest.raises(MailUncertainError, match="did not say whether"):
            await SmtpMail(at(box)).send(MESSAGE, unasked)
        assert len(box.mails) == 1


async def test_smtp_takes_letters_beyond_ascii_before_the_at_sign() -> None:
    async with smtp_server() as box:
        await SmtpMail(at(box)).send(replace(MESSAGE, to="zoë@example.org"), unasked)
        assert box.mails[0].rcpt_tos == ["zoë@example.org"]
        assert box.mails[0].smtp_utf8


async def test_smtp_parts_from_the_server_when_the_mail_is_written_down() -> None:
    async with smtp_server() as box:
        mail = SmtpMail(at(box))
        await mail.send(MESSAGE, unasked)
        await eventually(lambda: not mail._partings, "end of the connection")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.org", SmtpServer("mail.example.org", 587, None, None, tls=False, starttls=True)),
        (
            "smtps://u:p%40ss@mail.example.org",
            SmtpServer("mail.example.org", 465, "u", "p@ss", tls=True, starttls=False),
        ),
        ("smtp://127.0.0.1:1025", SmtpServer("127.0.0.1", 1025, None, None, tls=False, starttls=False)),
        ("smtp://[::1]:25", SmtpServer("::1", 25, None, None, tls=False, starttls=False)),
        (
            "smtp://127.0.0.1.example.org",
            SmtpServer("127.0.0.1.example.org", 587, None, None, tls=False, starttls=True),
        ),
        ("smtp://relay:25?starttls=never", SmtpServer("relay", 25, None, None, tls=False, starttls=False)),
    ],
)
def test_tls_is_demanded_of_every_server_but_this_machine(url: str, expected: SmtpServer) -> None:
    assert parse_smtp_url(url) == expected
    assert "p@ss" not in repr(parse_smtp_url(url))


def test_an_address_without_a_host_is_no_mail_server() -> None:
    with pytest.raises(ValueError, match="no host"):
        parse_smtp_url("smtp://")


@pytest.mark.parametrize("query", ["starttls=no", "tls=never", "starttls=never&x=1"])
def test_what_stands_behind_the_address_is_not_guessed(query: str) -> None:
    with pytest.raises(ValueError, match="only starttls=never is known"):
        parse_smtp_url(f"smtp://relay:25?{query}")
