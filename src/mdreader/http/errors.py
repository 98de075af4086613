"""The one place that knows which HTTP status a kind of error has. Everything goes out as problem+json (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from mdreader.kernel import errors
from mdreader.ports.notices import disk_full

log = structlog.get_logger(__name__)

STATUS: dict[type[errors.AppError], int] = {
    errors.InvalidInputError: 422,
    errors.UnauthenticatedError: 401,
    errors.ForbiddenError: 403,
    errors.NotFoundError: 404,
    errors.ConflictError: 409,
    errors.GoneError: 410,
    errors.PreconditionFailedError: 412,
    errors.TooLargeError: 413,
    errors.UpgradeRequiredError: 426,
    errors.PreconditionRequiredError: 428,
    errors.TooManyRequestsError: 429,
    errors.UnavailableError: 503,
}

# What the framework itself refuses. The standard library's phrases change between Python versions; codes must not.
HTTP_CODES = {
    400: ("bad_request", "The request cannot be read"),
    404: ("not_found", "There is nothing here"),
    405: ("method_not_allowed", "This address does not do that"),
    413: ("too_large", "This is too large"),
    415: ("unsupported_media_type", "This type of content is not understood"),
}


class Problem(BaseModel):
    """An error (RFC 9457). Programs read `code`, people `title` and `detail`."""

    type: str
    title: str
    status: int
    code: str
    detail: str


PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "An error; `code` says which",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


def problems(descriptions: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """What a route says in OpenAPI of the errors that are its own: `responses=problems({409: "..."})`."""
    content = PROBLEM_RESPONSES["default"]["content"]
    return {status: {"description": text, "content": content} for status, text in descriptions.items()}


def status_of(error: errors.AppError) -> int:
    """The status of the nearest kind that has one."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem(
    status: int, code: str, title: str, detail: str, *, headers: dict[str, str] | None = None, **extra: Any
) -> JSONResponse:
    """A problem document; `type` stays `about:blank` because `code` is what programs read."""
    body = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail, **extra}
    return JSONResponse(body, status_code=status, headers=headers, media_type="application/problem+json")


async def app_error(request: Request, error: Exception) -> JSONResponse:
    """The answer to an error that a caller may be told about."""
    assert isinstance(error, errors.AppError)  # noqa: S101 - registered for this type alone
    if isinstance(error, errors.StorageFullError):
        request.app.state.runtime.notices.publish(disk_full())
    status = status_of(error)
    headers = dict(error.headers)
    if status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="mdreader"')
    return problem(status, error.code, error.title, error.detail, headers=headers, **error.extra)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type alone
    # `input` and `ctx` are left out: they would send a password back, and may not be JSON.
    found = [{"loc": list(e["loc"]), "message": e["msg"], "kind": e["type"]} for e in error.errors()]
    where = ", ".join(sorted({".".join(str(part) for part in e["loc"][1:]) or str(e["loc"][0]) for e in found}))
    detail = f"Check: {where}."
    if found[0]["kind"] == "json_invalid":
        place = found[0]["loc"][-1]
        # FastAPI's own reading of a body names the place, pydantic's says it in words.
        detail = f"The body is not JSON: {f'see character {place}' if isinstance(place, int) else found[0]['message']}."
    return problem(422, "invalid_input", "The request cannot be used as it is", detail, errors=jsonable_encoder(found))


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type alone
    code, title = HTTP_CODES.get(error.status_code, (f"http_{error.status_code}", "The request was refused"))
    return problem(error.status_code, code, title, str(error.detail), headers=dict(error.headers or {}))


def unexpected(error: Exception) -> JSONResponse:
    """The answer to a mistake of ours; logs it. `EdgeMiddleware` calls this."""
    log.error("unexpected_error", exc_info=error)
    detail = "It was recorded. Try again; nothing was changed halfway."
    return problem(500, "internal_error", "Something went wrong on the server", detail)


def add_error_handlers(app: FastAPI) -> None:
    """Make every error of `app` a problem document."""
    app.add_exception_handler(errors.AppError, app_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
