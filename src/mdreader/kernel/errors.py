"""The one family of errors that a caller may be told about.

A feature raises a subclass of `AppError`; only `mdreader.http.errors` knows which HTTP status a kind has.
"""

from typing import Any, ClassVar


class AppError(Exception):
    """An error with a stable `code` for programs and a `detail` that tells a person what to do.

    `extra` are JSON-ready members that the problem document carries beside the standard ones; `headers` are response headers.
    """

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong"

    def __init__(
        self, detail: str = "", *, extra: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.extra = extra or {}
        self.headers = headers or {}


class InvalidInputError(AppError):
    """What was sent cannot be used (422)."""

    code = "invalid_input"
    title = "The request cannot be used as it is"


class UnauthenticatedError(AppError):
    """No valid credentials (401)."""

    code = "unauthenticated"
    title = "Log in first"


class ForbiddenError(AppError):
    """Known, but not allowed (403)."""

    code = "forbidden"
    title = "You may not do this"


class UpgradeRequiredError(AppError):
    """This address speaks WebSocket alone (426)."""

    code = "upgrade_required"
    title = "This is the address of a WebSocket"


class NotFoundError(AppError):
    """It is not there, or not for this person (404)."""

    code = "not_found"
    title = "There is nothing here"


class ConflictError(AppError):
    """It contradicts what is there (409)."""

    code = "conflict"
    title = "This conflicts with what is there"


class GoneError(AppError):
    """It was there, and is not any more (410)."""

    code = "gone"
    title = "This is not there any more"


class PreconditionFailedError(AppError):
    """The `If-Match` of the request is stale (412)."""

    code = "etag_mismatch"
    title = "The document has changed since you read it"


class PreconditionRequiredError(AppError):
    """The request needs an `If-Match` (428)."""

    code = "if_match_required"
    title = "Send the ETag you read as If-Match"


class TooLargeError(AppError):
    """Over a size limit (413)."""

    code = "too_large"
    title = "This is too large"


class TooManyRequestsError(AppError):
    """Over a rate limit (429). `headers` carries `Retry-After` in seconds."""

    code = "too_many_requests"
    title = "Too many attempts"


class UnavailableError(AppError):
    """Cannot be done now, may work later (503)."""

    code = "unavailable"
    title = "This cannot be done right now"


class StorageFullError(UnavailableError):
    """There is no space left to store anything (503)."""

    code = "storage_full"
    title = "The server's disk is full"
