"""Where carriers of mail report."""

import structlog
from fastapi import Request, status

from mdreader.features.mail import service
from mdreader.features.mail.errors import ReportRefusedError, ReportsNotTakenError
from mdreader.http.dependencies import RuntimeDep
from mdreader.http.errors import problems
from mdreader.http.routes import make_router
from mdreader.ports.mail_reports import ForgedReportError

router = make_router("/api/mail", "mail")

log = structlog.get_logger(__name__)


@router.post(
    "/sns",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="take_mail_report",
    responses=problems({403: "Not signed by SNS, from another topic, or old.", 404: "No reports are taken here."}),
)
async def take_mail_report(request: Request, runtime: RuntimeDep) -> None:
    """Take a report of SES, signed by SNS: bounces and complaints. Nothing else authenticates it."""
    if runtime.mail_reports is None:
        raise ReportsNotTakenError
    try:
        report = await runtime.mail_reports.read(await request.body())
    except ForgedReportError as error:
        log.warning("mail_report_refused", reason=str(error))
        raise ReportRefusedError from None
    if report is not None:
        # Its own transaction: a request's would be open while the certificate is fetched.
        async with runtime.database.write() as tx:
            await service.take_report(runtime, tx, report)
