"""What handlers raise to say how to go on, and what they are told."""

from mdreader.kernel.errors import ConflictError


class JobFinishedError(ConflictError):
    """The job has ended already (409)."""

    code = "job_finished"
    title = "This job has ended already"


class GiveUpError(Exception):
    """Raised by a handler: trying again would not help. The job is dead at once; the message says why, for people."""


class RetryLaterError(Exception):
    """Raised by a handler: try again in `seconds`; it counts as an attempt. The message says why, for people."""

    def __init__(self, message: str, *, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class JobCancelledError(Exception):
    """Raised inside a handler when somebody cancelled its job. Let it pass."""


class LeaseLostError(Exception):
    """Raised inside a handler whose job is somebody else's by now, as this worker was silent for too long. Let it pass."""
