"""From SQLite to PostgreSQL: everything, the same, whatever interrupts it."""

import asyncio
import os
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from cli.conftest import run
from support.http import Person, signed_up_at
from support.postgres import Postgres
from support.server import Server
from support.yclient import connected

TEXTS = {
    "notes/plain.md": "# Plain\n\ntext\n",
    "notes/crlf.md": "\ufeffone\r\ntwo\r\n",
    "notes/Zürich 🎉.md": "Grüße 🎉 日本語\n",
    "notes/a.md": "",
    "notes/B.md": "long\n" * 2_000,
}
POINTS = {
    "move.begun": 1,
    "move.before_commit": 7,
    "move.stored": 12,
    "move.copied": 1,
    "move.compared": 1,
    "move.before_end": 1,
}


@contextmanager
def copy_of(data: Path) -> Iterator[Path]:
    """A copy of a data folder, for a while."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(shutil.copytree(data, Path(folder) / "data"))


class Grown:
    """A data folder that was worked with, and what people find in it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        server = Server(data).start()
        self.ada: Person = signed_up_at(server.url, email="ada@example.org", name="Ada")
        signed_up_at(server.url, email="bob@example.org", name="Bob")
        with httpx.Client(base_url=server.url, headers=self.ada.headers, timeout=60) as client:
            self.workspace = client.post("/api/workspaces", json={"name": "Team"}).json()["id"]
            body = {"email": "bob@example.org", "role": "editor"}
            assert client.post(f"/api/workspaces/{self.workspace}/members", json=body).status_code == 201
            self.documents = {
                path: client.post(
                    f"/api/workspaces/{self.workspace}/documents", json={"path": path, "content": content}
                ).json()["id"]
                for path, content in TEXTS.items()
            }
            deleted = client.post(f"/api/workspaces/{self.workspace}/documents", json={"path": "gone.md"}).json()["id"]
            assert client.delete(f"/api/documents/{deleted}").status_code == 204
            asyncio.run(self._type(server))
        server.kill()  # what was typed is in the log, and in no text yet
        self.seen = self.look(data)

    async def _type(self, server: Server) -> None:
        document = self.documents["notes/plain.md"]
        async with connected(server.ws_url, document, self.ada.access_token) as client:
            for number in range(20):
                await client.insert(0, f"{number} 👍🏽 ")
            await client.saved()

    def look(self, data: Path, **more: str) -> dict[str, object]:
        """What Ada finds, with the session that she had: on a copy of `data`, which a server would change."""
        with copy_of(data) as folder:
            server = Server(folder, **more).start()
            try:
                with httpx.Client(base_url=server.url, headers=self.ada.headers, timeout=60) as client:
                    found: dict[str, object] = {
                        path: client.get(f"/api/documents/{of}/content").content for path, of in self.documents.items()
                    }
                    listed = client.get(f"/api/workspaces/{self.workspace}/documents").json()["items"]
                    found["tree"] = [(item["path"], item["id"], item["created_at"]) for item in listed]
                    members = client.get(f"/api/workspaces/{self.workspace}/members").json()
                    found["members"] = [(one["email"], one["role"]) for one in members["items"]]
                    found["me"] = client.get("/api/me").json()
                    found["trash"] = [
                        one["path"] for one in client.get(f"/api/workspaces/{self.workspace}/trash").json()["items"]
                    ]
                    return found
            finally:
                server.stop()


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Grown:
    return Grown(tmp_path_factory.mktemp("grown") / "data")


def empty_folder(tmp_path: Path) -> Path:
    (tmp_path / "other").mkdir()
    return tmp_path / "other"


def test_everything_is_there_afterwards_and_the_same(grown: Grown, postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.new_database(empty=True)
    with copy_of(grown.data) as source:
        ended = run(source, "migrate-data", "--to", url)
    assert ended.code == 0, ended.errors
    assert f"{len(TEXTS) + 1} documents read as before" in ended.output
    assert "Moving rows" in ended.errors
    # Another data folder, without the secret: the session goes on all the same.
    assert grown.look(empty_folder(tmp_path), DATABASE_URL=url) == grown.seen


def test_killed_at_any_place_it_goes_on_where_it_was(grown: Grown, postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.new_database(empty=True)
    with copy_of(grown.data) as source:
        for name, count in POINTS.items():
            ended = run(source, "migrate-data", "--to", url, MDREADER_FAILPOINTS=f"{name}:{count}")
            assert ended.code == -signal.SIGKILL, (name, ended.errors)
        refused = run(empty_folder(tmp_path), "serve", DATABASE_URL=url, PORT="0")
        assert (refused.code, "migrate-data again" in refused.errors) == (1, True)
        ended = run(source, "migrate-data", "--to", url)
        assert ended.code == 0, ended.errors
    assert grown.look(tmp_path / "other", DATABASE_URL=url) == grown.seen


def test_a_source_that_was_worked_on_meanwhile_is_noticed(grown: Grown, postgres: Postgres) -> None:
    url = postgres.new_database(empty=True)
    with copy_of(grown.data) as source:
        assert run(source, "migrate-data", "--to", url, MDREADER_FAILPOINTS="move.copied").code == -signal.SIGKILL
        connection = sqlite3.connect(source / "mdreader.sqlite3")
        with connection:
            connection.execute("UPDATE users SET name = 'Somebody else' WHERE email = 'ada@example.org'")
        connection.close()
        ended = run(source, "migrate-data", "--to", url)
    assert ended.code == 1
    assert "users: the row" in ended.errors


def test_a_target_that_is_in_use_is_left_alone(grown: Grown, postgres: Postgres) -> None:
    url = postgres.new_database()
    name = url.rpartition("/")[2]
    postgres.execute("INSERT INTO secrets VALUES ('tokens', 'x')", database=name)
    with copy_of(grown.data) as source:
        ended = run(source, "migrate-data", "--to", url)
    assert ended.code == 1
    assert "not empty: there are rows in secrets" in ended.errors


def test_a_target_of_an_older_version_is_left_at_that_version(grown: Grown, postgres: Postgres) -> None:
    url = postgres.new_database()
    name = url.rpartition("/")[2]
    # Whoever tried to bring it up to date would find the tables of the next step there already.
    older = "UPDATE alembic_version SET version_num = '0001'"
    postgres.execute(older, "INSERT INTO secrets VALUES ('tokens', 'x')", database=name)
    with copy_of(grown.data) as source:
        ended = run(source, "migrate-data", "--to", url)
    assert (ended.code, "rows in secrets" in ended.errors) == (1, True), ended.errors
    assert [row[0] for row in postgres.execute("SELECT version_num FROM alembic_version", database=name)] == ["0001"]


@pytest.mark.parametrize(
    ("statements", "strange"),
    [
        (("CREATE TABLE invoices (id int)", "INSERT INTO invoices VALUES (1)"), "invoices"),
        (("CREATE TABLE users (id int)",), "users"),
        (("CREATE TABLE alembic_version (version_num text)", "CREATE TABLE orders (id int)"), "orders"),
    ],
)
def test_a_target_with_somebody_elses_tables_is_left_alone(
    grown: Grown, postgres: Postgres, statements: tuple[str, ...], strange: str
) -> None:
    url = postgres.new_database(empty=True)
    name = url.rpartition("/")[2]
    tables = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    postgres.execute(*statements, database=name)
    before = postgres.execute(tables, database=name)
    with copy_of(grown.data) as source:
        ended = run(source, "migrate-data", "--to", url)
    assert ended.code == 1
    assert f"not empty: there is a table {strange} that is not mdreader's" in ended.errors
    assert postgres.execute(tables, database=name) == before


def test_killed_after_its_end_it_says_again_that_everything_is_there(grown: Grown, postgres: Postgres) -> None:
    url = postgres.new_database(empty=True)
    name = url.rpartition("/")[2]
    with copy_of(grown.data) as source:
        killed = run(source, "migrate-data", "--to", url, MDREADER_FAILPOINTS="move.finished")
        assert killed.code == -signal.SIGKILL
        ended = run(source, "migrate-data", "--to", url)
        assert ended.code == 0, ended.errors
        assert f"{len(TEXTS) + 1} documents read as before" in ended.output
        # Somebody works on the new one: it is not what was moved any more, and is not moved into again.
        postgres.execute("UPDATE users SET name = 'Somebody else' WHERE email = 'ada@example.org'", database=name)
        ended = run(source, "migrate-data", "--to", url)
    assert ended.code == 1
    assert "or on the target since it ended" in ended.errors
    assert [row[0] for row in postgres.execute("SELECT name FROM users ORDER BY name", database=name)] == [
        "Bob",
        "Somebody else",
    ]


def test_the_move_of_another_installation_is_left_alone(grown: Grown, postgres: Postgres) -> None:
    url = postgres.new_database(empty=True)
    with copy_of(grown.data) as source:
        assert run(source, "migrate-data", "--to", url, MDREADER_FAILPOINTS="move.begun").code == -signal.SIGKILL
        (source / "secret.key").write_bytes(os.urandom(32))
        ended = run(source, "migrate-data", "--to", url)
    assert ended.code == 1
    assert "another installation" in ended.errors


def test_a_server_that_runs_is_told_of(home_server: Server, postgres: Postgres) -> None:
    ended = run(home_server.data, "migrate-data", "--to", postgres.new_database(empty=True))
    assert ended.code == 1
    assert home_server.url in ended.errors


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--to", "sqlite:///other.sqlite3"), "--to is where PostgreSQL is"),
        (("--to", "postgresql://ann@127.0.0.1:1/notes"), "does not answer"),
        (("--from", "postgresql://ann@127.0.0.1:1/notes", "--to", "postgresql://ann@127.0.0.1:1/notes"), "--from is"),
        (("--from", "sqlite:////nowhere/mdreader.sqlite3", "--to", "postgresql://ann@127.0.0.1:1/notes"), "secret.key"),
    ],
)
def test_what_cannot_be_moved_is_said(tmp_path: Path, grown: Grown, arguments: tuple[str, ...], says: str) -> None:
    with copy_of(grown.data) as source:
        data = source if "--from" not in arguments else empty_folder(tmp_path)
        ended = run(data, "migrate-data", *arguments)
    assert ended.code == 1
    assert says in ended.errors
    assert "Traceback" not in ended.errors
