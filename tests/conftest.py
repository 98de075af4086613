"""Fixtures for every test: an application in this process, and a real server in another one."""

import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from mdreader.main import create_app
from mdreader.migrations import upgrade
from mdreader.settings import Settings, load_settings
from support import aws
from support.browser import MISSING, find
from support.http import connect
from support.server import Server

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """No test may reach another machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in _LOOPBACK:
            raise RuntimeError(f"A test tried to reach {address[0]}: only this machine is allowed.")
        real(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the developer's shell has set must not decide a test."""
    for field in Settings.model_fields.values():
        monkeypatch.delenv(str(field.validation_alias), raising=False)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its schema, to copy: building one takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "mdreader.sqlite3"
    upgrade(path)
    return path


@pytest.fixture
def settings(tmp_path: Path, empty_database: Path) -> Settings:
    """Settings with a data folder of this test's own."""
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(empty_database, data / empty_database.name)
    return load_settings(data=data, host="127.0.0.1", port=0)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application, started; its runtime is `app.state.runtime`."""
    made = create_app(settings)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client without credentials on `app`; `support.http.connect(app)` makes more."""
    async with connect(app) as made:
        yield made


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a browser. Its absence is an error: a skipped test is one that nobody misses."""
    found = find()
    assert found is not None, MISSING
    return found


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The address of moto's server, which stands for AWS; see `aws_endpoint`."""
    with aws.moto_server() as endpoint:
        yield endpoint


@pytest.fixture
def aws_endpoint(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an AWS with nothing in it, and the credentials that an SDK asks the environment for."""
    for name, value in aws.CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    yield moto
    aws.forget_everything(moto)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """`mdreader serve` in a process of its own, listening."""
    made = Server(tmp_path / "server-data")
    made.start()
    yield made
    made.stop()
