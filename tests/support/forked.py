"""`mdreader` in processes that need not load it first: each is forked from an interpreter that has, one for each test process.

Loading is most of a start, and the suite starts hundreds. What comes of it is a process as any other: a pid of its own, its own signals,
files and end, and the same `__main__`. What a start loads, and that it can, is shown where processes start from nothing:
tests/http/test_serve.py, tests/unit/test_imports.py. So do those of campaigns and benchmarks: what a server takes is measured there.
"""

import ctypes
import gc
import importlib
import json
import locale
import os
import platform
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

# Before the first fork: what the commands load, at their start or when they come to it.
LOADED: Final = (
    "mdreader.cli.serve",
    "mdreader.cli.bring",
    "mdreader.cli.write_out",
    "mdreader.cli.worker",
    "mdreader.cli.migrate",
    "mdreader.cli.migrate_data",
    "mdreader.adapters.redis_client",
    "mdreader.db.postgres",
    "alembic.command",
    "alembic.script",
    "boto3.session",
    "jwt",
    "uvloop",
)
_BYTES: Final = 1 << 17
_ENCODING: Final = locale.getencoding()
_PR_SET_CHILD_SUBREAPER: Final = 36


def main(channel: socket.socket) -> None:
    """Fork whenever it is asked, until the other end is gone. In what was forked this returns, ready for its `__main__`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which end what they started
    for name in LOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    while True:
        asked, descriptors, *_ = socket.recv_fds(channel, _BYTES, 3)
        if not asked:
            os._exit(0)
        between = os.fork()
        if not between:
            # Whoever forks twice and ends leaves the second to the tests, which then can wait for it.
            if pid := os.fork():
                channel.send(str(pid).encode())
                os._exit(0)
            channel.close()
            _become(json.loads(asked), descriptors)
            return
        for descriptor in descriptors:
            os.close(descriptor)
        os.waitpid(between, 0)
        channel.send(b"yours")


def _become(asked: dict[str, Any], descriptors: list[int]) -> None:
    """The process that was asked for."""
    for standard, descriptor in enumerate(descriptors):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    sys.argv[1:] = asked["arguments"]
    # The template's own are of the kind of what it was started with.
    sys.stdin = open(0, encoding=_ENCODING, closefd=False)  # noqa: SIM115 - as long as the process
    sys.stdout = open(1, "w", encoding=_ENCODING, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, _ENCODING, "backslashreplace", closefd=False)  # noqa: SIM115
    if "PYTHONUNBUFFERED" in asked["environment"]:
        sys.stdout.reconfigure(write_through=True)


class Template:
    """The interpreter that has loaded everything, and is forked; started when the first process is wanted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._libc = ctypes.CDLL(None)
        self._channel: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._channel is not None and self._process is not None:
            self._channel.close()
            self._process.wait()

    def _start(self) -> socket.socket:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                # Not from its folder, where modules are called as the standard library's are.
                [sys.executable, "-P", __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            )
        return self._channel

    def _drop(self) -> None:
        """The next who asks starts another."""
        assert self._channel is not None
        assert self._process is not None
        self._channel.close()
        self._channel = None
        self._process.kill()
        self._process.wait()

    def fork(self, arguments: list[str], environment: dict[str, str], folder: Path, descriptors: list[int]) -> int:
        """The pid of a new `mdreader` with these arguments, a child of this process."""
        asked = {"arguments": arguments, "environment": environment, "folder": str(folder)}
        with self._lock:
            channel = self._channel or self._start()
            self._libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
            try:
                socket.send_fds(channel, [json.dumps(asked).encode()], descriptors)
                pid = channel.recv(_BYTES)
                assert channel.recv(_BYTES) == b"yours"
            except BaseException:  # a test whose time was over: the next one must not get what it asked for
                self._drop()
                raise
            finally:
                self._libc.prctl(_PR_SET_CHILD_SUBREAPER, 0)
        return int(pid)


class Forked(subprocess.Popen[str]):
    """A `Popen` whose process is forked from a template: only how the child comes about differs."""

    def __init__(
        self, template: Template, arguments: list[str], folder: Path, environment: dict[str, str], **pipes: Any
    ) -> None:
        self._template = template
        super().__init__(arguments, cwd=folder, env=environment, text=True, **pipes)

    # Popen's own hook, whose arguments are the same from Python 3.9 on: from the eleventh, three pairs of descriptors.
    def _execute_child(self, args: list[str], *rest: Any) -> None:
        folder, environment = rest[4], rest[5]
        pairs = rest[9:15]
        descriptors = [own if given == -1 else given for own, given in enumerate((pairs[0], pairs[3], pairs[5]))]
        self.pid = self._template.fork(args, environment, folder, descriptors)
        self._child_created = True
        self._close_pipe_fds(*pairs)  # type: ignore[attr-defined]


_templates: list[Template] = []  # one, while processes may be forked


@contextmanager
def forking() -> Iterator[None]:
    """Meanwhile processes are forked: this is a run of the tests, in which nobody measures them."""
    if platform.system() != "Linux":
        yield
        return
    with Template() as template:
        _templates.append(template)
        yield
        _templates.remove(template)


def start_mdreader(
    arguments: list[str], environment: dict[str, str], folder: Path, **pipes: Any
) -> "subprocess.Popen[str]":
    """`mdreader` with these arguments and just this environment; `pipes` are `Popen`'s `stdin`, `stdout` and `stderr`."""
    if not _templates:
        command = [sys.executable, "-m", "mdreader.cli", *arguments]
        return subprocess.Popen(command, cwd=folder, env=environment, text=True, **pipes)
    read_by_python = {name for name in environment if name.startswith("PYTHON")} - {"PYTHONUNBUFFERED"}
    assert not read_by_python, (
        f"{read_by_python} would do nothing: the interpreter runs already. Start one from nothing."
    )
    return Forked(_templates[0], arguments, folder, environment, **pipes)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module("mdreader.cli", run_name="__main__", alter_sys=True)
