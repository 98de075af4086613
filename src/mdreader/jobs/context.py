"""What a handler has in its hands while it works on a job."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import bindparam, select, update

from mdreader.db.engine import Database, Transaction
from mdreader.jobs.errors import JobCancelledError, LeaseLostError
from mdreader.jobs.leases import Claimed, Outcome, settle
from mdreader.jobs.tables import jobs
from mdreader.kernel.clock import Clock
from mdreader.kernel.failpoints import hit

R = TypeVar("R")  # the runtime

_OURS: Final = (
    jobs.c.id == bindparam("job_id"),
    jobs.c.attempt == bindparam("our_attempt"),
    jobs.c.state == "running",
)
# Locks the row where the database can: nobody claims the job while its work is being committed.
_FENCE: Final = select(jobs.c.id).where(*_OURS).with_for_update()
# Who got further has not failed: the attempts are counted from here.
_CHECKPOINT: Final = update(jobs).where(*_OURS).values(checkpoint=bindparam("data"), tries=1)


class JobContext(Generic[R]):
    """One attempt at one job. The runner keeps the lease; the handler works, and says how far it is.

    `checkpoint_data` is what the last attempt left by `checkpoint`, or None.
    """

    def __init__(self, runtime: R, database: Database, clock: Clock, claimed: Claimed) -> None:
        self.runtime = runtime
        self.job_id = claimed.id
        self.kind = claimed.kind
        self.attempt = claimed.attempt
        self.checkpoint_data: dict[str, Any] | None = claimed.checkpoint
        self.cancelled = False  # somebody asked for it: end soon, by `raise_if_cancelled` or in good order
        self.lost = False  # the job is somebody else's
        self.tries = claimed.tries
        self.finishing = self.finished = False
        self.news: tuple[int, int | None, str] | None = None  # progress that is not stored yet
        self._database = database
        self._clock = clock

    def now(self) -> int:
        """The time, in milliseconds."""
        return self._clock.now()

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Say how far it is: `done` of `total`. Costs nothing; it is stored about once a second. Raises as `raise_if_cancelled`."""
        self.news = (done, total, note)
        self.raise_if_cancelled()

    def raise_if_cancelled(self) -> None:
        """Raises `JobCancelledError` when somebody cancelled the job, `LeaseLostError` when it is somebody else's."""
        if self.lost:
            raise LeaseLostError(self.job_id)
        if self.cancelled:
            raise JobCancelledError(self.job_id)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """A write transaction that commits only while the job is still ours; else it raises `LeaseLostError`.

        Keep it short, as any other. Raises as `raise_if_cancelled`, too.
        """
        self.raise_if_cancelled()
        async with self._database.write() as tx:
            bound = {"job_id": self.job_id, "our_attempt": self.attempt}
            if not self.finished and await tx.conn.scalar(_FENCE, bound) is None:
                self.lost = True
                raise LeaseLostError(self.job_id)
            yield tx
            hit("job.before_commit")
        hit("job.after_commit")

    async def checkpoint(self, data: dict[str, Any], tx: Transaction | None = None) -> None:
        """Keep `data` (JSON) for the next attempt, should this one end: with `tx`, a transaction of `write`, at one with its work."""
        if tx is None:
            async with self.write() as own:
                await self.checkpoint(data, own)
            return
        await tx.conn.execute(_CHECKPOINT, {"job_id": self.job_id, "our_attempt": self.attempt, "data": data})
        tx.after_commit(lambda: self._kept(data))

    async def finish(self, tx: Transaction) -> None:
        """Call the job done in `tx`, a transaction of `write`: then its last work and its end are one, and never made twice."""
        # Before the commit: the runner may read of it before we hear.
        self.finishing = True
        await settle(tx, [Outcome(self.job_id, self.attempt, "done", self._clock.now())])
        tx.after_commit(self._ended)

    def _kept(self, data: dict[str, Any]) -> None:
        self.checkpoint_data = data
        self.tries = 1

    def _ended(self) -> None:
        self.finished = True
