"""moto's server with a shim for what it lacks, for infra/checks/cycle.py: `python emulator.py PORT_FILE`.

The shim keeps what it is given and says it again, no more: the point is Terraform's own order of making, asking and taking away.
"""

import itertools
import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from moto.server import DomainDispatcherApplication, create_backend_app  # type: ignore[attr-defined]
from werkzeug.serving import make_server

Environ = dict[str, Any]
App = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
# CloudFront's policies, and what their XML is called.
POLICIES: Final = {
    "cache-policy": "CachePolicy",
    "origin-request-policy": "OriginRequestPolicy",
    "response-headers-policy": "ResponseHeadersPolicy",
}
POLICY: Final = re.compile(
    r"^/2020-05-31/(cache-policy|origin-request-policy|response-headers-policy)(?:/([\w-]+))?(/config)?$"
)
PUBLISH: Final = re.compile(r"^/2020-05-31/function/([\w-]+)/publish$")


class Shim:
    """Answers what moto does not, and hands on the rest."""

    def __init__(self, app: App) -> None:
        """Stand before `app`."""
        self.app = app
        self.numbers = itertools.count(1)
        self.policies: dict[str, bytes] = {}
        self.allowed: dict[str, str] = {}

    def __call__(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        path, method, target = environ["PATH_INFO"], environ["REQUEST_METHOD"], environ.get("HTTP_X_AMZ_TARGET", "")
        if found := POLICY.match(path):
            return self._policy(method, found[1], found[2], body, start)
        if found := PUBLISH.match(path):
            environ.update(
                REQUEST_METHOD="GET",
                PATH_INFO=f"/2020-05-31/function/{found[1]}/describe",
                QUERY_STRING="Stage=DEVELOPMENT",
            )
        if target.startswith("AmazonSQS."):
            return self._queue(target, environ, body, start)
        return self._ask(environ, start)

    def _policy(
        self, method: str, kind: str, key: str | None, body: bytes, start: Callable[..., Any]
    ) -> Iterable[bytes]:
        if method == "POST":
            key = f"policy-{next(self.numbers)}"
        if key is None or (method != "POST" and key not in self.policies):
            start("404 NOT FOUND", [("Content-Type", "text/xml")])
            return [
                f"<ErrorResponse><Error><Code>NoSuch{POLICIES[kind]}</Code><Message>none</Message></Error></ErrorResponse>".encode()
            ]
        if method in ("POST", "PUT"):
            self.policies[key] = re.sub(rb"<\?xml[^>]*\?>", b"", body)
        elif method == "DELETE":
            del self.policies[key]
            start("204 NO CONTENT", [])
            return []
        start("201 CREATED" if method == "POST" else "200 OK", [("Content-Type", "text/xml"), ("ETag", key)])
        head = f"<Id>{key}</Id><LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime>"
        return [f"<{POLICIES[kind]}>{head}".encode(), self.policies[key], f"</{POLICIES[kind]}>".encode()]

    def _queue(self, target: str, environ: Environ, body: bytes, start: Callable[..., Any]) -> Iterable[bytes]:
        asked = json.loads(body or b"{}")
        attributes = asked.get("Attributes") or {}
        if target.endswith("SetQueueAttributes") and "RedriveAllowPolicy" in attributes:
            self.allowed[asked["QueueUrl"]] = attributes["RedriveAllowPolicy"]
            start("200 OK", [("Content-Type", "application/x-amz-json-1.0")])
            return [b"{}"]
        if not (target.endswith("GetQueueAttributes") and self.allowed.get(asked.get("QueueUrl", ""))):
            return self._ask(environ, start)
        said: list[Any] = []
        answer = b"".join(self._ask(environ, lambda *head: said.append(head)))
        if not said[0][0].startswith("200"):
            start(*said[0])
            return [answer]
        whole = json.loads(answer)
        whole.setdefault("Attributes", {})["RedriveAllowPolicy"] = self.allowed[asked["QueueUrl"]]
        answer = json.dumps(whole).encode()
        start("200 OK", [("Content-Type", "application/x-amz-json-1.0"), ("Content-Length", str(len(answer)))])
        return [answer]

    def _ask(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        """Let moto answer, and write down what it cannot."""
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {environ.get('HTTP_X_AMZ_TARGET', '')}"
        said: list[str] = []

        def begin(status: str, *more: Any) -> Any:
            said.append(status)
            return start(status, *more)

        answer = b"".join(self.app(environ, begin))
        if said and said[0][0] in "45":
            print(asked, said[0], answer[:300], flush=True)
        return [answer]


def main() -> None:
    """Serve until killed."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, Shim(DomainDispatcherApplication(create_backend_app)), threaded=True)
    Path(sys.argv[1]).write_text(str(server.server_port))
    server.serve_forever()


if __name__ == "__main__":
    main()
