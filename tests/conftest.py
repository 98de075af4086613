"""Fixtures for every test: an application in this process, and a real server in another one."""

import os
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import hypothesis
import pytest
import structlog
from fastapi import FastAPI
from httpx import create_ssl_context

from mdreader.bootstrap.database import open_database
from mdreader.db import postgres as database_postgres
from mdreader.db import postgres_address
from mdreader.db.engine import Database, Dialect
from mdreader.features.accounts import passwords
from mdreader.kernel.memory import settle
from mdreader.main import create_app
from mdreader.migrations import upgrade
from mdreader.settings import Settings, load_settings
from support import aws, forked
from support.browser import MISSING, find
from support.cognito import cognito_local
from support.http import connect
from support.postgres import Postgres
from support.redis import RedisServer
from support.redis_cluster import RedisClusterServers
from support.server import Server

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}

# The same examples each time, however slow the machine is: who changes something else must not meet them by chance.
hypothesis.settings.register_profile(
    "repeatable", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("repeatable")


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


@pytest.fixture(scope="session", autouse=True)
def authorities_read_once() -> Iterator[None]:
    """Each client of httpx reads all certificate authorities, which takes 30 ms of CPU: more than what most are made for."""
    made: dict[tuple[object, ...], ssl.SSLContext] = {}

    def once(verify: Any = True, cert: Any = None, *, trust_env: bool = True) -> ssl.SSLContext:
        said = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")) if trust_env else ()
        key = (verify, cert, *said)
        if key not in made:
            made[key] = create_ssl_context(verify, cert, trust_env)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def plain_tracebacks() -> None:
    """As the program's. The pretty ones show every local variable: seconds in which nothing else on the event loop goes on."""
    structlog.dev.ConsoleRenderer.get_active().exception_formatter = structlog.dev.plain_traceback


@pytest.fixture(scope="session", autouse=True)
def forked_processes() -> Iterator[None]:
    """`mdreader` is forked from an interpreter that has loaded it."""
    with forked.forking():
        yield


def pytest_collection_finish() -> None:
    """What was loaded until now stays: a test process that looks through it again and again takes a sixth more CPU."""
    settle()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the developer's shell has set must not decide a test."""
    for field in Settings.model_fields.values():
        monkeypatch.delenv(str(field.validation_alias), raising=False)


@pytest.fixture(autouse=True)
def cheap_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly every test signs people up, and is about something else. Servers in processes of their own hash as they always do."""
    if request.node.get_closest_marker("real_passwords") is None:
        monkeypatch.setattr(passwords, "MEMORY_KIB", 8)
        monkeypatch.setattr(passwords, "PASSES", 1)


@pytest.fixture(autouse=True)
def patient_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that waits long for its PostgreSQL says so instead. Here one that is slow is to be waited for."""
    monkeypatch.setattr(database_postgres, "POOL_SECONDS", 60.0)
    monkeypatch.setattr(postgres_address, "CONNECT_SECONDS", 60.0)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its schema, to copy: building one takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "mdreader.sqlite3"
    upgrade(path)
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL of this test process. Tests that stop it make one of their own."""
    with Postgres() as made:
        yield made


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """`DATABASE_URL` of a PostgreSQL database with its schema that is this test's own."""
    url = postgres.new_database()
    yield url
    postgres.drop(url)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Each test that touches the database runs on both."""
    return cast("Dialect", request.param)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave a test that is about SQLite's own files out on PostgreSQL."""
    left_out = []
    for item in items:
        mark = item.get_closest_marker("sqlite_only")
        if mark is None or not isinstance(item, pytest.Function):
            continue
        assert mark.args, f"{item.nodeid}: say why it is for SQLite alone: sqlite_only('...')"
        if hasattr(item, "callspec") and item.callspec.params.get("dialect") == "postgresql":
            left_out.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def settings(tmp_path: Path, dialect: Dialect, request: pytest.FixtureRequest) -> Settings:
    """Settings with a data folder and a database of this test's own."""
    data = tmp_path / "data"
    data.mkdir()
    if dialect == "postgresql":
        url = request.getfixturevalue("postgres_url")
        return load_settings(data=data, host="127.0.0.1", port=0, database_url=url)
    empty_database = request.getfixturevalue("empty_database")
    shutil.copy(empty_database, data / empty_database.name)
    return load_settings(data=data, host="127.0.0.1", port=0)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The database alone, with its schema and nothing in it."""
    async with open_database(settings, migrate=False) as made:
        yield made


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
def aws_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that an SDK asks the environment for."""
    for name, value in aws.CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def aws_endpoint(moto: str, aws_credentials: None) -> Iterator[str]:
    """The address of an AWS with nothing in it."""
    yield moto
    aws.forget_everything(moto)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A real Redis of this test process; `redis_server.new_url()` is a database of a test's own."""
    made = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield made
    made.kill()


@pytest.fixture(scope="session")
def redis_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisClusterServers]:
    """A real Redis in cluster mode; each test that uses it empties it first."""
    made = RedisClusterServers(tmp_path_factory.mktemp("redis-cluster"))
    try:
        yield made.start()
    finally:
        made.kill()


@pytest.fixture(scope="session")
def new_server(dialect: Dialect, request: pytest.FixtureRequest) -> Callable[[Path], Server]:
    """Makes a server, not started, with a data folder and a database of its own."""

    def make(data: Path) -> Server:
        if dialect == "sqlite":
            return Server(data)
        postgres: Postgres = request.getfixturevalue("postgres")
        return Server(data, DATABASE_URL=postgres.new_database())

    return make


@pytest.fixture(scope="session")
def cognito(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of cognito-local; see `support.cognito.new_pool`, which needs `aws_credentials`."""
    with cognito_local(tmp_path_factory.mktemp("cognito")) as endpoint:
        yield endpoint


@pytest.fixture
def server(tmp_path: Path, new_server: Callable[[Path], Server]) -> Iterator[Server]:
    """`mdreader serve` in a process of its own, listening."""
    made = new_server(tmp_path / "server-data")
    made.start()
    yield made
    made.stop()
