"""Mail by SES, beyond what every adapter does (`test_mail`)."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from mdreader.adapters import mail_ses
from mdreader.adapters.aws import Aws
from mdreader.adapters.mail_ses import MAIL_TAG, SesMail, parse_ses_url
from mdreader.kernel.errors import UnavailableError
from mdreader.ports.mail import MailRefusedError, MailUnavailableError, MailUncertainError
from support.aws import REGION
from support.mail_servers import MESSAGE, unasked
from support.ports import free_port


async def test_ses_tags_the_mail_so_that_its_reports_find_it(aws_endpoint: str) -> None:
    asked: list[dict[str, Any]] = []
    client = Aws(REGION, aws_endpoint).client("sesv2", retries={"total_max_attempts": 1})
    client.meta.events.register("before-parameter-build.sesv2.SendEmail", lambda params, **_: asked.append(params))
    client.create_email_identity(EmailIdentity="noreply@notes.example.org")
    assert await SesMail(client, configuration_set=parse_ses_url("ses:?configuration_set=mail")).send(MESSAGE, unasked)
    assert asked[0]["EmailTags"] == [{"Name": MAIL_TAG, "Value": "019ab0c4-0000-7000-8000-000000000001"}]
    assert asked[0]["ConfigurationSetName"] == "mail"


async def test_ses_refuses_an_address_that_was_not_verified(aws_endpoint: str) -> None:
    client = Aws(REGION, aws_endpoint).client("sesv2", retries={"total_max_attempts": 1})
    with pytest.raises(MailRefusedError, match="MessageRejected"):
        await SesMail(client).send(replace(MESSAGE, sender="stranger@example.org"), unasked)


async def test_ses_may_take_it_once_the_sender_is_verified(aws_endpoint: str) -> None:
    client = Aws(REGION, aws_endpoint).client("sesv2", retries={"total_max_attempts": 1})
    said = "Email address is not verified. The following identities failed the check: noreply@notes.example.org"
    stubber = Stubber(client)
    stubber.add_client_error("send_email", "MessageRejected", said)
    with stubber, pytest.raises(MailUnavailableError, match="not verified"):
        await SesMail(client).send(MESSAGE, unasked)


async def test_ses_that_does_not_answer_may_do_so_later(aws_endpoint: str) -> None:
    client = Aws(REGION, f"http://127.0.0.1:{free_port()}").client("sesv2", retries={"total_max_attempts": 1})
    with pytest.raises(MailUnavailableError) as raised:
        await SesMail(client).send(MESSAGE, unasked)
    assert not isinstance(raised.value, MailUncertainError)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 503 Slow down\r\nContent-Length: 0\r\n\r\n", None])
@pytest.mark.parametrize("heard", ["all of it", "not the end"])
async def test_ses_that_says_nothing_of_a_mail_may_have_it_when_it_got_the_end(
    said: bytes | None, heard: str, aws_credentials: None
) -> None:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length - (heard == "not the end"))
        if said is None:
            await reader.read()  # until the client has waited long enough
        else:
            writer.write(said)
        writer.close()

    async def before_end() -> None:
        if heard == "not the end":
            raise UnavailableError("the database is away")

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        aws = Aws(REGION, f"http://127.0.0.1:{port}")
        client = aws.client("sesv2", retries={"total_max_attempts": 1}, read_timeout=0.2)
        with pytest.raises(MailUncertainError if heard == "all of it" else UnavailableError):
            await SesMail(client).send(MESSAGE, before_end)


async def test_a_mail_whose_end_is_not_noted_in_time_is_given_up_and_the_note_with_it(
    aws_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = asyncio.Event()

    async def never() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr(mail_ses, "HOLD_SECONDS", 0.05)
    client = Aws(REGION, aws_endpoint).client("sesv2", retries={"total_max_attempts": 1})
    with pytest.raises(MailUnavailableError, match="noted in time") as raised:
        await SesMail(client).send(MESSAGE, never)
    assert not isinstance(raised.value, MailUncertainError)
    await ended.wait()
