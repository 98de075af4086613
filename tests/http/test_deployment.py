"""Servers of two versions on one PostgreSQL while its schema changes under them: everybody goes on working."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import httpx
import pytest

from support import newer
from support.http import Person, signed_up_at
from support.postgres import Postgres
from support.server import Server
from support.waiting import eventually

TESTS = Path(__file__).parents[1]


class Writer:
    """Somebody who makes workspaces through one server until told to stop."""

    def __init__(self, server: Server, person: Person) -> None:
        self.made: list[str] = []
        self.troubles: list[str] = []
        self._client = httpx.Client(base_url=server.url, headers=person.headers, timeout=60)
        self._stopping = threading.Event()
        self._went_on = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def _work(self) -> None:
        while not self._stopping.is_set():
            answer = self._client.post("/api/workspaces", json={"name": "One more"})
            if answer.status_code == 201:
                self.made.append(answer.json()["id"])
                self._went_on.set()
            else:
                self.troubles.append(answer.text)

    def goes_on(self) -> None:
        """Wait until something more was written."""
        self._went_on.clear()
        assert self._went_on.wait(60), self.troubles

    def __enter__(self) -> Self:
        self._thread.start()
        self.goes_on()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._client.close()
        assert self.troubles == []


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    (tmp_path / "steps").mkdir()
    return tmp_path / "steps"


@contextmanager
def running(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


def migrate(url: str, steps: Path, phase: str) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "support.newer", "migrate", "--phase", phase],
        cwd=TESTS,
        env={"DATABASE_URL": url, "NEWER_STEPS": str(steps), "MDREADER_DATA": str(steps)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def ready(server: Server) -> str:
    with server.client() as client:
        return str(client.get("/api/ready").json()["checks"]["migrations"])


def test_old_and_new_servers_work_side_by_side_while_the_schema_changes(
    postgres: Postgres, tmp_path: Path, steps: Path
) -> None:
    url = postgres.new_database()
    database = url.rpartition("/")[2]
    old = Server(tmp_path / "old", DATABASE_URL=url)
    late = Server(tmp_path / "late", DATABASE_URL=url)
    new = Server(tmp_path / "new", DATABASE_URL=url, NEWER_STEPS=str(steps)).of("support.newer", TESTS)
    with running(old):
        ann = signed_up_at(old.url)
        with Writer(old, ann) as through_old:
            assert "now at 9000 (pre)" in migrate(url, steps, "pre")
            through_old.goes_on()
            assert ready(old) == "ok"
            # An old server that is started again in the middle of the deployment works, too.
            with running(late), Writer(late, ann), running(new):
                with Writer(new, ann) as through_new:
                    through_old.goes_on()
                    assert (ready(new), ready(late)) == ("ok", "ok")
            by_new = set(through_new.made)
        by_old = set(through_old.made)
    rows = postgres.execute("SELECT id, motto FROM workspaces", database=database)
    mottos = {row["id"]: row["motto"] for row in rows}
    assert {mottos[one] for one in by_old} == {"of an old server"}
    assert {mottos[one] for one in by_new} == {"of a new server"}
    with running(new), Writer(new, ann) as through_new:
        assert "now at 9000 (post)" in migrate(url, steps, "post")
        through_new.goes_on()
        assert ready(new) == "ok"
        with pytest.raises(RuntimeError, match="made by a newer one"):
            late.start()


async def test_a_step_that_finds_its_table_in_use_waits_without_holding_everybody_up(
    postgres: Postgres, steps: Path
) -> None:
    url = postgres.new_database()
    database = url.rpartition("/")[2]
    done = threading.Event()

    def hold() -> None:
        # Longer than a step waits at a stretch.
        take = "LOCK TABLE workspaces IN ROW EXCLUSIVE MODE"
        postgres.execute("BEGIN", take, "SELECT pg_sleep(4)", "COMMIT", database=database)
        done.set()

    holder = threading.Thread(target=hold)
    holder.start()
    taken = "SELECT 1 FROM pg_locks JOIN pg_class ON oid = relation WHERE relname = 'workspaces'"
    await eventually(lambda: bool(postgres.execute(taken, database=database)), "lock")
    assert "now at 9000 (pre)" in migrate(url, steps, "pre")
    assert done.is_set()
    holder.join()
    assert newer.COLUMN in {
        row["column_name"]
        for row in postgres.execute("SELECT column_name FROM information_schema.columns", database=database)
    }
