"""HTTP routes of live editing: tickets, and a word to who comes to the socket's address without asking for one."""

from fastapi import status
from pydantic import BaseModel, Field

from mdreader.features.accounts.current import CurrentActor
from mdreader.features.collab.joining import rooms_of
from mdreader.features.documents.access import require_document
from mdreader.features.workspaces.access import Right, Role
from mdreader.http.dependencies import RuntimeDep
from mdreader.http.routes import make_router
from mdreader.kernel.errors import UpgradeRequiredError
from mdreader.ports.tickets import TTL_SECONDS

router = make_router("/api", "live editing")


class TicketOut(BaseModel):
    """What opens one socket."""

    ticket: str = Field(description="Put it behind `?token=` of `/api/collab/{document_id}`; it works once.")
    expires_in: int = Field(description="Seconds.")
    epoch: str = Field(description="The document's life; a local copy of another one must not be merged into it.")
    role: Role = Field(
        description="What the actor is in the workspace now: it may have changed while no socket was open to say so."
    )


@router.post("/documents/{document_id}/ticket", status_code=status.HTTP_201_CREATED, operation_id="issue_ticket")
async def issue_ticket(document_id: str, actor: CurrentActor, runtime: RuntimeDep) -> TicketOut:
    """Get a single-use ticket for a socket on this document."""
    # Given back before the epoch is read: requests that each hold one connection and wait for a second would wait for ever.
    async with runtime.database.read() as conn:
        access = await require_document(conn, actor, document_id, Right.READ)
    epoch = await rooms_of(runtime).epoch(document_id)
    ticket = await runtime.tickets.issue(actor, document_id)
    return TicketOut(ticket=ticket, expires_in=TTL_SECONDS, epoch=epoch, role=access.role)


@router.get("/collab/{document_id}", include_in_schema=False)
async def no_socket(document_id: str) -> None:  # noqa: ARG001 - part of the path
    # Upgrades never come here: `mount` takes them before.
    raise UpgradeRequiredError(
        "Open a WebSocket here. If one was asked for, a proxy on the way did not pass on the headers Upgrade and Connection.",
        headers={"Upgrade": "websocket"},
    )
