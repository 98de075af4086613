"""deploy.sh with a made-up engine and package manager, on a real database: twice, failing, back, and restored."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from support.box_docker import NEWER
from support.http import signed_up_at
from support.server import Server

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "infra" / "box" / "deploy.sh"
STUBBED = ("docker", "curl", "apt-get", "systemctl")
NEEDED = (
    *("bash", "env", "sed", "grep", "head", "tail", "mv", "cat", "mktemp", "chmod", "cmp", "rm", "install", "mkdir"),
    *("id", "date", "sort", "find", "df", "openssl", "git", "sleep", "dirname"),
)
INSTALL = ("install", "--domain", "docs.example.org", "--email", "ops@example.org")


class Box:
    """A machine of which only the engine, the package manager and systemd are made up."""

    def __init__(self, folder: Path) -> None:
        self.root, self.stub, self.units = folder / "box", folder / "stub", folder / "units"

    def furnish(self) -> "Box":
        """Put the made-up programs there, and those of the machine that deploy.sh may use."""
        programs = self.stub / "bin"
        programs.mkdir(parents=True)
        self.units.mkdir()
        stub = self.stub / "stub"
        engine = ROOT / "tests" / "support" / "box_docker.py"
        stub.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {engine} "${{0##*/}}" "$@"\n')
        stub.chmod(0o755)
        for name in NEEDED:
            found = shutil.which(name)
            assert found is not None, f"{name} is missing on this machine"
            (programs / name).symlink_to(found)
        for name in STUBBED:
            if name != "docker":  # comes with the packages
                (programs / name).symlink_to(stub)
        (self.stub / "dns").touch()
        return self

    def __call__(self, *arguments: str, expect: int = 0) -> str:
        environment = {
            "PATH": str(self.stub / "bin"),
            "STUB": str(self.stub),
            "STUB_SOURCES": str(ROOT / "src"),
            "BOX_ROOT": str(self.root),
            "BOX_UNITS": str(self.units),
            "BOX_USER": str(os.getuid()),
            "BOX_TRIES": "4",
            "BOX_PAUSE": "0",
        }
        result = subprocess.run(
            [str(DEPLOY), *arguments], env=environment, check=False, text=True, capture_output=True, timeout=120
        )
        output = result.stdout + result.stderr
        assert result.returncode == expect, output
        return output

    @property
    def calls(self) -> list[str]:
        """What was asked of the made-up programs since the last look."""
        file = self.stub / "calls"
        lines = file.read_text().splitlines()
        file.write_text("")
        return lines

    @property
    def image(self) -> str:
        return (self.stub / "running").read_text()

    @property
    def database(self) -> Path:
        return self.root / "data" / "mdreader.sqlite3"

    def query(self, statement: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            return list(connection.execute(statement))

    @property
    def copies(self) -> list[str]:
        return sorted(path.name for path in (self.root / "backups").glob("*.tar"))


@pytest.fixture
def bare(tmp_path: Path) -> Box:
    """A new machine."""
    return Box(tmp_path).furnish()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Path:
    """An installed one with a database, to copy."""
    folder = tmp_path_factory.mktemp("box")
    made = Box(folder).furnish()
    made(*INSTALL, "--image", "mdreader:1")
    shutil.copy(empty_database, made.database)
    return folder


@pytest.fixture
def box(tmp_path: Path, installed: Path) -> Iterator[Box]:
    """An installed machine, and nobody in its database."""
    shutil.copytree(installed, tmp_path / "machine", symlinks=True)
    made = Box(tmp_path / "machine")
    yield made
    assert not list(made.root.glob("*.new")), "something was left half written"


def files(folder: Path) -> dict[str, int]:
    """When each file was written."""
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_installs_a_bare_machine_and_changes_nothing_the_second_time(bare: Box) -> None:
    bare(*INSTALL)
    calls = bare.calls
    assert sum(call.startswith("apt-get install") for call in calls) == 1
    assert sum(call.startswith("docker build") for call in calls) == 1
    assert "systemctl enable --now --quiet mdreader-backup.timer mdreader-renew.timer" in calls
    assert bare.image.startswith("mdreader:")
    assert "server_name docs.example.org;" in (bare.root / "nginx" / "nginx.conf").read_text()
    assert (bare.root / "tls" / "fullchain.pem").read_text() == "fullchain.pem of Let's Encrypt"
    assert (bare.root / "tls" / "privkey.pem").stat().st_mode & 0o077 == 0
    assert (bare.root / "settings.env").stat().st_mode & 0o077 == 0
    assert {path.name for path in bare.units.iterdir()} == {
        f"mdreader-{what}.{kind}" for what in ("backup", "renew") for kind in ("service", "timer")
    }

    (bare.root / "settings.env").write_text("MDREADER_SIGNUP=closed\n")
    kept = {**files(bare.root / "nginx"), **files(bare.root / "tls"), **files(bare.units)}
    image = bare.image
    bare(*INSTALL, "--image", image)
    again = bare.calls
    assert {**files(bare.root / "nginx"), **files(bare.root / "tls"), **files(bare.units)} == kept
    assert not [call for call in again if call.startswith(("apt-get", "docker build")) or "daemon-reload" in call]
    assert not [call for call in again if "reload" in call], "nginx is left alone when nothing changed"
    assert bare.image == image
    assert (bare.root / "settings.env").read_text() == "MDREADER_SIGNUP=closed\n"
    assert (bare.root / "box.env").read_text().count("DOMAIN=") == 1


def test_serves_with_a_makeshift_certificate_until_the_name_leads_here(bare: Box) -> None:
    (bare.stub / "dns").unlink()
    output = bare(*INSTALL, "--image", "mdreader:1", expect=3)
    assert "must lead to this machine" in output
    assert "BEGIN CERTIFICATE" in (bare.root / "tls" / "fullchain.pem").read_text()
    assert bare.image == "mdreader:1"
    (bare.stub / "dns").touch()
    assert "renewed" in bare("renew")
    assert any("-s reload" in call for call in bare.calls)
    assert "renewed" not in bare("renew")


def test_first_version_that_is_bad_is_said_and_not_hidden(bare: Box) -> None:
    output = bare(*INSTALL, "--image", "mdreader:bad", expect=1)
    assert "there is no version to go back to" in output


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("install", "--email", "ops@example.org"), "--domain is a name"),
        (("install", "--domain", "https://docs.example.org", "--email", "ops@example.org"), "--domain is a name"),
        (("install", "--domain", "docs.example.org; rm x", "--email", "ops@example.org"), "--domain is a name"),
        (("install", "--domain", "docs.example.org"), "--email"),
        (("update",), "not installed yet"),
        (("update", "--imgae", "x"), "no option --imgae"),
    ],
)
def test_says_what_is_wrong_with_a_command(bare: Box, arguments: tuple[str, ...], hint: str) -> None:
    assert hint in bare(*arguments, expect=1)


def test_update_takes_a_copy_first_and_rollback_goes_back(box: Box) -> None:
    box("update", "--image", "mdreader:2")
    assert box.image == "mdreader:2"
    assert len(box.copies) == 1
    assert box.copies[0].startswith("before-update-")
    box("rollback")
    assert box.image == "mdreader:1"
    box("rollback")
    assert box.image == "mdreader:2"


def test_version_that_does_not_become_ready_is_taken_back(box: Box) -> None:
    box.query("CREATE TABLE written (what TEXT)")
    output = box("update", "--image", "mdreader:bad", expect=1)
    assert "mdreader:1 runs again, and nothing is lost" in output
    assert box.image == "mdreader:1"
    assert box.query("SELECT count(*) FROM written") == [(0,)]
    assert not list((box.root / "data").glob("before-restore-*")), "the data was fine and stays"
    assert "MDREADER_IMAGE=mdreader:1\n" in (box.root / "box.env").read_text()


def test_version_that_answers_twice_and_dies_is_taken_back(box: Box) -> None:
    output = box("update", "--image", "mdreader:dies", expect=1)
    assert "it answered, and stopped again" in output
    assert "mdreader:1 runs again, and nothing is lost" in output
    assert box.image == "mdreader:1"


def test_bad_version_that_changed_the_database_is_taken_back_with_the_copy(box: Box) -> None:
    before = box.query("SELECT version_num FROM alembic_version")
    output = box("update", "--image", "mdreader:newer-bad", expect=1)
    assert "putting back the copy before-update-" in output
    assert box.image == "mdreader:1"
    assert box.query("SELECT version_num FROM alembic_version") == before
    (aside,) = (box.root / "data").glob("before-restore-*")
    with closing(sqlite3.connect(aside / "mdreader.sqlite3")) as kept:
        assert kept.execute("SELECT version_num FROM alembic_version").fetchone() == (NEWER,)


def test_rollback_that_an_older_version_cannot_take_leaves_the_newer_one(box: Box) -> None:
    box("update", "--image", "mdreader:newer-good")
    output = box("rollback", expect=1)
    assert "cannot use the database of mdreader:newer-good, which runs again" in output
    assert box.image == "mdreader:newer-good"
    assert not list((box.root / "data").glob("before-restore-*"))


def test_nightly_copies_do_not_fill_the_disk(box: Box) -> None:
    for number in range(16):
        (box.root / "backups" / f"old-{number:02}.tar").touch()
        os.utime(box.root / "backups" / f"old-{number:02}.tar", (number, number))
    box("backup")
    assert len(box.copies) == 14
    assert box.copies[0].startswith("backup-")
    assert "old-02.tar" not in box.copies


def test_copy_of_a_running_server_comes_back_whole(box: Box) -> None:
    server = Server(box.root / "data")
    server.start()
    try:
        owner = signed_up_at(server.url)
        with httpx.Client(base_url=server.url, headers=owner.headers, timeout=60) as client:
            workspace = client.post("/api/workspaces", json={"name": "Team"}).json()["id"]
            made = client.post(f"/api/workspaces/{workspace}/documents", json={"path": "a.md", "content": "first\n"})
            content = f"/api/documents/{made.json()['id']}/content"
            box("backup")
            changed = client.put(content, content=b"second\n", headers={"If-Match": "*"})
            assert changed.is_success, changed.text
        (name,) = box.copies
        assert "A server runs on this data folder" in box("restore", name, expect=1)
    finally:
        server.stop()
    box("restore", name)
    server.start()
    try:
        back = httpx.get(server.url + content, headers=owner.headers, timeout=60)
        assert back.text == "first\n"  # and the same key: everybody stays signed in
    finally:
        server.stop()
    (aside,) = (box.root / "data").glob("before-restore-*")
    assert (aside / "mdreader.sqlite3").exists()


def test_damaged_or_hostile_copy_is_not_taken(box: Box) -> None:
    damaged = box.database.read_bytes()[:8192] + bytes(4096) + box.database.read_bytes()[12288:]
    (box.root / "bad.sqlite3").write_bytes(damaged)
    with tarfile.open(box.root / "backups" / "damaged.tar", "w") as archive:
        archive.add(box.root / "bad.sqlite3", "mdreader.sqlite3")
    with tarfile.open(box.root / "backups" / "hostile.tar", "w") as archive:
        archive.add(box.database, "../../outside")
    before = box.database.read_bytes()
    for name in ("damaged", "hostile", "missing"):
        output = box("restore", name, expect=1)
        assert "runs again" in output, output
        assert box.database.read_bytes() == before
        assert box.image == "mdreader:1"
    assert not (box.root / "outside").exists()
