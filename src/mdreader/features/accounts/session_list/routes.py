"""HTTP routes of the list of sessions."""

from fastapi import APIRouter, status

from mdreader.features.accounts.answers import BY_PERSON, ExchangeDep
from mdreader.features.accounts.current import SessionActor
from mdreader.features.accounts.device import describe
from mdreader.features.accounts.errors import SessionNotFoundError
from mdreader.features.accounts.service import end_session
from mdreader.features.accounts.session_list import queries
from mdreader.features.accounts.session_list.schemas import SessionOut, SessionsOut
from mdreader.features.accounts.signing_in import end_sessions
from mdreader.http.dependencies import ReadDep, RuntimeDep, WriteDep
from mdreader.http.errors import problems
from mdreader.kernel.clock import iso

router = APIRouter()


@router.get("/me/sessions", operation_id="list_sessions", responses=BY_PERSON)
async def list_sessions(actor: SessionActor, runtime: RuntimeDep, conn: ReadDep) -> SessionsOut:
    """Where I am signed in."""
    rows = await queries.list_sessions(conn, actor.user_id, runtime.clock.now())
    return SessionsOut(
        items=[
            SessionOut(
                id=row.id,
                current=row.id == actor.session_id,
                device=describe(row.user_agent),
                user_agent=row.user_agent,
                address=row.address,
                method=row.method,
                created_at=iso(row.created_at),
                last_seen_at=iso(row.last_used_at),
            )
            for row in rows
        ]
    )


@router.delete(
    "/me/sessions/{session_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="end_my_session",
    responses=BY_PERSON | problems({404: "No such session of this person."}),
)
async def end_my_session(session_id: str, actor: SessionActor, exchange: ExchangeDep, tx: WriteDep) -> None:
    """Sign out one session: its tokens and sockets end."""
    if not await queries.is_of(tx.conn, session_id, actor.user_id, exchange.runtime.clock.now()):
        raise SessionNotFoundError
    await end_session(exchange.runtime, tx, session_id)
    if session_id == actor.session_id:
        exchange.clear_cookies()


@router.delete(
    "/me/sessions", status_code=status.HTTP_204_NO_CONTENT, operation_id="end_my_sessions", responses=BY_PERSON
)
async def end_my_sessions(
    actor: SessionActor,
    exchange: ExchangeDep,
    tx: WriteDep,
    others: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> None:
    """Sign out everywhere; with `others` everywhere else."""
    await end_sessions(exchange.runtime, tx, actor.user_id, keep=actor.session_id if others else None)
    if not others:
        exchange.clear_cookies()
