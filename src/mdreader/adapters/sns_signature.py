"""Messages of SNS that come over HTTPS: from our topic, signed by AWS, and new."""

import base64
import binascii
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from mdreader.kernel.errors import UnavailableError
from mdreader.kernel.tls import system_tls
from mdreader.ports.mail_reports import ForgedReportError

Fetch = Callable[[str], Awaitable[bytes]]

# SNS gives up on an endpoint within the hour, and AWS says to take nothing older.
OLDEST_MS: Final = 3600 * 1000
# Clocks differ.
AHEAD_MS: Final = 300 * 1000
_CERTIFICATE_HOST: Final = re.compile(r"sns\.[a-z0-9-]{1,32}\.amazonaws\.com(?:\.cn)?")
_CERTIFICATE_PATH: Final = re.compile(r"/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem")
_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
# What a topic uses is its owner's choice; 1 is the default, and forging it takes a second preimage.
_HASHES: Final = {"1": hashes.SHA1, "2": hashes.SHA256}
_MOST_CERTIFICATES: Final = 8


class SnsSignatures:
    """Checks messages of `topic`. `fetch` gets the certificate, which is asked for once; `now` is in milliseconds."""

    def __init__(self, topic: str, *, fetch: Fetch, now: Callable[[], int]) -> None:
        self._topic = topic
        self._fetch = fetch
        self._now = now
        self._certificates: dict[str, x509.Certificate] = {}

    async def check(self, body: bytes) -> dict[str, Any]:
        """The message in `body`. Raises `ForgedReportError`, and `UnavailableError` when the certificate cannot be had."""
        message = _parsed(body)
        if message["TopicArn"] != self._topic:
            raise ForgedReportError(f"It is from another topic: {message['TopicArn'][:200]}")
        self._check_age(message["Timestamp"])
        certificate = await self._certificate(message["SigningCertURL"])
        _check_signature(message, certificate)
        return message

    def _check_age(self, timestamp: str) -> None:
        try:
            said = datetime.fromisoformat(timestamp)
        except ValueError:
            raise ForgedReportError("Its Timestamp is no instant.") from None
        if said.tzinfo is None:
            raise ForgedReportError("Its Timestamp is no instant.")
        age = self._now() - int(said.timestamp() * 1000)
        if not -AHEAD_MS <= age <= OLDEST_MS:
            raise ForgedReportError("It is older than an hour, or from the future.")

    async def _certificate(self, url: str) -> x509.Certificate:
        parts = urlsplit(url)
        # Compared as a whole: no port, no user, no query, nothing that another reader of addresses understands otherwise.
        if not (
            parts.scheme == "https"
            and _CERTIFICATE_HOST.fullmatch(parts.netloc)
            and _CERTIFICATE_PATH.fullmatch(parts.path)
            and url == f"https://{parts.netloc}{parts.path}"
        ):
            raise ForgedReportError("Its certificate does not lie with SNS.")
        known = self._certificates.get(url)
        if known is None:
            try:
                known = x509.load_pem_x509_certificate(await self._fetch(url))
            except ValueError:
                raise ForgedReportError("Its certificate is none.") from None
            if len(self._certificates) >= _MOST_CERTIFICATES:
                self._certificates.clear()
            self._certificates[url] = known
        moment = datetime.fromtimestamp(self._now() / 1000, UTC)
        if not known.not_valid_before_utc <= moment <= known.not_valid_after_utc:
            raise ForgedReportError("Its certificate has expired.")
        return known


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body)
    except ValueError:
        raise ForgedReportError("It is no JSON.") from None
    if not isinstance(message, dict) or message.get("Type") not in _SIGNED:
        raise ForgedReportError("It is no message of SNS.")
    needed = {*_SIGNED[message["Type"]], "Signature", "SignatureVersion", "SigningCertURL"} - {"Subject"}
    if not all(isinstance(message.get(name), str) for name in needed):
        raise ForgedReportError("It is no message of SNS.")
    return message


def _check_signature(message: dict[str, Any], certificate: x509.Certificate) -> None:
    kind = _HASHES.get(message["SignatureVersion"])
    key = certificate.public_key()
    if kind is None or not isinstance(key, RSAPublicKey):
        raise ForgedReportError("It is signed in a way that is not known here.")
    text = "".join(f"{name}\n{message[name]}\n" for name in _SIGNED[message["Type"]] if message.get(name) is not None)
    try:
        signature = base64.b64decode(message["Signature"], validate=True)
        key.verify(signature, text.encode("utf-8", "surrogatepass"), PKCS1v15(), kind())
    except (binascii.Error, ValueError, InvalidSignature):
        raise ForgedReportError("Its signature is wrong.") from None


async def fetch_certificate(url: str) -> bytes:
    """What lies at `url`. Raises `UnavailableError`."""
    import httpx  # noqa: PLC0415 - not before the first report

    try:
        async with httpx.AsyncClient(timeout=10, follow_redirects=False, verify=system_tls()) as client:
            response = await client.get(url)
            response.raise_for_status()
    except httpx.HTTPError as error:
        raise UnavailableError(f"The certificate cannot be had: {type(error).__name__}.") from error
    return response.content
