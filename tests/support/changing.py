"""Many who change one workspace at once, and some who follow it by cursor meanwhile: nothing may be missed or doubled."""

import asyncio
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import insert, select

from mdreader import tables  # noqa: F401 - the workspaces' tables refer to the accounts'
from mdreader.db.engine import Database
from mdreader.features.accounts.tables import users
from mdreader.features.workspaces.access import Right, WorkspaceAccess
from mdreader.features.workspaces.changes import Change, Cursor, read_changes, record_changes
from mdreader.features.workspaces.revisions import take_rev
from mdreader.features.workspaces.tables import changes, workspaces
from mdreader.kernel.clock import SystemClock
from mdreader.kernel.ids import new_id
from support.job_worker import open_database

PAGE = 200
_PROGRAM = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from support.changing import main
main(sys.argv[1:])
"""


async def found_workspace(database: Database) -> WorkspaceAccess:
    """A workspace with nobody but its owner."""
    now = SystemClock().now()
    workspace_id, user_id = new_id(), new_id()
    user = {"id": user_id, "email": f"{user_id}@example.org", "name": "Ada", "password_hash": "none"}
    async with database.write() as tx:
        await tx.conn.execute(insert(users).values(**user, created_at=now, updated_at=now))
        await tx.conn.execute(
            insert(workspaces).values(id=workspace_id, name="Team", rev=0, created_at=now, created_by=user_id)
        )
    return WorkspaceAccess(workspace_id, user_id, "owner", Right.OWN)


async def write(database: Database, access: WorkspaceAccess, count: int) -> list[str]:
    """Make `count` changes, of one to three things each time; what they were about."""
    made: list[str] = []
    clock = SystemClock()
    while len(made) < count:
        ids = [new_id() for _ in range(min(1 + len(made) % 3, count - len(made)))]
        async with database.write() as tx:
            rev = await take_rev(tx, access.workspace_id)
            things = [Change("document", "create", one) for one in ids]
            await record_changes(tx, access.workspace_id, rev, things, user_id=access.user_id, at=clock.now())
        made += ids
    return made


@dataclass
class Follower:
    """Reads by cursor until it is told that everything is written, and then to the end."""

    access: WorkspaceAccess
    cursor: Cursor | None = None
    seen: Counter[str] = field(default_factory=Counter)
    places: list[tuple[int, int]] = field(default_factory=list)
    answers: int = 0

    async def begin(self, database: Database) -> None:
        async with database.read() as conn:
            self.cursor = (await read_changes(conn, self.access, None, limit=PAGE)).next

    async def follow(self, database: Database, written: asyncio.Event) -> None:
        while True:
            last = written.is_set()
            async with database.read() as conn:
                page = await read_changes(conn, self.access, self.cursor, limit=PAGE)
            await database.settled()
            self.answers += 1
            self.cursor = page.next
            self.seen.update(one.entity_id for one in page.items)
            self.places += [(one.rev, one.position) for one in page.items]
            if last and not page.more:
                return
            await asyncio.sleep(0 if page.more else 0.002)  # let the writers write

    def check(self, made: list[str]) -> tuple[int, int]:
        """How many changes were missed, and how many came twice."""
        assert self.places == sorted(self.places), "not in order"
        missed = len(set(made) - self.seen.keys())
        assert not self.seen.keys() - set(made), "something that nobody wrote"
        return missed, sum(count - 1 for count in self.seen.values())


async def count_stored(database: Database, access: WorkspaceAccess) -> int:
    async with database.read() as conn:
        rows = await conn.execute(select(changes.c.rev).where(changes.c.workspace_id == access.workspace_id))
        return len(rows.all())


def shares(count: int, parts: int) -> list[int]:
    """`count` in almost equal parts."""
    return [count // parts + (number < count % parts) for number in range(parts)]


async def _write_in_a_process(url: str, workspace_id: str, user_id: str, count: int, writers: int) -> None:
    database = open_database(url)
    access = WorkspaceAccess(workspace_id, user_id, "owner", Right.OWN)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    made = await asyncio.gather(*(write(database, access, share) for share in shares(count, writers)))
    print("\n".join(one for share in made for one in share))
    await database.close()


async def start_writers(url: str, access: WorkspaceAccess, count: int, writers: int) -> asyncio.subprocess.Process:
    """A process whose writers begin when a line comes, and that then says what they wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-c",
        _PROGRAM,
        url,
        access.workspace_id,
        access.user_id,
        str(count),
        str(writers),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    assert process.stdout is not None
    assert (await process.stdout.readline()).strip() == b"ready"
    return process


def main(arguments: list[str]) -> None:
    """The program of such a process."""
    url, workspace_id, user_id, count, writers = arguments
    asyncio.run(_write_in_a_process(url, workspace_id, user_id, int(count), int(writers)))


@dataclass(frozen=True)
class Run:
    """What was made, who followed, and how many seconds the writing took."""

    made: list[str]
    followers: list[Follower]
    seconds: float


async def write_and_follow(
    database: Database, url: str, *, count: int, processes: int, writers: int, followers: int
) -> Run:
    """`writers` in each of `processes` make `count` changes together, while `followers` read."""
    access = await found_workspace(database)
    readers = [Follower(access) for _ in range(followers)]
    for reader in readers:
        await reader.begin(database)
    begun = [await start_writers(url, access, share, writers) for share in shares(count, processes)]
    written = asyncio.Event()
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for reader in readers:
            group.create_task(reader.follow(database, written))
        outputs = await asyncio.gather(*(process.communicate(b"\n") for process in begun))
        seconds = time.perf_counter() - started
        assert [process.returncode for process in begun] == [0] * processes
        written.set()
    made = b"".join(output for output, _ in outputs).decode().split()
    assert len(made) == len(set(made)) == await count_stored(database, access) == count
    return Run(made, readers, seconds)
