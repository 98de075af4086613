"""Mail by SES."""

import asyncio
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from botocore.exceptions import ClientError, HTTPClientError

from mdreader.adapters.aws import AwsError, code_of
from mdreader.adapters.mail_mime import envelope, mime_of
from mdreader.ports.mail import BeforeEnd, MailMessage, MailRefusedError, MailUnavailableError, MailUncertainError

# About this mail. Everything else (limits, paused accounts, identities that are not verified) somebody can put right.
_REFUSED: Final = {"BadRequestException", "InvalidParameterValue", "MessageRejected"}
_SERVER_ERRORS: Final = 500
# A request that waits longer for `before_end` is given up.
HOLD_SECONDS: Final = 60.0
# By which SES's reports are matched to mails.
MAIL_TAG: Final = "mdreader-mail"


def parse_ses_url(url: str) -> str | None:
    """The configuration set of `ses:` or `ses:?configuration_set=name`."""
    return dict(parse_qsl(urlsplit(url).query)).get("configuration_set")


class _Held:
    """A request whose last byte waits for `before_end`, which blocks. `ended`: it was let go, so SES may have the mail."""

    def __init__(self, before_end: Callable[[], None]) -> None:
        self._before_end = before_end
        self.ended = False
        self.failure: BaseException | None = None

    def pieces(self, body: bytes) -> Iterator[bytes]:
        """The request's body."""
        yield body[:-1]
        try:
            self._before_end()
        except BaseException as error:
            # The SDK makes an error of its own of it, which says less.
            self.failure = error
            raise
        self.ended = True
        yield body[-1:]


_held: Final[ContextVar[_Held]] = ContextVar("_held")


def _hold(request: Any, **_event: Any) -> None:
    # Behind its signature, and with its length in the headers. There are no redirects, and no second call (see below).
    request.body = _held.get().pieces(request.body)


class SesMail:
    """Sends with `client`, of sesv2. It makes no second call by itself: a call that may have worked would send twice."""

    kept_here: Final = False

    def __init__(self, client: Any, *, configuration_set: str | None = None) -> None:
        self._client = client
        client.meta.events.register("before-send.sesv2.SendEmail", _hold, unique_id="mdreader-hold")
        self._options = {"ConfigurationSetName": configuration_set} if configuration_set else {}

    async def send(self, message: MailMessage, before_end: BeforeEnd) -> str:
        """See `ports.mail.Mail`."""
        mime = mime_of(message)
        sender, to = envelope(message.sender), envelope(message.to)
        if not to.isascii():
            raise MailRefusedError("SES takes no addresses with letters beyond ASCII before the @.")
        request = {
            "FromEmailAddress": sender,
            "Destination": {"ToAddresses": [to]},
            "Content": {"Raw": {"Data": mime.as_bytes()}},
            "EmailTags": [{"Name": MAIL_TAG, "Value": message.message_id.partition("@")[0]}],
            **self._options,
        }
        loop = asyncio.get_running_loop()

        def hold() -> None:
            waiting = asyncio.run_coroutine_threadsafe(before_end(), loop)
            try:
                waiting.result(HOLD_SECONDS)
            except TimeoutError:
                waiting.cancel()  # or it would come to its end for a mail that was given up
                raise MailUnavailableError("It could not be noted in time that the mail is about to go.") from None

        held = _Held(hold)
        _held.set(held)
        try:
            answer = await asyncio.to_thread(self._client.send_email, **request)
        except AwsError as error:
            if held.failure is not None:
                raise held.failure from None
            code = code_of(error)
            # The same code says that the sender was not verified yet, which is a setting.
            if code in _REFUSED and "not verified" not in str(error):
                raise MailRefusedError(f"SES refuses it: {code}: {error}") from error
            if held.ended and _is_unanswered(error):
                raise MailUncertainError(f"SES did not say whether it takes the mail: {code}: {error}") from error
            raise MailUnavailableError(f"SES does not take it now: {code}: {error}") from error
        return str(answer["MessageId"])


def _is_unanswered(error: BaseException) -> bool:
    """Whether no answer that is one came back."""
    if isinstance(error, ClientError):
        return bool(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _SERVER_ERRORS)
    return isinstance(error, HTTPClientError)
