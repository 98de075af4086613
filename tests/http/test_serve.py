"""`mdreader serve` as a process: where it says it is, what stops it, what it leaves behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from mdreader.kernel.data_folder import running_server
from support.server import Server

SOON = (
    30  # ten seconds are promised; a machine that does much else may take longer, and nothing that hangs ends by then
)


def mdreader(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "mdreader.cli", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONWARNINGS": "error", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def from_nothing(tmp_path: Path, new_server: Callable[[Path], Server]) -> Iterator[Server]:
    """A server as its users start it, in an interpreter that has loaded nothing: the tests' others are forked."""
    made = new_server(tmp_path / "from-nothing").of("mdreader.cli", Path.cwd())
    made.start()
    yield made
    made.stop()


def test_it_says_where_it_is_and_takes_it_back(from_nothing: Server) -> None:
    server = from_nothing
    found = running_server(server.data)
    assert found is not None
    with server.client() as client:
        assert client.get(f"{found.url}/api/ready").status_code == 200
    assert server.stop() == 0
    assert not (server.data / "server.json").exists()
    assert running_server(server.data) is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_in_order_and_soon(number: signal.Signals, from_nothing: Server) -> None:
    server = from_nothing
    os.kill(server.pid, number)
    assert server.wait(SOON) == 0
    assert json.loads(server.log[-1])["event"] == "stopped"


def test_it_says_that_it_is_leaving_before_it_stops(tmp_path: Path, new_server: Callable[[Path], Server]) -> None:
    server = new_server(tmp_path / "data").start(MDREADER_STOP_DELAY="100")
    with server.client() as client:
        assert client.get("/api/ready").status_code == 200
        os.kill(server.pid, signal.SIGTERM)
        while (answer := client.get("/api/ready")).status_code == 200:
            pass
        assert (answer.status_code, answer.json()["checks"]["server"]) == (503, "stopping")
        assert client.get("/api/health").status_code == 200
    os.kill(server.pid, signal.SIGINT)  # by whoever will not wait
    assert server.wait(SOON) == 0


def test_a_request_that_never_ends_does_not_hold_it(server: Server) -> None:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as stalled:
        stalled.sendall(b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        with server.client() as client:
            assert client.get("/api/health").status_code == 200
        os.kill(server.pid, signal.SIGTERM)
        assert server.wait(SOON) == 0


def test_after_kill_9_it_starts_on_the_same_folder(server: Server) -> None:
    server.kill()
    assert (server.data / "server.json").exists()
    server.start()
    with server.client() as client:
        assert client.get("/api/health").status_code == 200


def test_a_second_one_on_the_same_folder_is_told_of_the_first(server: Server) -> None:
    result = mdreader("serve", PORT="0", MDREADER_DATA=str(server.data))
    assert result.returncode == 1
    assert f"in use by the server at {server.url} (process {server.pid})" in result.stderr
    assert "MDREADER_DATA=" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = mdreader("serve", PORT=str(port), MDREADER_DATA=str(tmp_path / "data"))
    assert result.returncode == 1
    assert f"127.0.0.1:{port}" in result.stderr
    assert f"PORT={port + 1}" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_setting_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    result = mdreader("serve", PORT="eighty", MDREADER_DATA=str(tmp_path))
    assert result.returncode == 1
    assert "PORT" in result.stderr
    assert "Traceback" not in result.stderr


async def test_log_lines_are_json_and_hold_no_credential(server: Server) -> None:
    with server.client() as client:
        client.get("/api/me?token=sekret-1", headers={"Authorization": "Bearer sekret-2"})
        client.post("/api/auth/login", json={"email": "a@example.com", "password": "sekret-3"})
    with pytest.raises(InvalidStatus):
        async with connect(server.url.replace("http", "ws") + "/elsewhere?token=sekret-4", proxy=None):
            pass
    server.stop()
    lines = [json.loads(line) for line in server.log]
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["path"] for line in requests] == ["/api/me", "/api/auth/login"]
    assert all(line["request_id"] and line["timestamp"] and line["level"] == "info" for line in requests)
    assert "sekret" not in "".join(server.log)


def test_migrate_makes_the_database_once(tmp_path: Path) -> None:
    first = mdreader("migrate", MDREADER_DATA=str(tmp_path / "data"))
    again = mdreader("migrate", MDREADER_DATA=str(tmp_path / "data"))
    assert (first.returncode, again.returncode) == (0, 0)
    assert "now at" in first.stdout
    assert "already at" in again.stdout


def test_migrate_leaves_a_running_server_alone(server: Server) -> None:
    result = mdreader("migrate", MDREADER_DATA=str(server.data))
    assert result.returncode == 1
    assert server.url in result.stderr


def test_version() -> None:
    assert mdreader("--version").stdout.startswith("mdreader ")
