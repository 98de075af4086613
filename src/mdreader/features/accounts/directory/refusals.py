"""What a directory's refusals are called here."""

from mdreader.features.accounts.errors import (
    EmailTakenError,
    InvalidCodeError,
    InvalidCredentialsError,
    PasswordResetRequiredError,
    SecondStepOverError,
    SignupClosedError,
    TooManyAttemptsError,
    WeakPasswordError,
)
from mdreader.kernel.errors import AppError
from mdreader.ports.directory import Directory, DirectoryRefusedError
from mdreader.runtime import Runtime

_PAUSE_SECONDS = 300


def directory_of(runtime: Runtime) -> Directory:
    """The directory of a runtime that has one."""
    assert runtime.directory is not None  # noqa: S101 - `ways_in` chose these functions because there is one
    return runtime.directory


def told(error: DirectoryRefusedError, *, field: str = "password") -> AppError:
    """What a client is told instead; `field` is the new password's name in the request."""
    match error.reason:
        case "weak_password":
            found = [{"loc": ["body", field], "message": str(error), "kind": "policy"}]
            return WeakPasswordError(str(error), extra={"missing": ["policy"], "errors": found})
        case "too_many":
            return TooManyAttemptsError("Try again in 5 minutes.", headers={"Retry-After": str(_PAUSE_SECONDS)})
        case "code" | "code_expired":
            return InvalidCodeError()
        case "session":
            return SecondStepOverError()
        case "closed":
            return SignupClosedError()
        case "taken":
            return EmailTakenError()
        case "reset_required":
            return PasswordResetRequiredError()
        case "credentials" | "unconfirmed":
            return InvalidCredentialsError()
