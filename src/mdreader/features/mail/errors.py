"""What can be wrong with a request about mail."""

from mdreader.kernel.errors import ConflictError, ForbiddenError, NotFoundError


class NotSendableError(ConflictError):
    """The mail is not one whose fate is unknown, or what it says holds no longer (409)."""

    code = "not_sendable"
    title = "This mail cannot be sent again"


class NotSuppressedError(NotFoundError):
    """Mail to this address is not held back (404)."""

    code = "not_suppressed"
    title = "Mail to this address is not held back"


class ReportRefusedError(ForbiddenError):
    """The report is not signed by whom we hear (403)."""

    code = "report_refused"
    title = "This report is not from our carrier"


class ReportsNotTakenError(NotFoundError):
    """This server hears no carrier's reports (404)."""

    code = "reports_not_taken"
    title = "This server takes no reports about mail"
