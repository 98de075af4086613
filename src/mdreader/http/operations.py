"""What those who run the server ask it: is it alive, is it ready, what does it count."""

import asyncio
import hmac
import math
from ipaddress import ip_address
from socket import gethostname
from typing import Literal

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy import text

from mdreader import __version__
from mdreader.http.dependencies import RuntimeDep
from mdreader.http.errors import PROBLEM_RESPONSES
from mdreader.jobs.metrics import JOBS_OLDEST, JOBS_WAITING
from mdreader.kernel.errors import ForbiddenError, UnavailableError
from mdreader.kernel.metrics import REGISTRY
from mdreader.migrations import HEAD
from mdreader.migrations.schema import schema_of
from mdreader.ports.notices import Notice
from mdreader.runtime import Runtime

router = APIRouter(tags=["operations"])

READY_SECONDS = 2.0


class Health(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"
    version: str = __version__


class Ready(BaseModel):
    """The server can do its work."""

    status: Literal["ready"] = "ready"
    checks: dict[str, str]


class NotReadyError(UnavailableError):
    """A part that the server needs does not answer (503); `checks` says which."""

    code = "not_ready"
    title = "The server is not ready"


class MetricsForbiddenError(ForbiddenError):
    """Metrics are for this machine, or for those who have the token (403)."""

    code = "metrics_forbidden"


def leave(app: FastAPI) -> None:
    """From now on `/api/ready` says no: whoever spreads requests over servers should send no more of them here."""
    app.state.leaving = True


def is_leaving(app: FastAPI) -> bool:
    """Whether the server is about to stop."""
    return bool(getattr(app.state, "leaving", False))


@router.get("/api/health", operation_id="health")
async def health() -> Health:
    """Alive: answers as long as the process does, whatever its database is doing."""
    return Health()


@router.get("/api/ready", operation_id="ready", responses=PROBLEM_RESPONSES)
async def ready(request: Request, runtime: RuntimeDep) -> Ready:
    """Ready: the database is reachable, its schema is this version's, and the server is not about to stop."""
    checks = await _checks(runtime)
    _tell(request, runtime, _failed(checks))  # a stop in good order is no trouble, and is told by itself
    if is_leaving(request.app):
        checks["server"] = "stopping"
    failed = _failed(checks)
    if failed:
        raise NotReadyError(f"Not ready: {', '.join(failed)}.", extra={"checks": checks})
    return Ready(checks=checks)


def _failed(checks: dict[str, str]) -> list[str]:
    return [name for name, state in checks.items() if state != "ok"]


def _tell(request: Request, runtime: Runtime, failed: list[str]) -> None:
    """Let operators hear when a server stops and begins to be ready, as far as somebody asks it."""
    state = request.app.state
    if bool(failed) != getattr(state, "degraded", False):
        state.degraded = bool(failed)
        if failed:
            notice = Notice("server.degraded", "error", f"A server is not ready: {', '.join(failed)}", gethostname())
        else:
            notice = Notice("server.recovered", "info", "A server is ready again", gethostname())
        runtime.notices.publish(notice)


async def _checks(runtime: Runtime) -> dict[str, str]:
    try:
        async with asyncio.timeout(READY_SECONDS), runtime.database.read() as conn:
            schema = schema_of(await conn.scalars(text("SELECT version_num FROM alembic_version")))
    except TimeoutError:
        return {"database": f"no answer within {READY_SECONDS:g} s", "migrations": "unknown"}
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer is that the server is not ready
        return {"database": f"failed: {type(error).__name__}", "migrations": "unknown"}
    return {"database": "ok", "migrations": "ok" if schema.serves(HEAD) else f"at {schema}, expected {HEAD}"}


@router.head("/api/health", include_in_schema=False)
async def head_health() -> Response:
    """As `health`, for load balancers and watchers that ask for the head alone."""
    return Response()


@router.head("/api/ready", include_in_schema=False)
async def head_ready(request: Request, runtime: RuntimeDep) -> Response:
    """As `ready`, without its words."""
    await ready(request, runtime)
    return Response()


@router.get("/metrics", operation_id="metrics", response_class=Response, include_in_schema=False)
async def metrics(request: Request, runtime: RuntimeDep) -> Response:
    """Prometheus text, for this machine or with `Authorization: Bearer MDREADER_METRICS_TOKEN`."""
    if not (_with_token(request, runtime.policy.metrics_token) or _from_this_machine(request)):
        raise MetricsForbiddenError("Ask from the server's own machine, or send the metrics token as Bearer.")
    await _measure(runtime)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


async def _measure(runtime: Runtime) -> None:
    """Count what only the database knows. While it does not answer, the rest is all the more worth reading."""
    try:
        async with asyncio.timeout(READY_SECONDS), runtime.database.read() as conn:
            await runtime.jobs.measure(conn)
    except Exception:  # noqa: BLE001 - whatever it is, readiness tells
        JOBS_WAITING.set(math.nan)
        JOBS_OLDEST.set(math.nan)


def _with_token(request: Request, token: str | None) -> bool:
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    return token is not None and hmac.compare_digest(given.encode(), token.encode())


def _from_this_machine(request: Request) -> bool:
    # The real peer. A proxy on this machine is one too, but it brings strangers, and says so.
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        return False
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False
