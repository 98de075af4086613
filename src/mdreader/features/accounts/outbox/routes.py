"""HTTP routes of what the operator sees of mail."""

from typing import Annotated

from fastapi import Path, Query, status

from mdreader.features.accounts.outbox.operator import Operator
from mdreader.features.mail import service
from mdreader.features.mail.schemas import OutboxOut, SuppressionOut, SuppressionsOut
from mdreader.http.dependencies import ReadDep, RuntimeDep, WriteDep
from mdreader.http.errors import problems
from mdreader.http.routes import make_router
from mdreader.kernel.paging import decode_cursor, encode_cursor

router = make_router("/api/mail", "mail")

_FOR_OPERATOR = problems({403: "`operator_required` or `session_required`"})


@router.get("/outbox", operation_id="read_outbox", responses=_FOR_OPERATOR)
async def read_outbox(
    _operator: Operator,
    runtime: RuntimeDep,
    conn: ReadDep,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> OutboxOut:
    """List mails, the newest first. Without a mail server, this is where they are read."""
    before = None if cursor is None else str(decode_cursor(cursor, str)[0])
    found = await service.read_outbox(runtime, conn, before=before, limit=limit)
    if found.next_cursor is not None:
        found.next_cursor = encode_cursor(found.next_cursor)
    return found


@router.post(
    "/outbox/{mail_id}/again",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="send_mail_again",
    responses=_FOR_OPERATOR
    | problems({409: "`not_sendable`: only one of which nobody knows whether it went, while what it says holds"}),
)
async def send_mail_again(
    _operator: Operator, runtime: RuntimeDep, tx: WriteDep, mail_id: Annotated[str, Path(max_length=36)]
) -> None:
    """Send a mail once more whose server ended while it was handed over. If the first did arrive, two do."""
    await service.send_again(runtime, tx, mail_id)


@router.get("/suppressions", operation_id="list_mail_suppressions", responses=_FOR_OPERATOR)
async def list_mail_suppressions(_operator: Operator, conn: ReadDep) -> SuppressionsOut:
    """List the addresses that no mail goes to: they bounced, or complained."""
    found = await service.list_suppressions(conn)
    return SuppressionsOut(
        items=[
            SuppressionOut.model_validate(
                {"email": one.email, "reason": one.reason, "detail": one.detail, "created_at": one.created_at}
            )
            for one in found
        ]
    )


@router.delete(
    "/suppressions",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="lift_mail_suppression",
    responses=_FOR_OPERATOR | problems({404: "`not_suppressed`"}),
)
async def lift_mail_suppression(
    _operator: Operator, tx: WriteDep, email: Annotated[str, Query(min_length=3, max_length=320)]
) -> None:
    """Send mail to an address again."""
    await service.lift_suppression(tx, email)
