"""The `mdreader` command in processes of its own, on data folders with an account."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from support.forked import start_mdreader
from support.http import Person, signed_up_at
from support.server import Server

SECONDS = 240
MINUTES_KEPT = 5


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    code: int
    output: str
    errors: str

    @property
    def counts(self) -> dict[str, int]:
        """The numbers in its summary."""
        rows = (line.split() for line in self.output.splitlines() if line.startswith("  "))
        return {
            row[0]: int(row[1].replace(",", "")) for row in rows if len(row) > 1 and row[1].replace(",", "").isdecimal()
        }


def environment(data: Path, **more: str) -> dict[str, str]:
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**keep, "MDREADER_DATA": str(data), "PYTHONUNBUFFERED": "1", **more}


def run(data: Path, *arguments: str | Path, **more: str) -> Ended:
    """Run a command to its end."""
    with begun(data, *arguments, **more) as process:
        output, errors = process.communicate(timeout=SECONDS)
    return Ended(process.returncode, output, errors)


@contextmanager
def begun(data: Path, *arguments: str | Path, **more: str) -> Iterator["subprocess.Popen[str]"]:
    """A command that runs."""
    process = start_mdreader(
        list(map(str, arguments)),
        environment(data, **more),
        Path.cwd(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@dataclass(frozen=True, slots=True)
class Home:
    """A data folder with one account, Ada's."""

    data: Path
    ada: Person


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Home]:
    """Gives a home to copy, of the last minutes: what Ada signs in with holds for 15, and a slow machine takes longer for all tests."""
    made: Home | None = None
    made_at = 0.0

    def give() -> Home:
        nonlocal made, made_at
        if made is None or time.monotonic() - made_at > MINUTES_KEPT * 60:
            made_at = time.monotonic()
            server = Server(tmp_path_factory.mktemp("furnished") / "data")
            server.start()
            ada = signed_up_at(server.url, email="ada@example.org", name="Ada")
            server.stop()
            made = Home(server.data, ada)
        return made

    return give


@pytest.fixture
def home(furnished: Callable[[], Home], tmp_path: Path) -> Home:
    """A data folder of this test's own; no server runs on it."""
    whole = furnished()
    return Home(Path(shutil.copytree(whole.data, tmp_path / "data")), whole.ada)


@pytest.fixture
def home_server(home: Home) -> Iterator[Server]:
    """A server that runs on `home`."""
    server = Server(home.data)
    server.start()
    yield server
    server.stop()


def new_key(server: Server, person: Person, scope: str = "write") -> str:
    """An API key of a person."""
    body = {"name": "cli", "scope": scope}
    response = httpx.post(f"{server.url}/api/keys", json=body, headers=person.headers, timeout=60)
    assert response.status_code == 201, response.text
    return str(response.json()["key"])


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """A folder with these files."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder
