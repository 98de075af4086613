"""The default install has none of the extras, and needs none for anything that it does."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.http import PASSWORD
from support.server import Server
from support.waiting import eventually
from support.without_extras import ASKED

TESTS = Path(__file__).parents[1]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """On SQLite, without a setting: nothing else is the default install."""
    made = Server(tmp_path / "data").of("support.without_extras", TESTS)
    yield made.start()
    made.kill()


def asked(server: Server) -> list[str]:
    return [line for line in server.log if ASKED in line]


def sent_mails(client: httpx.Client) -> list[str]:
    items = client.get("/api/mail/outbox").json()["items"]
    return [item["template"] for item in items if item["state"] == "sent"]


async def test_it_works_without_the_extras(server: Server) -> None:
    with server.client() as client:
        body = {"email": "ada@example.org", "password": PASSWORD, "name": "Ada"}
        token = client.post("/api/auth/signup", json=body).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        workspace = client.post("/api/workspaces", json={"name": "Notes"}).json()["id"]
        document = {"path": "a.md", "content": "# A\n"}
        made = client.post(f"/api/workspaces/{workspace}/documents", json=document).json()["id"]
        assert client.post("/api/auth/magic-link", json={"email": "ada@example.org"}).status_code == 202
        assert client.get("/api/auth/options").json()["passkeys"] is False  # at an IP address
        file = server.data / "blobs" / "documents" / workspace / f"{made}.md"
        await eventually(file.is_file, "the document's file")
        await eventually(lambda: sent_mails(client) == ["magic_link"], "mail")
        assert client.get("/api/ready").status_code == 200
        assert client.get("/metrics").status_code == 200
    assert server.stop() == 0
    assert asked(server) == []


CHOSEN = {
    "DATABASE_URL": "postgresql://u:p@127.0.0.1:9/n",
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "AWS_S3_BUCKET": "files",
    "AWS_REGION": "eu-central-1",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
}
MISSING = [
    "DATABASE_URL needs what is not installed: pip install 'mdreader[postgres]', or make fleet in a checkout",
    "REDIS_URL needs what is not installed: pip install 'mdreader[redis]', or make fleet in a checkout",
    "AWS_S3_BUCKET needs what is not installed: pip install 'mdreader[aws]', or make fleet in a checkout",
    "OTEL_EXPORTER_OTLP_ENDPOINT needs what is not installed: pip install 'mdreader[otel]', or make fleet in a checkout",
]


def without_extras(command: str, data: Path, **settings: str) -> tuple[int, list[str]]:
    """The exit code of a command where there are none, and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "support.without_extras", *command.split()],
        cwd=TESTS,
        env={"PATH": os.environ["PATH"], "MDREADER_DATA": str(data), "PORT": "0", **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, [line for line in done.stderr.splitlines() if ASKED not in line]


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_each_setting_that_needs_an_extra_says_which(command: str, tmp_path: Path) -> None:
    code, said = without_extras(command, tmp_path / "data", **CHOSEN)
    assert code == 1
    assert [line.removeprefix("Cannot start: ") for line in said if "mdreader[" in line] == MISSING
    assert "Traceback" not in "".join(said)


def test_migrate_says_which(tmp_path: Path) -> None:
    code, said = without_extras("migrate", tmp_path / "data", DATABASE_URL=CHOSEN["DATABASE_URL"])
    assert code == 1
    assert MISSING[0] in "".join(said)
    assert "Traceback" not in "".join(said)
