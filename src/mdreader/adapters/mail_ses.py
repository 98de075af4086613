"""Mail by SES."""

import asyncio
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, HTTPClientError

from mdreader.adapters.aws import AwsError, code_of
from mdreader.adapters.mail_mime import envelope, mime_of
from mdreader.ports.mail import MailMessage, MailRefusedError, MailUnavailableError, MailUncertainError

# About this mail. Everything else (limits, paused accounts, identities that are not verified) somebody can put right.
_REFUSED: Final = {"BadRequestException", "InvalidParameterValue", "MessageRejected"}
# Nothing was sent: there was no connection to send it by.
_NEVER_LEFT: Final = (ConnectTimeoutError, EndpointConnectionError)
_SERVER_ERRORS: Final = 500
# By which SES's reports are matched to mails.
MAIL_TAG: Final = "mdreader-mail"


def parse_ses_url(url: str) -> str | None:
    """The configuration set of `ses:` or `ses:?configuration_set=name`."""
    return dict(parse_qsl(urlsplit(url).query)).get("configuration_set")


class SesMail:
    """Sends with `client`, of sesv2. It makes no second call by itself: a call that may have worked would send twice."""

    kept_here: Final = False

    def __init__(self, client: Any, *, configuration_set: str | None = None) -> None:
        self._client = client
        self._options = {"ConfigurationSetName": configuration_set} if configuration_set else {}

    async def send(self, message: MailMessage) -> str:
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
        try:
            answer = await asyncio.to_thread(self._client.send_email, **request)
        except AwsError as error:
            code = code_of(error)
            # The same code says that the sender was not verified yet, which is a setting.
            if code in _REFUSED and "not verified" not in str(error):
                raise MailRefusedError(f"SES refuses it: {code}: {error}") from error
            if _is_uncertain(error):
                raise MailUncertainError(f"SES did not say whether it takes the mail: {code}: {error}") from error
            raise MailUnavailableError(f"SES does not take it now: {code}: {error}") from error
        return str(answer["MessageId"])


def _is_uncertain(error: BaseException) -> bool:
    """Whether the request left, and no answer that is one came back."""
    if isinstance(error, ClientError):
        return bool(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _SERVER_ERRORS)
    return isinstance(error, HTTPClientError) and not isinstance(error, _NEVER_LEFT)
