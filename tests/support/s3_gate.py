"""A gate before moto that checks presigned addresses as S3 does: moto takes any signature, any age and any digest.

Written from AWS's description of Signature Version 4, and of what S3 does with signed headers; it shares no code with the SDK.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import httpx

from support.aws import CREDENTIALS
from support.http_servers import Quiet, listening

_HOP: Final = {"connection", "transfer-encoding", "content-length", "keep-alive", "server", "date"}


class Gate:
    """`url` is S3's address. `seconds` is how much later it is here than elsewhere."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seconds = 0.0

    def why_not(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, str] | None:
        """The status and code with which a request is refused; None when it may pass."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if "X-Amz-Signature" not in query:
            return None if "authorization" in headers else (403, "AccessDenied")
        try:
            expected = _signature(method, parts.path, parts.query, query, headers)
            began = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
            ends = began + int(query["X-Amz-Expires"])
        except (KeyError, ValueError):
            return 403, "AuthorizationQueryParametersError"
        if not hmac.compare_digest(expected, query["X-Amz-Signature"]):
            return 403, "SignatureDoesNotMatch"
        if time.time() + self.seconds > ends:
            return 403, "AccessDenied"
        signed = query["X-Amz-SignedHeaders"].split(";")
        if any(name.startswith("x-amz-") and name not in signed for name in headers):
            return 403, "AccessDenied"
        digest = headers.get("x-amz-checksum-sha256", query.get("x-amz-checksum-sha256"))
        if digest is not None and digest != base64.b64encode(hashlib.sha256(body).digest()).decode():
            return 400, "BadDigest"
        return None


def _signature(method: str, path: str, raw_query: str, query: dict[str, str], headers: dict[str, str]) -> str:
    key_id, *scope = query["X-Amz-Credential"].split("/")
    if key_id != CREDENTIALS["AWS_ACCESS_KEY_ID"] or query["X-Amz-Algorithm"] != "AWS4-HMAC-SHA256":
        raise ValueError(key_id)
    pairs = [pair.partition("=") for pair in raw_query.split("&")]
    canonical_query = "&".join(
        f"{name}={value}"
        for name, value in sorted(
            (quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")) for name, _, value in pairs
        )
        if name != "X-Amz-Signature"
    )
    names = query["X-Amz-SignedHeaders"]
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names.split(";"))
    canonical = f"{method}\n{path}\n{canonical_query}\n{lines}\n{names}\nUNSIGNED-PAYLOAD"
    text = "\n".join(
        ["AWS4-HMAC-SHA256", query["X-Amz-Date"], "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()]
    )
    key = b"AWS4" + CREDENTIALS["AWS_SECRET_ACCESS_KEY"].encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@contextmanager
def s3_gate(moto: str) -> Iterator[Gate]:
    """A gate before the moto at this address."""

    class Handler(Quiet, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            refusal = gate.why_not(self.command, self.path, headers, body)
            if refusal is not None:
                status, code = refusal
                self.reply(status, {"Content-Type": "application/xml"}, f"<Error><Code>{code}</Code></Error>".encode())
                return
            passed = {name: value for name, value in headers.items() if name not in {"connection", "expect"}}
            response = client.request(self.command, moto + self.path, headers=passed, content=body)
            self.reply(response.status_code, dict(response.headers), response.content)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815 - the standard library's names

        def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            length = headers.get("content-length", "0") if self.command == "HEAD" else str(len(body))
            self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    with httpx.Client(timeout=60) as client, listening(Handler) as url:
        gate = Gate(url)
        yield gate
