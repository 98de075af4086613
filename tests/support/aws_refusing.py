"""An AWS that lets nobody do some things: answers as AWS does, over real HTTP."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from support.http_servers import Quiet, listening

_XML: Final = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
)


class _Refusing(Quiet, BaseHTTPRequestHandler):
    given: Mapping[str, Any]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if target:  # JSON: Secrets Manager, SQS, Cognito
            answer = self.given.get(target, {"__type": "AccessDeniedException"})
            self.tell(400 if "__type" in answer else 200, answer)
            return
        if urlsplit(self.path).path == "/v2/email/outbound-emails":
            self.answer_ses("SendEmail")
            return
        operation = parse_qs(body.decode()).get("Action", [""])[0]  # query: STS, SNS
        if operation in self.given:
            self.tell(200, self.given[operation], kind="text/xml")
        else:
            code = "AccessDenied" if operation == "GetCallerIdentity" else "AuthorizationError"  # STS, SNS
            self.tell(403, _XML.format(code=code), kind="text/xml")

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/v2/email/account":  # REST with JSON: SES
            self.answer_ses("GetAccount")
        elif re.fullmatch(r"/v2/email/identities/[^/]+", path):
            self.answer_ses("GetEmailIdentity")
        else:
            self.deny_s3()

    def answer_ses(self, operation: str) -> None:
        if operation in self.given:
            self.tell(200, self.given[operation])
        else:
            self.tell(403, {"__type": "AccessDeniedException", "message": "no"})

    def do_HEAD(self) -> None:
        self.tell(200 if "HeadBucket" in self.given else 403, "")

    def deny_s3(self) -> None:
        if length := int(self.headers.get("Content-Length", "0")):
            self.rfile.read(length)
        self.tell(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>", kind="application/xml")

    do_PUT = deny_s3  # noqa: N815 - the standard library's names
    do_DELETE = deny_s3  # noqa: N815

    def tell(self, status: int, answer: Any, *, kind: str = "application/json") -> None:
        body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if isinstance(answer, dict) and "__type" in answer:
            self.send_header("X-Amzn-Errortype", answer["__type"])
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def refusing_aws(answers: Mapping[str, Any] | None = None) -> Iterator[str]:
    """Its address. `answers` by operation (`GetAccount`) are given; everything else is denied in the words of its protocol."""

    class Handler(_Refusing):
        given = answers or {}

    with listening(Handler) as url:
        yield url
