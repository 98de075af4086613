"""What the parts of a room ask of it."""

from typing import TYPE_CHECKING, Protocol

from mdreader.features.collab.flight import Flight
from mdreader.features.collab.storage import Stored

if TYPE_CHECKING:
    from mdreader.features.collab.connection import Connection


class PipelineHost(Protocol):
    """The room, as its pipeline sees it."""

    @property
    def people(self) -> int:
        """How many connections there are."""
        ...

    def bring_in(self) -> None:
        """Bring the document into memory; the pipeline is asked again then."""
        ...

    def broadcast(self, update: bytes, author: "Connection | None") -> None:
        """Show a committed update to everybody but its only author."""
        ...

    def moved_on(self) -> None:
        """A commit is done and told."""
        ...

    def stored(self, flight: Flight) -> None:
        """A batch of this room is stored: other servers are to hear of it."""
        ...

    def catch_up(self, seq: int) -> None:
        """A row of another server is stored under `seq`: have it read, unless it is here."""
        ...

    def broken(self, reason: str, why: str) -> None:
        """It cannot go on: `reason` is for people, `why` for the log."""
        ...


class ReceptionHost(Protocol):
    """The room, as its reception sees it."""

    document_id: str
    dead: bool
    connections: "dict[Connection, None]"

    def show(self, connection: "Connection", states: bytes) -> None:
        """Take what a connection says of itself."""
        ...

    def tell_everyone(self, connection: "Connection") -> None:
        """Tell a connection who is here, even when nobody is."""
        ...

    def read_again(self, stored: Stored) -> None:
        """Bring what is stored into memory."""
        ...

    def moved(self) -> None:
        """Messages that waited have gone on."""
        ...

    def use(self) -> None:
        """Somebody needs the room."""
        ...

    def broken(self, reason: str, why: str) -> None:
        """It cannot go on: `reason` is for people, `why` for the log."""
        ...
