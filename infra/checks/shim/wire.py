"""A request to the emulator and its answer, and the shapes that AWS's services put them in."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs

Environ = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """An answer: a status line, headers without the length, and what it says."""

    status: str
    headers: list[tuple[str, str]]
    text: bytes

    @property
    def good(self) -> bool:
        """Whether it did what was asked."""
        return self.status.startswith("2")

    @property
    def json(self) -> dict[str, Any]:
        """What it says, where that is JSON."""
        return dict(json.loads(self.text or b"{}"))

    def saying(self, text: bytes | dict[str, Any]) -> "Reply":
        """The same answer with other words."""
        return Reply(self.status, self.headers, text if isinstance(text, bytes) else json.dumps(text).encode())


@dataclass(frozen=True)
class Call:
    """A request, read whole."""

    environ: Environ
    body: bytes

    @classmethod
    def read(cls, environ: Environ) -> "Call":
        """Of what a WSGI server hands over."""
        return cls(environ, environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))

    @property
    def method(self) -> str:
        """GET, POST and so on."""
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        """The path without the query."""
        return str(self.environ["PATH_INFO"])

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """What comes after the question mark."""
        return parse_qs(self.environ["QUERY_STRING"], keep_blank_values=True)

    @cached_property
    def form(self) -> dict[str, str]:
        """The fields of a form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode(errors="replace")).items()}

    @cached_property
    def json(self) -> dict[str, Any]:
        """What it says, where that is JSON."""
        return dict(json.loads(self.body or b"{}"))

    @property
    def operation(self) -> str:
        """What is asked for, by a header or by a form's Action; nothing where method and path say it."""
        target = str(self.environ.get("HTTP_X_AMZ_TARGET", ""))
        return target.rsplit(".", 1)[-1] or (self.form.get("Action", "") if self.body.startswith(b"Action=") else "")

    def ask(self, app: Callable[..., Any]) -> Reply:
        """The answer of `app`."""
        said: list[Any] = []
        length = str(len(self.body))
        environ = {**self.environ, "wsgi.input": BytesIO(self.body), "CONTENT_LENGTH": length}
        text = b"".join(app(environ, lambda *head: said.append(head)))
        status, headers = said[0][:2]
        return Reply(status, [one for one in headers if one[0].lower() != "content-length"], text)

    def saying(self, body: dict[str, Any]) -> "Call":
        """The same request with another body."""
        return Call(self.environ, json.dumps(body).encode())

    def going(self, method: str, path: str) -> "Call":
        """The same request to another place, and with nothing in it."""
        return Call(
            {**self.environ, "REQUEST_METHOD": method, "PATH_INFO": path, "RAW_URI": path, "REQUEST_URI": path}
            | {"QUERY_STRING": ""},
            b"",
        )


# Lets moto answer.
Ask = Callable[[Call], Reply]


def reply(body: bytes | dict[str, Any], status: str = "200 OK", **headers: str) -> Reply:
    """XML as it is, or JSON."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "text/xml" if isinstance(body, bytes) else "application/json"
    more = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Reply(status, [("Content-Type", kind), *more], text)


def refusal(code: str, status: str = "409 CONFLICT") -> Reply:
    """An error as services that speak XML word it."""
    return reply(
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{code}</Message></Error></ErrorResponse>".encode(),
        status,
    )
