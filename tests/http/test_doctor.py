"""`mdreader doctor` names what is wrong and what to do."""

import os
import socket
import sqlite3
from pathlib import Path

import pytest

from mdreader.cli import doctor
from mdreader.kernel.data_folder import ServerInfo, announce, hold
from mdreader.kernel.findings import Finding
from mdreader.migrations import upgrade


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a database, and settings that point to it."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    upgrade(folder / "mdreader.sqlite3")
    monkeypatch.setenv("MDREADER_DATA", str(folder))
    monkeypatch.setenv("PORT", "0")
    monkeypatch.setattr(doctor, "PAGE_FOLDER", tmp_path / "page")
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text("page")
    return folder


def findings(state: str) -> dict[str, Finding]:
    return {finding.subject: finding for finding in doctor.examine() if finding.state == state}


def test_all_is_well(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.run() == 0
    assert "FAIL" not in capsys.readouterr().out
    assert {"versions", "settings", "data folder", "disk", "database", "migrations", "page", "port", "clock"} <= set(
        findings("ok")
    )


def test_before_the_first_start_too(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MDREADER_DATA", str(data / "not" / "yet"))
    assert findings("fail") == {}


def test_a_failure_is_the_exit_code(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "page" / "index.html").unlink()
    assert doctor.run() == 1
    out = capsys.readouterr().out
    assert "FAIL page" in out
    assert "make web" in out


def test_settings(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MDREADER_SIGNUP", "maybe")
    assert "MDREADER_SIGNUP" in findings("fail")["settings"].text


def test_a_folder_that_cannot_be_written(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root, which CI often is, may write everywhere
    assert "cannot be written" in findings("fail")["data folder"].text


def test_a_file_in_the_place_of_the_folder(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MDREADER_DATA", str(tmp_path / "file"))
    assert "cannot be written" in findings("fail")["data folder"].text


def test_a_folder_that_others_read(data: Path) -> None:
    data.chmod(0o755)
    assert "chmod 700" in findings("warn")["data folder"].advice


def test_a_damaged_database(data: Path) -> None:
    with (data / "mdreader.sqlite3").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 20_000)
    assert "database" in findings("fail")
    (data / "mdreader.sqlite3").write_bytes(b"not a database" * 1000)
    assert "cannot be read" in findings("fail")["database"].text


@pytest.mark.parametrize(("revision", "state"), [("0000", "warn"), ("9999", "fail")])
def test_another_schema(revision: str, state: str, data: Path) -> None:
    connection = sqlite3.connect(data / "mdreader.sqlite3")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.close()
    assert revision in findings(state)["migrations"].text


def test_a_taken_port_and_who_has_it(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("PORT", str(other.getsockname()[1]))
        finding = findings("fail")["port"]
    assert f"process {os.getpid()}" in finding.advice


def test_a_running_server_is_no_failure(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hold(data), socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        announce(data, ServerInfo(pid=4711, url=f"http://127.0.0.1:{port}", started=1_795_000_000_000))
        assert "process 4711" in findings("ok")["server"].text
        assert findings("fail") == {}


def test_a_clock_that_is_behind(data: Path) -> None:
    later = 4_000_000_000
    os.utime(data / "mdreader.sqlite3", (later, later))
    assert "clock" in findings("fail")


@pytest.mark.parametrize(
    ("environment", "state", "subject"),
    [
        ({"PUBLIC_URL": "https://notes.example.com"}, "warn", "proxy"),
        ({"PUBLIC_URL": "https://notes.example.com", "MDREADER_TRUSTED_PROXIES": "127.0.0.1"}, "ok", "network"),
        ({"MDREADER_TRUSTED_PROXIES": "127.0.0.1"}, "warn", "proxy"),
        ({"PUBLIC_URL": "https://notes.example.com", "MDREADER_TRUSTED_PROXIES": "0.0.0.0/0"}, "fail", "proxy"),
        ({"HOST": "0.0.0.0"}, "warn", "network"),
    ],
)
def test_settings_that_do_not_fit_each_other(
    environment: dict[str, str], state: str, subject: str, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert subject in findings(state)
