"""What every request passes on its way in and out: an id, a size limit, security headers, one log line, metrics.

One ASGI callable instead of five: it runs for each request, and each layer would cost a wrapped `send` of its own.
"""

import re
import time
from functools import cache
from typing import Final

import structlog
from prometheus_client import Counter, Histogram
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mdreader.http.client_address import client_address
from mdreader.http.errors import problem, unexpected
from mdreader.http.limits import body_limit
from mdreader.http.origin_proof import HEADER as PROOF
from mdreader.http.origin_proof import came_through
from mdreader.http.security_headers import security_headers
from mdreader.kernel.ids import new_id
from mdreader.kernel.metrics import IN_FLIGHT, REQUEST_SECONDS, REQUESTS
from mdreader.runtime import Policy

log = structlog.get_logger("mdreader.access")

_PROOF: Final = PROOF.lower().encode()
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_QUIET: Final = ("/assets/", "/api/health", "/api/ready", "/metrics")
_METHODS: Final = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class EdgeMiddleware:
    """Wraps the application inside Starlette's own error handler, which therefore never sees an error."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers: list[tuple[bytes, bytes]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy: Policy = scope["app"].state.runtime.policy
        if self._headers is None:
            self._headers = security_headers(policy)
        exchange = _Exchange(scope, receive, send, policy, self._headers)
        structlog.contextvars.bind_contextvars(request_id=exchange.request_id)
        IN_FLIGHT.count += 1
        try:
            if not exchange.came_through():
                response = problem(403, "not_this_way", "Not this way", "Requests come in by the public address alone.")
                await response(scope, receive, exchange.send)
            elif exchange.declared_too_large():
                response = problem(413, "too_large", "This is too large", exchange.too_large_detail)
                await response(scope, receive, exchange.send)
            else:
                await self._app(scope, exchange.receive, exchange.send)
        except Exception as error:
            if exchange.status is not None:
                # Half an answer is out: only a cut connection tells the client that it is not the whole.
                log.exception("answer_broken_off")
                raise
            await unexpected(error)(scope, receive, exchange.send)
        finally:
            IN_FLIGHT.count -= 1
            exchange.record()
            structlog.contextvars.unbind_contextvars("request_id")


class _Exchange:
    """One request and its answer."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, policy: Policy, headers: list[tuple[bytes, bytes]]
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._policy = policy
        self._started = time.perf_counter()
        self._received = 0
        self.status: int | None = None
        # By name, the first of several: Starlette's way would look through the list for each of them.
        self._request_headers: dict[bytes, bytes] = dict(reversed(scope["headers"]))
        given = self._request_headers.get(b"x-request-id", b"")
        self.request_id = given.decode() if _REQUEST_ID.fullmatch(given) else new_id()
        self._headers = [*headers, (b"x-request-id", self.request_id.encode())]

    @property
    def _limit(self) -> int:
        return body_limit(self._scope["path"], self._policy)

    @property
    def too_large_detail(self) -> str:
        """What to do about it."""
        return f"The request may carry at most {self._limit} bytes."

    def came_through(self) -> bool:
        """Whether it proves that it came through what stands in front of this server."""
        proof = self._request_headers.get(_PROOF, b"").decode("latin-1")
        return came_through(self._policy, self._scope["path"], proof)

    def declared_too_large(self) -> bool:
        """Whether Content-Length alone is reason enough to refuse."""
        declared = self._request_headers.get(b"content-length", b"")
        return declared.isdigit() and int(declared) > self._limit

    async def receive(self) -> Message:
        """Count the body as it comes in: a chunked one declares nothing."""
        message = await self._receive()
        if body := message.get("body"):
            self._received += len(body)
            if self._received > self._limit:
                raise HTTPException(413, self.too_large_detail)
        return message

    async def send(self, message: Message) -> None:
        """Add our headers to the answer's start."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message["headers"], *self._headers]
            if self._scope["path"].startswith("/api/") and b"cache-control" not in dict(headers):
                headers.append((b"cache-control", b"no-store"))
            message = {**message, "headers": headers}
        await self._send(message)

    def record(self) -> None:
        """Count the request and write its line."""
        seconds = time.perf_counter() - self._started
        scope = self._scope
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = getattr(scope.get("route"), "path", "other")
        status = self.status or 499  # the client went away before there was an answer
        requests, request_seconds = _meters(method, route, status)
        requests.inc()
        request_seconds.observe(seconds)
        path: str = scope["path"]
        write = log.debug if path.startswith(_QUIET) and status < 500 else log.info  # noqa: PLR2004 - server errors
        write(
            "request",
            method=scope["method"],
            path=path,
            status=status,
            ms=round(seconds * 1000, 1),
            address=self._address(),
        )

    def _address(self) -> str:
        forwarded = [value for name, value in self._scope["headers"] if name == b"x-forwarded-for"]
        # Several lines mean the same as one with commas.
        forwarded_for = b",".join(forwarded).decode("latin-1")
        peer = self._scope["client"][0] if self._scope["client"] else ""
        return client_address(peer, forwarded_for, self._policy.trusted_proxies)


@cache
def _meters(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """The two meters of a kind of request; looking up labels costs more than counting. There are as many kinds as meters."""
    return REQUESTS.labels(method, route, str(status)), REQUEST_SECONDS.labels(method, route)
